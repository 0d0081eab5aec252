//! The home on a real file system, who changes it, and what is written down of that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use credlatch::core::port::{Clock as _, CommitError, Locked as _, Store as _, StoreError};
use credlatch::core::put::{Put, PutMode};
use credlatch::file::FileStore;
use credlatch::seal::{Keys, Sealing};
use credlatch::system::SystemClock;
use credlatch::{Latch, Profile, SealKeySource, Secret};
use credlatch_core::law::{Fact, Trace};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::state::{Material, Nonce, Source, State};
use credlatch_core::{Event, apply};
use serde_json::Value;
use tempfile::TempDir;

use super::{Forgery, Has, Move, Place};

/// What those with the key store and are granted.
const SECRETS: [&str; 2] = ["our-key-", "our-token-"];
const KEY: [u8; 32] = [0x5a; 32];
const ANOTHER_KEY: [u8; 32] = [0x5b; 32];
/// With which a stranger seals.
const STRANGERS_KEY: [u8; 32] = [0x5c; 32];
/// How long a lock is waited for: nobody else has it.
const PATIENCE_MS: u64 = 5_000;

/// How documents and answers are sealed. What isn't said otherwise is what ships.
pub trait Seals {
    /// That of a profile of a home.
    fn sealing(&self, keys: &Arc<Keys>, profile: &str, home: &Path) -> Sealing {
        Sealing::new(Arc::clone(keys), profile, Some(home))
    }

    /// What is left beside a document that said this before it was replaced.
    fn backup(&self, _content: &str) -> Option<String> {
        None
    }

    /// The answer to an act as it is written down.
    fn write_answer(&self, sealing: &Sealing, attempt: Nonce, answer: &[u8]) -> Vec<u8> {
        sealing.write_answer(attempt, answer.to_vec().into()).map(|sealed| sealed.to_vec()).unwrap_or_default()
    }

    /// What was granted, if it is an answer to this act.
    fn read_answer(&self, sealing: &Sealing, attempt: Nonce, bytes: &[u8]) -> Option<Vec<u8>> {
        sealing.read_answer(attempt, bytes).ok().flatten().map(|opened| opened.to_vec())
    }
}

/// As it ships.
pub struct Right;

impl Seals for Right {}

/// Homes to begin with, and to take forged documents from.
struct Templates {
    _place: TempDir,
    sealed: PathBuf,
    plain_text: PathBuf,
    strangers: PathBuf,
}

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    let place = TempDir::new().expect("a directory");
    let [sealed, plain_text, strangers] = ["sealed", "plain", "strangers"].map(|name| place.path().join(name));
    let key = place.path().join("key");
    fs::write(&key, "5a".repeat(KEY.len())).expect("a key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a key that nobody else may read");
    for at in Place::ALL {
        let store = |home: &Path| FileStore::new(home, &profile(at));
        let foreign = || Sealing::new(Keys::of(STRANGERS_KEY), at.profile(), None);
        set(&store(&sealed), "our-key-at-first").expect("a document");
        set(&store(&plain_text), "forged").expect("a document in plain text");
        set(&store(&strangers).sealing(foreign()), "forged").expect("one that a stranger sealed");
    }
    let none = place.path().join("none");
    let builder = Latch::builder().home(&sealed).claims(none.join("claims")).fingerprint_key(none.join("key"));
    builder.seal_keys(none.join("seals")).seal(&SealKeySource::file(key)).expect("a sealed home");
    Templates { _place: place, sealed, plain_text, strangers }
});

fn profile(place: Place) -> Profile {
    Profile::new(place.profile()).expect("a profile")
}

fn document(home: &Path, place: Place) -> PathBuf {
    home.join("profiles").join(format!("{}.json", place.profile()))
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}

