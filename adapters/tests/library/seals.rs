//! A sealed store as a program uses it: what is on the disk, and what is told where the key isn't at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use credlatch::{Builder, ErrorKind, Latch, Profile, SealKeySource, Secret};
use tempfile::TempDir;

/// A home with two profiles, and a place for keys beside it.
pub(crate) struct Place(pub(crate) TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (profile, secret) in [("work", "mm-key-of-work"), ("home", "mm-key-of-home")] {
            place.open(profile, None).set("minimax", Secret::try_from(secret).unwrap()).unwrap();
        }
        place
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.0.path().join("store")
    }

    pub(crate) fn key(&self, name: &str) -> SealKeySource {
        SealKeySource::file(self.key_path(name))
    }

    pub(crate) fn key_path(&self, name: &str) -> PathBuf {
        self.0.path().join("keys").join(name)
    }

    /// Every builder names a key, so that no test leaves anything in this user's own files.
    pub(crate) fn builder(&self, profile: &str, key: Option<&str>) -> Builder {
        let none = self.0.path().join("none");
        let builder = Latch::builder().home(self.home()).profile(Profile::new(profile).unwrap());
        let builder =
            builder.claims(none.join("claims")).fingerprint_key(none.join("key")).seal_keys(none.join("seals"));
        key.map_or(builder.clone(), |key| builder.seal_key(self.key(key)))
    }

    pub(crate) fn open(&self, profile: &str, key: Option<&str>) -> Latch {
        self.builder(profile, key).open().unwrap()
    }

    fn documents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.home())
    }
}

/// Every file below a directory.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn says(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|there| there == text.as_bytes())
}

#[test]
fn a_sealed_home_says_nothing_and_is_read_by_whoever_has_the_key() {
    let place = Place::new();
    assert!(place.documents().values().any(|bytes| says(bytes, "mm-key-of-work")));
    let running = place.open("work", None);
    assert_eq!(running.current("minimax").unwrap().expose_secret(), "mm-key-of-work");
    let names = |profiles: Vec<Profile>| profiles.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(place.builder("work", None).seal(&place.key("one")).unwrap()), ["home", "work"]);
    for (path, bytes) in place.documents() {
        assert!(!says(&bytes, "mm-key") && !says(&bytes, "minimax"), "{}", path.display());
    }
    // A program that was running goes on, in the process and the machine that remember where the key is.
    assert_eq!(running.current("minimax").unwrap().expose_secret(), "mm-key-of-work");
    running.set("minimax", Secret::try_from("mm-key-new").unwrap()).unwrap();
    assert_eq!(place.open("work", Some("one")).current("minimax").unwrap().expose_secret(), "mm-key-new");
    // A profile that is new is sealed too.
    place.open("new", None).set("minimax", Secret::try_from("mm-key-of-new").unwrap()).unwrap();
    assert!(!place.documents().values().any(|bytes| says(bytes, "mm-key")));
    assert!(place.builder("work", None).seal(&place.key("one")).unwrap().is_empty(), "all of it is sealed by now");
    assert_eq!(names(place.builder("work", None).unseal().unwrap()), ["home", "new", "work"]);
    assert!(place.documents().values().any(|bytes| says(bytes, "mm-key-of-new")));
    assert_eq!(running.current("minimax").unwrap().expose_secret(), "mm-key-new");
}

#[test]
fn without_the_key_nothing_is_read_and_nothing_is_changed() {
    let place = Place::new();
    place.builder("work", None).seal(&place.key("one")).unwrap();
    let before = place.documents();
    fs::write(place.0.path().join("keys/no-key"), "hello").unwrap();
    let two = place.0.path().join("keys/two");
    fs::write(&two, "00".repeat(32)).unwrap();
    for (key, said) in [
        ("missing", "the seal's key is not at hand: there is no file"),
        ("no-key", "the seal's key in"),
        ("two", "is sealed with the key"),
    ] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        let file = place.0.path().join("keys").join(key);
        if file.exists() {
            fs::set_permissions(&file, mode).unwrap();
        }
        let latch = place.open("work", Some(key));
        let secret = || Secret::try_from("mm-other").unwrap();
        for error in [
            latch.current("minimax").map(drop).unwrap_err(),
            latch.token("minimax").map(drop).unwrap_err(),
            latch.set("minimax", secret()).map(drop).unwrap_err(),
            latch.clear("minimax").map(drop).unwrap_err(),
            latch.status().map(drop).unwrap_err(),
            place.builder("work", Some(key)).unseal().map(drop).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.kind().exit_status()), (ErrorKind::Sealed, 9), "{key}: {error}");
            assert!(error.to_string().contains(said), "{key}: {error}");
        }
    }
    // Whoever tries to write signs the lock file.
    let after = place.documents();
    for (path, bytes) in before.iter().filter(|(path, _)| path.extension().is_some_and(|extension| extension == "json"))
    {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
    assert_eq!(after.len(), before.len());
}

