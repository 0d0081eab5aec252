//! A seal's key in the system's key store, over keyring-core's own store in memory: what is made there, and what is told where the store
//! gives nothing. `adapters/cli/tests/login/key_store.rs` does the same with a real one.

use std::any::Any;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credlatch::{Builder, ErrorKind, Latch, SealKeySource, Secret};
use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialPersistence, Entry, Error, mock};
use tempfile::TempDir;

const SERVICE: &str = "credlatch-seal-key";

/// How a store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Open,
    /// It takes its time, so that others come in between.
    Slow,
    Locked,
    /// It shows nothing until somebody writes, who has it opened for that.
    Hidden,
    Broken,
    Ambiguous,
}

/// Keyring-core's store in memory, said to last, in a mood.
#[derive(Clone)]
struct Desk {
    store: Arc<mock::Store>,
    mood: Arc<Mutex<Mood>>,
    writes: Arc<AtomicUsize>,
}

struct Drawer {
    desk: Desk,
    entry: Entry,
    service: String,
}

impl Desk {
    fn new() -> Self {
        Self { store: mock::Store::new().unwrap(), mood: Arc::new(Mutex::new(Mood::Open)), writes: Arc::default() }
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What is in an entry of it, past its mood.
    fn entry(&self, name: &str) -> Entry {
        self.store.build(SERVICE, name, None).unwrap()
    }
}

impl CredentialStoreApi for Desk {
    fn vendor(&self) -> String {
        "tests".to_owned()
    }

    fn id(&self) -> String {
        self.vendor()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<Entry> {
        let (entry, service) = (self.store.build(service, user, None)?, service.to_owned());
        Ok(Entry::new_with_credential(Arc::new(Drawer { desk: self.clone(), entry, service })))
    }

    fn persistence(&self) -> CredentialPersistence {
        CredentialPersistence::UntilDelete
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

impl Drawer {
    fn answer<T>(
        &self,
        is_write: bool,
        of_entry: impl FnOnce(&Entry) -> keyring_core::Result<T>,
    ) -> keyring_core::Result<T> {
        match self.desk.mood() {
            Mood::Hidden if is_write => self.desk.be(Mood::Open),
            Mood::Hidden => return Err(Error::NoEntry),
            Mood::Locked => return Err(Error::NoStorageAccess("the prompt was dismissed".into())),
            Mood::Broken => return Err(Error::PlatformFailure("no bus".into())),
            Mood::Ambiguous => return Err(Error::Ambiguous(vec![self.desk.entry("one"), self.desk.entry("two")])),
            Mood::Slow => std::thread::sleep(Duration::from_millis(50)),
            Mood::Open => {}
        }
        of_entry(&self.entry)
    }
}

impl CredentialApi for Drawer {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        if self.service == SERVICE {
            self.desk.writes.fetch_add(1, Ordering::Relaxed);
        }
        self.answer(true, |entry| entry.set_secret(secret))
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.answer(false, Entry::get_secret)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.answer(true, Entry::delete_credential)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.entry.get_specifiers()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Drawer")
    }
}

/// A home with a key stored in it, and a key store.
struct Place {
    folder: TempDir,
    desk: Desk,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), desk: Desk::new() };
        place.builder("store").open().unwrap().set("minimax", Secret::try_from("mm-key").unwrap()).unwrap();
        place
    }

    /// What opens a home, and leaves nothing in this user's own files.
    fn bare(&self, home: &str) -> Builder {
        let none = self.folder.path().join("none");
        let builder = Latch::builder().home(self.folder.path().join(home));
        builder.claims(none.join("claims")).fingerprint_key(none.join("key")).seal_keys(none.join("seals"))
    }

    fn builder(&self, home: &str) -> Builder {
        self.bare(home).key_store(Arc::new(self.desk.clone()))
    }

    fn document(&self) -> PathBuf {
        self.folder.path().join("store/profiles/default.json")
    }

    fn read(&self) -> Result<String, credlatch::Error> {
        let latch = self.builder("store").open().unwrap();
        latch.current("minimax").map(|key| key.expose_secret().to_owned())
    }
}

fn work() -> SealKeySource {
    SealKeySource::KeyStore("work".to_owned())
}