/// Stores a key of a provider, and tells what is stored then.
fn set(store: &FileStore, secret: &str) -> Result<State, StoreError> {
    let mut locked = store.lock(PATIENCE_MS)?;
    let state = locked.load()?.state;
    let put = Put {
        provider: ProviderId::new("minimax").expect("a provider"),
        label: Label::default(),
        material: Material::ApiKey(Secret::try_from(secret).expect("a key")),
        source: Source::Manual,
        how: PutMode::Named,
    };
    let state = apply(&state, &SystemClock.now(), &Event::Put(put)).state;
    let state = State { generation: state.generation + 1, ..state };
    locked.commit(&state, None).map_err(|error| match error {
        CommitError::NotSaved(error) | CommitError::Unknown(error) => error,
    })?;
    Ok(state)
}

/// What a state says, as far as it makes a difference here.
fn content(state: &State) -> String {
    let mut text = state.generation.to_string();
    for entry in state.providers.values().flat_map(|slot| &slot.entries) {
        if let Material::ApiKey(key) = &entry.material {
            let _ = write!(text, " {}", key.expose_secret());
        }
    }
    text
}

pub(super) struct World<'a> {
    seals: &'a dyn Seals,
    place: TempDir,
    /// What was sealed for each place, in its order.
    older: BTreeMap<Place, Vec<Vec<u8>>>,
    count: u32,
    facts: Vec<Fact>,
}

