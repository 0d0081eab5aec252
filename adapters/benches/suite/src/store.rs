//! Stores to measure on, which touch nothing of the user's: the two files of a user that lie outside of every store are the
//! suite's own.

use std::fs::{self, File};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::time::Duration;

use credlatch::core::Event;
use credlatch::core::engine::Engine;
use credlatch::core::name::ProfileName;
use credlatch::core::port::Ports;
use credlatch::core::put::{Put, PutMode};
use credlatch::core::state::{Material, Source};
use credlatch::file::FileStore;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};
use credlatch::{Builder, Label, Latch, Secret, Tokens};

use crate::Failure;

/// Who holds the keys.
pub const PROVIDER: &str = "minimax";
/// Who holds the logins.
pub const LOGIN: &str = "openai-codex";

const PROVIDERS: [&str; 10] =
    [PROVIDER, "anthropic", "openai", "openrouter", "gemini", "xai", "deepseek", "moonshot", "groq", "mistral"];

/// A home, with the user's two files beside it.
pub fn builder(home: &Path) -> Builder {
    let beside = home.with_extension("state");
    Latch::builder()
        .home(home)
        .claims(beside.join("claims"))
        .fingerprint_key(beside.join("key"))
        .seal_keys(beside.join("seals"))
}

/// A profile of a home.
pub fn open(home: &Path, profile: &str) -> Result<Latch, Failure> {
    Ok(builder(home).profile(ProfileName::new(profile)?).open()?)
}

/// A file of a profile.
pub fn file(home: &Path, profile: &str, kind: &str) -> std::path::PathBuf {
    home.join(format!("profiles/{profile}.{kind}"))
}

/// A key by its number; all have the same length.
pub fn key(number: usize) -> Secret {
    secret(&format!("mm-{number:040}"))
}

/// A secret of the suite's making.
pub fn secret(text: &str) -> Secret {
    Secret::try_from(text).expect("the suite makes secrets of plain letters")
}

/// A login of ordinary size, far from its end.
pub fn tokens() -> Tokens {
    Tokens::new(secret(&"access-".repeat(64)))
        .with_refresh(secret(&"refresh-".repeat(16)))
        .expiring_in(Duration::from_secs(86_400))
}

/// The profile that most is measured on: a key and a login.
pub fn ordinary(home: &Path, profile: &str) -> Result<Latch, Failure> {
    let latch = open(home, profile)?;
    latch.set(PROVIDER, key(0))?;
    let _ = latch.set_tokens(LOGIN, &Label::default(), tokens())?;
    Ok(latch)
}

/// Stores so many keys in one commit. The library's face sets one at a time.
pub fn fill(home: &Path, profile: &str, entries: usize) -> Result<(), Failure> {
    let table = Latch::in_memory();
    let put = |at: usize| -> Result<Event, Failure> {
        Ok(Event::Put(Put {
            provider: table.provider(PROVIDERS[at % PROVIDERS.len()])?.id.clone(),
            label: if at < PROVIDERS.len() { Label::default() } else { Label::new(&format!("label-{at}"))? },
            material: Material::ApiKey(key(at)),
            source: Source::Manual,
            how: PutMode::Named,
        }))
    };
    let events = (0..entries).map(put).collect::<Result<Vec<_>, _>>()?;
    let store = FileStore::new(home, &ProfileName::new(profile)?);
    Engine::<Files>::new(store, SystemClock, SystemNonces, 30_000).transact(&events)?;
    Ok(())
}

/// The least that a durable change can be: write beside, sync, rename, sync the directory; no lock, no check.
pub fn replace(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = folder.join("document.tmp");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join("document.json"))?;
    File::open(folder)?.sync_all()
}

/// The least that it takes to see what a document says.
pub fn read_and_parse(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

struct Files(PhantomData<()>);

impl Ports for Files {
    type Seam = ParkingLot;
    type Store = FileStore;
    type Clock = SystemClock;
    type Nonces = SystemNonces;
}