#[test]
fn a_key_is_made_in_a_key_store_and_found_there_again() {
    let place = Place::new();
    assert_eq!(place.builder("store").seal(&work()).unwrap().len(), 1);
    let kept = place.desk.entry("work").get_password().unwrap();
    assert_eq!((kept.len(), kept.bytes().all(|digit| digit.is_ascii_hexdigit())), (64, true));
    assert!(fs::read(place.document()).unwrap().starts_with(br#"{"version":3"#));
    assert_eq!(place.read().unwrap(), "mm-key", "where it is was remembered");
    let told = place.builder("store").seal_keys("").seal_key(work()).open().unwrap();
    assert!(told.current("minimax").is_ok());
    // What is there serves another home, and what only showed whether the store is open is gone.
    place.builder("other").seal(&work()).unwrap();
    assert_eq!(
        (place.desk.entry("work").get_password().unwrap(), place.desk.writes.load(Ordering::Relaxed)),
        (kept, 1)
    );
    assert_eq!(
        place.desk.store.search(&HashMap::new()).unwrap().iter().filter(|entry| entry.get_secret().is_ok()).count(),
        1
    );
    // Away from it: another entry, and a file.
    place.builder("store").rekey(&SealKeySource::KeyStore("new".to_owned())).unwrap();
    assert_eq!(place.read().unwrap(), "mm-key");
    place.builder("store").rekey(&SealKeySource::file(place.folder.path().join("seal.key"))).unwrap();
    place.desk.be(Mood::Broken);
    assert_eq!(place.read().unwrap(), "mm-key");
}

#[test]
fn a_key_store_that_gives_no_key_is_told_and_nothing_is_changed() {
    let place = Place::new();
    place.builder("store").seal(&work()).unwrap();
    let (before, kept) = (fs::read(place.document()).unwrap(), place.desk.entry("work").get_password().unwrap());
    let tried = |said: &str| {
        let latch = place.builder("store").open().unwrap();
        for error in [
            latch.current("minimax").map(drop).unwrap_err(),
            latch.set("minimax", Secret::try_from("mm-other").unwrap()).map(drop).unwrap_err(),
            latch.clear("minimax").map(drop).unwrap_err(),
            place.builder("store").unseal().map(drop).unwrap_err(),
            place.builder("store").seal(&work()).map(drop).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.kind().exit_status()), (ErrorKind::Sealed, 9), "{error}");
            assert!(error.to_string().contains(said), "{said}: {error}");
        }
        assert_eq!(fs::read(place.document()).unwrap(), before);
    };
    for (mood, said) in [
        (Mood::Locked, "the key store is locked: the prompt was dismissed"),
        (Mood::Hidden, "the seal's key is not at hand: the key store has no entry `work` of credlatch-seal-key"),
        (Mood::Broken, "the key store can't be asked: Platform failure: no bus"),
        (Mood::Ambiguous, "the key store has 2 entries of that name"),
    ] {
        place.desk.be(mood);
        tried(said);
        assert_eq!(place.desk.mood(), mood, "nothing was written");
    }
    place.desk.be(Mood::Open);
    assert_eq!(place.desk.entry("work").get_password().unwrap(), kept);
    for (text, said) in [("hello", "is no key"), (&*"00".repeat(32), "is sealed with")] {
        place.desk.entry("work").set_password(text).unwrap();
        tried(said);
        assert_eq!(place.desk.entry("work").get_password().unwrap(), text);
    }
    place.desk.entry("work").set_password(&kept).unwrap();
    assert_eq!(place.read().unwrap(), "mm-key");
}

#[test]
fn no_key_is_made_over_what_a_locked_store_does_not_show() {
    let place = Place::new();
    place.desk.entry("work").set_password(&"5a".repeat(32)).unwrap();
    place.desk.be(Mood::Hidden);
    place.builder("store").seal(&work()).unwrap();
    assert_eq!(place.desk.entry("work").get_password().unwrap(), "5a".repeat(32));
    assert_eq!(place.read().unwrap(), "mm-key");
    for (mood, text) in [(Mood::Locked, None), (Mood::Broken, None), (Mood::Open, Some("hello"))] {
        let place = Place::new();
        if let Some(text) = text {
            place.desk.entry("work").set_password(text).unwrap();
        }
        place.desk.be(mood);
        assert_eq!(place.builder("store").seal(&work()).unwrap_err().kind(), ErrorKind::Sealed, "{mood:?}");
        place.desk.be(Mood::Open);
        assert_eq!(place.desk.entry("work").get_password().ok().as_deref(), text);
        assert_eq!(place.read().unwrap(), "mm-key", "it is plain text as before");
    }
}

#[test]
fn a_key_is_made_only_where_it_lasts_and_by_one_alone() {
    let place = Place::new();
    let forgetful = place.bare("store").key_store(mock::Store::new().unwrap());
    let error = forgetful.seal(&work()).unwrap_err();
    assert!(error.to_string().contains("forgets its entries at the end of this program"), "{error}");
    let error = place.builder("store").seal_keys("").seal(&work()).unwrap_err();
    assert!(
        error.to_string().contains("no key is made in a key store without the file of CREDLATCH_SEAL_KEYS"),
        "{error}"
    );
    assert_eq!((place.read().unwrap(), place.desk.writes.load(Ordering::Relaxed)), ("mm-key".to_owned(), 0));
    place.desk.be(Mood::Slow);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let builder = place.builder(&format!("store-{number}"));
            scope.spawn(move || builder.seal(&work()).unwrap());
        }
    });
    assert_eq!(place.desk.writes.load(Ordering::Relaxed), 1, "the others found what the first one made");
}

#[test]
fn a_program_without_a_key_store_says_so_and_keyring_core_s_default_serves() {
    let place = Place::new();
    let error = place.bare("store").seal(&work()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sealed);
    assert!(error.to_string().contains("this program has no key store"), "{error}");
    keyring_core::set_default_store(Arc::new(place.desk.clone()));
    let sealed = place.bare("store").seal(&work());
    keyring_core::unset_default_store();
    assert_eq!(sealed.unwrap().len(), 1);
    assert_eq!(place.read().unwrap(), "mm-key");
}
