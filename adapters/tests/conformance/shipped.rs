//! The stores that ship keep states, not bytes. Behind this adapter, which writes bytes into a state's one key, the same suite
//! looks at them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use credlatch::conformance::{Clause, Suite};
use credlatch::core::name::{Label, ProviderId};
use credlatch::core::port::{self, Alive, Clock, Left, Locked, Store};
use credlatch::core::put::{Put, PutMode};
use credlatch::core::rotation::Fresh;
use credlatch::core::state::{Actor, Claim, Material, Nonce, Source, State};
use credlatch::core::{Event, apply};
use credlatch::file::FileStore;
use credlatch::memory::MemoryStore;
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, StoreError, StoreErrorKind,
    StoreHome, Stored,
};
use credlatch::system::SystemClock;
use credlatch::{Profile, Secret};
use parking_lot::Mutex;

use crate::assert_kept;

/// What a state's key can hold, as hexadecimal digits.
const LARGEST: usize = 16 * 1024;

/// Who acts under a name of the suite's, and what they noted: a store of states names its acts itself, and tells of a note only
/// whose it is, and only if nothing better is known.
static ACTS: LazyLock<Mutex<BTreeMap<ActId, Known>>> = LazyLock::new(Mutex::default);

type Known = (Actor, Option<Vec<u8>>);

struct Home<F>(F);

impl<S: Store + 'static, F: Fn(&Profile) -> S + Send + Sync> StoreHome for Home<F> {
    fn store(&self, profile: &Profile) -> Result<Arc<dyn ByteStore>, StoreError> {
        Ok(Arc::new(OverStates((self.0)(profile), profile.clone())))
    }
}

struct OverStates<S>(S, Profile);

fn minimax() -> ProviderId {
    ProviderId::new("minimax").unwrap()
}

/// The commit that is written in a state.
fn bytes_in(state: &State) -> Option<Stored> {
    let Material::ApiKey(key) = &state.entry("minimax", "default")?.material else { return None };
    let digits = key.expose_secret();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let id = CommitId::new(u64::from_str_radix(&digits[..16], 16).unwrap()).unwrap();
    let document: Vec<u8> = (16..digits.len()).step_by(2).map(byte).collect();
    Some(Stored { id, document: document.into() })
}

/// The state with a commit written in it.
fn state_with(state: &State, commit: &Commit<'_>) -> State {
    let mut digits = format!("{:016x}", commit.id.get());
    for byte in commit.document.iter() {
        write!(digits, "{byte:02x}").unwrap();
    }
    let key = Secret::try_from(digits.as_str()).unwrap();
    let put = Put {
        provider: minimax(),
        label: Label::default(),
        material: Material::ApiKey(key),
        source: Source::Manual,
        how: PutMode::Named,
    };
    let state = apply(state, &SystemClock.now(), &Event::Put(put)).state;
    State { generation: state.generation + 1, ..state }
}

impl<S: Store + 'static> ByteStore for OverStates<S> {
    fn name(&self) -> String {
        format!("a store that ships, profile {}", self.1)
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        // The word is that of the state; whose commit that is stands in it.
        let Some(word) = self.0.word()? else { return Ok(None) };
        let loaded = self.0.load()?;
        Ok(bytes_in(&loaded.state).filter(|_| loaded.id == Some(word)).map(|stored| stored.id))
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        Ok(bytes_in(&self.0.load()?.state))
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap();
        Ok(Box::new(LockedStates(self.0.lock(patience_ms)?)))
    }

    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        let (alive, _reservation) = self.0.begin_act(bytes)?;
        ACTS.lock().insert(act, (alive.actor().clone(), None));
        Ok(Box::new(Guard { alive, act }))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        let Some((actor, noted)) = ACTS.lock().get(&act).cloned() else { return Ok(None) };
        let is_alive = self.0.is_alive(&actor)?;
        let claim = Claim { attempt: Nonce(act.0), actor, at: SystemClock.now(), doubt: None };
        let record = |note, answer| Some(ActRecord { is_alive, note, answer });
        Ok(match self.0.left(&claim)? {
            Left::Answer(answer) => record(noted, Some(answer.fresh.access.expose_secret().as_bytes().to_vec().into())),
            Left::NoNote => record(None, None),
            Left::Going | Left::MaybeSent { noted: Some(_) } => record(noted, None),
            Left::MaybeSent { noted: None } => None,
        })
    }
}