#[test]
fn a_document_of_another_profile_or_store_is_not_opened_in_its_place() {
    let place = Place::new();
    place.builder("work", None).seal(&place.key("one")).unwrap();
    let [work, home] = ["work", "home"].map(|name| place.home().join("profiles").join(name).with_extension("json"));
    let whole = fs::read(&work).unwrap();
    fs::copy(&home, &work).unwrap();
    let error = place.open("work", None).current("minimax").map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.to_string().contains("was sealed as the profile `home`, and stands here as `work`"), "{error}");
    // A header that claims otherwise breaks the seal.
    let text = String::from_utf8(fs::read(&home).unwrap()).unwrap();
    fs::write(&work, text.replace(r#""profile":"home""#, r#""profile":"work""#)).unwrap();
    let error = place.open("work", None).current("minimax").map(drop).unwrap_err();
    assert!(error.to_string().contains("its seal is broken"), "{error}");
    fs::write(&work, whole).unwrap();
    assert_eq!(place.open("work", None).current("minimax").unwrap().expose_secret(), "mm-key-of-work");
}

#[test]
fn a_key_is_changed_and_the_old_one_opens_nothing_any_more() {
    let place = Place::new();
    let builder = place.builder("work", None);
    let not_yet = builder.rekey(&place.key("two")).unwrap_err();
    assert_eq!((not_yet.kind(), not_yet.to_string().contains("is not sealed")), (ErrorKind::Usage, true));
    assert!(!place.0.path().join("keys").exists(), "nothing was made");
    builder.seal(&place.key("one")).unwrap();
    let two = place.0.path().join("keys/two");
    fs::write(&two, "00".repeat(32)).unwrap();
    fs::set_permissions(&two, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let other = builder.seal(&place.key("two")).unwrap_err();
    assert!(other.to_string().contains("is sealed with another key"), "{other}");
    let running = place.open("work", None);
    assert!(running.current("minimax").is_ok());
    assert_eq!(builder.rekey(&place.key("two")).unwrap().len(), 2);
    assert!(running.current("minimax").is_ok(), "it is remembered where the new key is");
    assert_eq!(place.open("work", Some("one")).current("minimax").unwrap_err().kind(), ErrorKind::Sealed);
    assert!(place.open("home", Some("two")).current("minimax").is_ok());
    assert!(builder.rekey(&place.key("two")).unwrap().is_empty());
}

#[test]
fn a_key_beside_what_it_seals_is_refused() {
    let place = Place::new();
    let error = place.builder("work", None).seal(&SealKeySource::file(place.home().join("seal.key"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!place.home().join("seal.key").exists());
    let named = place.builder("work", None).seal_key(SealKeySource::file(place.home().join("seal.key"))).open();
    assert_eq!(named.unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn plain_text_that_is_put_into_a_sealed_home_is_refused_until_somebody_seals_it() {
    let place = Place::new();
    let document = place.home().join("profiles/work.json");
    let plain = fs::read(&document).unwrap();
    place.builder("work", None).seal(&place.key("one")).unwrap();
    let running = place.open("work", None);
    assert!(running.current("minimax").is_ok());
    fs::write(&document, &plain).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    for (latch, key) in
        [(running, "remembered"), (place.open("work", None), "remembered"), (place.open("work", Some("one")), "named")]
    {
        for error in [
            latch.current("minimax").map(drop).unwrap_err(),
            latch.set("minimax", Secret::try_from("mm-other").unwrap()).map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Sealed, "{key}");
            assert!(error.to_string().contains("is plain text, and its home is sealed"), "{error}");
        }
    }
    assert_eq!(fs::read(&document).unwrap(), plain, "nothing was written over it");
    assert_eq!(place.builder("work", None).seal(&place.key("one")).unwrap().len(), 1);
    assert_eq!(place.open("work", None).current("minimax").unwrap().expose_secret(), "mm-key-of-work");
}

#[test]
fn a_profile_that_is_made_at_the_same_moment_is_sealed_too() {
    let place = Place::new();
    let profiles = place.home().join("profiles");
    let plain = fs::read(profiles.join("home.json")).unwrap();
    let lock = fs::File::create(profiles.join("new.lock")).unwrap();
    let private = |path: &Path| fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    private(&profiles.join("new.lock"));
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    std::thread::scope(|scope| {
        // Whoever makes it has looked before the home was sealed, and commits only now.
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(400));
            fs::write(profiles.join("draft"), &plain).unwrap();
            private(&profiles.join("draft"));
            fs::rename(profiles.join("draft"), profiles.join("new.json")).unwrap();
            drop(lock);
        });
        place.builder("work", None).seal(&place.key("one")).unwrap();
    });
    assert!(fs::read(profiles.join("new.json")).unwrap().starts_with(br#"{"version":3"#));
    assert!(!place.documents().values().any(|bytes| says(bytes, "mm-key")));
}

#[test]
fn a_key_that_changes_and_a_key_in_the_place_of_a_lost_one_are_refused_before_anything_is_sealed() {
    let place = Place::new();
    let random = || SealKeySource::Command("head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n'".to_owned());
    let before = place.documents();
    let unsteady = place.builder("work", None).seal(&random()).unwrap_err();
    assert!(unsteady.to_string().contains("gives another key each time"), "{unsteady}");
    let latch = place.builder("work", None).seal_key(random()).open().unwrap();
    assert_eq!(latch.set("minimax", Secret::try_from("mm-2").unwrap()).unwrap_err().kind(), ErrorKind::Sealed);
    let documents = |all: BTreeMap<PathBuf, Vec<u8>>| {
        let is_document = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        all.into_iter().filter(|(path, _)| is_document(path)).collect::<Vec<_>>()
    };
    assert_eq!(documents(place.documents()), documents(before));
    place.builder("work", None).seal(&place.key("one")).unwrap();
    let file = place.0.path().join("keys/one");
    let kept = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(place.builder("work", None).seal(&place.key("one")).unwrap_err().kind(), ErrorKind::Sealed);
    assert!(!file.exists(), "another key in its place would hide that it is lost");
    assert_eq!(place.builder("work", None).rekey(&place.key("two")).unwrap_err().kind(), ErrorKind::Sealed);
    assert!(!place.0.path().join("keys/two").exists());
    fs::write(&file, kept).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(place.open("work", None).current("minimax").is_ok());
    // A new profile gets the key of its home, and no other.
    let other = SealKeySource::Command(format!("echo {}", "5a".repeat(32)));
    let latch = place.builder("new", None).seal_key(other).open().unwrap();
    let error = latch.set("minimax", Secret::try_from("mm-new").unwrap()).unwrap_err();
    assert!(error.to_string().contains("this program was told of another one"), "{error}");
}

#[test]
fn an_answer_in_plain_text_beside_a_sealed_document_is_nobodys() {
    use credlatch::core::state::Nonce;
    use credlatch::seal::{Keys, Sealing};

    let place = Place::new();
    let key = SealKeySource::Command(format!("echo {}", "5a".repeat(32)));
    place.builder("work", None).seal(&key).unwrap();
    let sealing = Sealing::new(Keys::of([0x5a; 32]), "work", None);
    let forged = br#"{"access":"of-somebody-else"}"#;
    assert!(sealing.read_answer(Nonce(7), forged).unwrap().is_some(), "beside plain text it is as ever");
    assert!(sealing.state(&fs::read(place.home().join("profiles/work.json")).unwrap()).is_some());
    assert!(sealing.read_answer(Nonce(7), forged).unwrap().is_none());
}