impl<'a> World<'a> {
    pub(super) fn new(seals: &'a dyn Seals) -> Self {
        let place = TempDir::new().expect("a directory");
        let mut world = Self { seals, place, older: BTreeMap::new(), count: 0, facts: Vec::new() };
        let home = world.home();
        fs::DirBuilder::new().mode(0o700).create(&home).expect("a home");
        fs::copy(TEMPLATES.sealed.join("seal.json"), home.join("seal.json")).expect("its mark");
        for at in Place::ALL {
            // Each way to seal seals for itself.
            world.make(Move::Set(at));
        }
        assert!(world.facts.iter().all(|fact| matches!(fact, Fact::Sealed { .. })), "{:?}", world.facts);
        world
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn answer(&self, act: u8) -> PathBuf {
        self.place.path().join(format!("home/answer-{act}"))
    }

    fn sealing(&self, place: Place, keys: &Arc<Keys>) -> Sealing {
        self.seals.sealing(keys, place.profile(), &self.home())
    }

    fn store(&self, place: Place, keys: &Arc<Keys>) -> FileStore {
        FileStore::new(&self.home(), &profile(place)).sealing(self.sealing(place, keys))
    }

    fn next(&mut self, what: &str) -> String {
        self.count += 1;
        format!("our-{what}-{}", self.count)
    }

    /// Writes down what came of a look at a place.
    fn saw(&mut self, place: String, content: Option<String>) {
        self.facts.push(match content {
            Some(content) => Fact::Opened { place, content },
            None => Fact::Unopened { place },
        });
    }

    pub(super) fn make(&mut self, made: Move) {
        match made {
            Move::Set(place) => self.set(place),
            Move::WriteAnswer(place, act) => self.write_answer(place, act),
            Move::Forge(place, forgery) => {
                if let Some(bytes) = self.forged(place, forgery) {
                    self.forge(&document(&self.home(), place), place.profile().to_owned(), &bytes);
                }
            }
            Move::ForgeAnswer(act, of) => {
                let bytes = of.map_or_else(|| b"forged".to_vec(), |of| read(&self.answer(of)));
                self.forge(&self.answer(act), answer_to(act), &bytes);
            }
            Move::Look(place, has) => {
                let keys = match has {
                    Has::Key => Keys::of(KEY),
                    Has::Nothing => Arc::default(),
                    Has::AnotherKey => Keys::of(ANOTHER_KEY),
                };
                let loaded = self.store(place, &keys).load().ok();
                self.saw(place.profile().to_owned(), loaded.map(|loaded| content(&loaded.state)));
            }
            Move::LookAtAnswer(place, act) => self.look_at_answer(place, act),
        }
    }

    fn set(&mut self, place: Place) {
        let store = self.store(place, &Keys::of(KEY));
        let before = store.load();
        let secret = self.next("key");
        let name = place.profile().to_owned();
        let Ok(state) = before.and_then(|before| Ok((before, set(&store, &secret)?))).map(|(before, state)| {
            let backup = self.seals.backup(&content(&before.state));
            backup.map_or(Ok(()), |text| fs::write(self.home().join("backup"), text)).expect("a copy of it");
            state
        }) else {
            return self.saw(name, None);
        };
        let sealed = read(&document(&self.home(), place));
        self.older.entry(place).or_default().push(sealed);
        self.facts.push(Fact::Sealed { place: name, content: content(&state) });
    }

    /// What everybody with the key has seen of a document before an answer is written or read: none if it can't be opened.
    fn opened(&self, place: Place) -> Option<Sealing> {
        let sealing = self.sealing(place, &Keys::of(KEY));
        sealing.state(&read(&document(&self.home(), place)))?;
        Some(sealing)
    }

    fn write_answer(&mut self, place: Place, act: u8) {
        let Some(sealing) = self.opened(place) else { return self.saw(place.profile().to_owned(), None) };
        let token = self.next("token");
        let bytes = self.seals.write_answer(&sealing, Nonce(act.into()), token.as_bytes());
        fs::write(self.answer(act), bytes).expect("an answer");
        self.facts.push(Fact::Sealed { place: answer_to(act), content: token });
    }

    fn look_at_answer(&mut self, place: Place, act: u8) {
        let Ok(bytes) = fs::read(self.answer(act)) else { return };
        let Some(sealing) = self.opened(place) else { return self.saw(place.profile().to_owned(), None) };
        let granted = self.seals.read_answer(&sealing, Nonce(act.into()), &bytes);
        self.saw(answer_to(act), granted.map(|granted| String::from_utf8_lossy(&granted).into_owned()));
    }

    fn forge(&mut self, at: &Path, place: String, bytes: &[u8]) {
        fs::write(at, bytes).expect("a forgery");
        self.facts.push(Fact::Forged { place });
    }

    /// The bytes of a forgery; none if there is nothing to make it of.
    fn forged(&self, place: Place, forgery: Forgery) -> Option<Vec<u8>> {
        let mut standing = read(&document(&self.home(), place));
        let older = |number: usize| self.older.get(&place).and_then(|all| all.get(number % all.len()));
        Some(match forgery {
            Forgery::PlainText => read(&document(&TEMPLATES.plain_text, place)),
            Forgery::StrangersKey => read(&document(&TEMPLATES.strangers, place)),
            Forgery::OtherProfile => read(&document(&self.home(), place.other())),
            Forgery::Older(number) => older(number)?.clone(),
            Forgery::OlderBody(number) => {
                let [mut there, older] =
                    [serde_json::from_slice::<Value>(&standing), serde_json::from_slice(older(number)?)]
                        .map(Result::unwrap_or_default);
                for field in ["salt", "document"] {
                    *there.as_object_mut()?.get_mut(field)? = older.get(field)?.clone();
                }
                serde_json::to_vec(&there).ok()?
            }
            Forgery::Flipped(number) => {
                let bits = standing.len().checked_mul(8).filter(|bits| *bits > 0)?;
                standing[number % bits / 8] ^= 1 << (number % 8);
                standing
            }
            Forgery::Cut(number) => {
                standing.truncate(number % standing.len().max(1));
                standing
            }
        })
    }

    /// Anybody reads all that lies there.
    pub(super) fn look_at_the_disk(&mut self) {
        for path in files(self.place.path()) {
            let text = String::from_utf8_lossy(&read(&path)).into_owned();
            self.facts.push(Fact::Left { text, secrets: SECRETS.map(str::to_owned).to_vec() });
        }
    }

    pub(super) fn into_trace(self) -> Trace {
        Trace(self.facts)
    }
}

fn answer_to(act: u8) -> String {
    format!("the answer to act {act}")
}

/// Every file below a directory.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