struct LockedStates<L>(L);

impl<L: Locked> LockedStore for LockedStates<L> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        Ok(bytes_in(&self.0.load()?.state))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let loaded = self.0.load().map_err(CommitError::NotSaved)?;
        if bytes_in(&loaded.state).map(|stored| stored.id) != commit.replaces {
            let error = StoreError::new(StoreErrorKind::Busy, "another commit stands", "try again");
            return Err(CommitError::NotSaved(error));
        }
        self.0.commit(&state_with(&loaded.state, commit), None).map(drop)
    }
}

struct Guard<A> {
    alive: A,
    act: ActId,
}

impl<A: Alive> ActGuard for Guard<A> {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        if let Some((_, noted)) = ACTS.lock().get_mut(&self.act) {
            *noted = Some(note.to_vec());
        }
        self.alive.note(Nonce(self.act.0))
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        let access = Secret::try_from(std::str::from_utf8(answer).unwrap()).unwrap();
        let fresh = Fresh { access, refresh: None, expires_in_ms: None, scopes: None };
        let (provider, received) = (minimax(), SystemClock.now());
        let attempt = Nonce(self.act.0);
        self.alive.write_down(&port::Answer { attempt, provider, label: None, received, fresh, origins: None })
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.alive.sync()
    }

    fn wipe(&self) {
        self.alive.wipe();
    }

    fn discard(self: Box<Self>) {
        self.alive.discard();
    }
}

/// What the suite can't bring about behind the adapter, and what a state says of its own acts: it names those of its claims.
const NOT_ASKED: [Clause; 9] = [
    Clause::Listed,
    Clause::KeepsNamed,
    Clause::ReservationHolds,
    Clause::NotSaved,
    Clause::UnknownSettles,
    Clause::Troubles,
    Clause::CopyIsTold,
    Clause::Processes,
    Clause::EndsWithProcess,
];

fn over<S: Store + 'static>(open: impl Fn(&Profile) -> S + Send + Sync + Clone + 'static) -> Suite<'static> {
    Suite::new(move || Arc::new(Home(open.clone())) as Arc<dyn StoreHome>).largest(LARGEST).without(Clause::KeepsNamed)
}

#[test]
fn the_file_store_keeps_the_contract() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().to_owned();
    assert_kept(&over(move |profile: &Profile| FileStore::new(&home, profile)).run(), &NOT_ASKED);
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    let stores: Arc<Mutex<BTreeMap<Profile, MemoryStore>>> = Arc::default();
    let open = move |profile: &Profile| stores.lock().entry(profile.clone()).or_default().clone();
    // It keeps nothing beside a sign of life, because it ends with its process; and it says so of its actors.
    let suite = over(open).without(Clause::Note).without(Clause::Answer);
    let not_asked = [&[Clause::Listed, Clause::Note, Clause::Answer], &NOT_ASKED[1..]].concat();
    assert_kept(&suite.run(), &not_asked);
}

#[test]
fn the_store_of_hermes_keeps_the_contract() {
    use credlatch::Table;
    use credlatch_hermes::HermesStore;

    let place = tempfile::tempdir().unwrap();
    let home = place.path().to_owned();
    let open = move |profile: &Profile| {
        let folder: &Path = &home.join(profile.as_str());
        std::fs::create_dir_all(folder).unwrap();
        let row = serde_json::from_str(r#"{"id":"minimax"}"#).unwrap();
        HermesStore::new(&folder.join("auth.json"), Arc::new(Table::new(vec![row]).unwrap())).unwrap()
    };
    assert_kept(&over(open).run(), &NOT_ASKED);
}
