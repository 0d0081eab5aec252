//! Whatever bytes stand in the place of a sealed document: what is read is a document that was sealed here as it was sealed, as a whole,
//! and all else is refused with an error that says why. It is never a panic, never an empty store, and never a mixture.

use std::fs;
use std::sync::LazyLock;

use credlatch::core::port::{Store as _, StoreErrorKind};
use credlatch::file::FileStore;
use credlatch::seal::{Keys, Sealing};
use credlatch::{Profile, SealKeySource, Secret, State};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::seals::Place;

const KEY: [u8; 32] = [0x5a; 32];

fn key(byte: &str) -> SealKeySource {
    SealKeySource::Command(format!("echo {}", byte.repeat(32)))
}

/// What stands in the place of a document, and who looks.
struct Trial {
    place: Place,
    store: FileStore,
    /// What was sealed here as this profile.
    sealed: Vec<State>,
}

/// Documents to make others of.
struct Corpus {
    older: Vec<u8>,
    newer: Vec<u8>,
    of_another_profile: Vec<u8>,
    of_another_store: Vec<u8>,
    of_another_key: Vec<u8>,
    plain: Vec<u8>,
}

/// What came of bytes.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Read,
    Refused(StoreErrorKind, String),
}

impl Corpus {
    fn all(&self) -> [&[u8]; 6] {
        let others = [&self.of_another_profile, &self.of_another_store, &self.of_another_key, &self.plain];
        let [profile, store, key, plain] = others.map(Vec::as_slice);
        [&self.older, &self.newer, profile, store, key, plain]
    }
}

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let document = |place: &Place, name: &str| fs::read(place.home().join("profiles").join(name)).unwrap();
    let (place, other_store, other_key) = (Place::new(), Place::new(), Place::new());
    let plain = document(&place, "work.json");
    for (place, key) in [(&place, key("5a")), (&other_store, key("5a")), (&other_key, key("5b"))] {
        place.builder("work", None).seal(&key).unwrap();
    }
    let older = document(&place, "work.json");
    place.open("work", None).set("minimax", Secret::try_from("mm-key-of-later").unwrap()).unwrap();
    Corpus {
        older,
        newer: document(&place, "work.json"),
        of_another_profile: document(&place, "home.json"),
        of_another_store: document(&other_store, "work.json"),
        of_another_key: document(&other_key, "work.json"),
        plain,
    }
});

impl Trial {
    /// A home that is sealed with the key of the corpus.
    fn new() -> Self {
        let place = Place::new();
        place.builder("work", None).seal(&key("5a")).unwrap();
        let sealing = Sealing::new(Keys::of(KEY), "work", Some(&place.home()));
        let store = FileStore::new(&place.home(), &Profile::new("work").unwrap()).sealing(sealing);
        let mut trial = Self { place, store, sealed: Vec::new() };
        for whole in [&CORPUS.older, &CORPUS.newer, &CORPUS.of_another_store] {
            trial.put(whole);
            let state = trial.store.load().unwrap().state;
            assert!(state.generation > 0);
            trial.sealed.push(state);
        }
        trial
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(self.place.home().join("profiles/work.json"), bytes).unwrap();
    }

    /// What comes of these bytes; what must not, in words.
    fn judge(&self, bytes: &[u8]) -> Result<Outcome, String> {
        self.put(bytes);
        match self.store.load() {
            Ok(loaded) if loaded.id.is_none() => Err("it is taken for nothing".to_owned()),
            Ok(loaded) if self.sealed.contains(&loaded.state) => Ok(Outcome::Read),
            Ok(_) => Err("what was never sealed is read".to_owned()),
            Err(error) => {
                use StoreErrorKind::{Newer, Sealed, Unreadable};
                let is_told = matches!(error.kind, Newer | Sealed | Unreadable)
                    && error.what.contains("work.json")
                    && !error.remedy.is_empty();
                let is_mute = !format!("{error:?}").contains("mm-key");
                let refused = Outcome::Refused(error.kind, error.what.clone());
                if is_told && is_mute { Ok(refused) } else { Err(format!("it is told badly: {error:?}")) }
            }
        }
    }

    /// The same, where nothing else may come of it.
    fn refused(&self, bytes: &[u8]) -> (StoreErrorKind, String) {
        match self.judge(bytes) {
            Ok(Outcome::Refused(kind, what)) => (kind, what),
            other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
        }
    }
}

#[test]
fn what_was_sealed_is_read_and_the_judge_knows_what_was_not() {
    let trial = Trial::new();
    let outcomes = CORPUS.all().map(|bytes| trial.judge(bytes).unwrap());
    let is_read = outcomes.each_ref().map(|outcome| *outcome == Outcome::Read);
    assert_eq!(is_read, [true, true, false, true, false, false]);
    // What somebody with the key commits now is none of the corpus.
    trial.put(&CORPUS.newer);
    let latch = trial.place.open("work", None);
    latch.set("minimax", Secret::try_from("mm-key-of-nobody").unwrap()).unwrap();
    let foreign = fs::read(trial.place.home().join("profiles/work.json")).unwrap();
    assert_eq!(trial.judge(&foreign), Err("what was never sealed is read".to_owned()));
}

#[test]
fn whatever_byte_is_changed_and_wherever_it_is_cut_it_is_refused() {
    let trial = Trial::new();
    let whole = &CORPUS.newer;
    let (mut refused, mut read) = (0, Vec::new());
    for at in 0..whole.len() {
        // A bit, a character that may stand in base64, and one that may stand nowhere.
        for byte in [whole[at] ^ 1, whole[at] ^ 0x20, if whole[at] == b'A' { b'B' } else { b'A' }, 0] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            match trial.judge(&bytes).unwrap_or_else(|breach| panic!("{breach}: byte {at} as {byte}")) {
                Outcome::Refused(..) => refused += 1,
                Outcome::Read => read.push(at),
            }
        }
    }
    // The same number may be written with other digits, and the line break at the end may be another blank.
    read.dedup();
    let document = whole.windows(12).position(|there| there == br#","document":"#).unwrap();
    let says_the_same = |at: &usize| (*at < document && whole[*at].is_ascii_hexdigit()) || *at + 1 == whole.len();
    assert!(read.iter().all(says_the_same), "{read:?}");
    assert!(refused > whole.len() * 3, "{refused} of {}", whole.len() * 4);
    for length in 0..whole.len() - 1 {
        assert_eq!(trial.refused(&whole[..length]).0, StoreErrorKind::Unreadable, "{length}");
    }
    assert_eq!(trial.judge(whole), Ok(Outcome::Read));
}

#[test]
fn the_halves_of_two_documents_are_no_document() {
    let trial = Trial::new();
    let mut mixed = 0;
    for first in CORPUS.all() {
        for second in CORPUS.all() {
            for at in (0..first.len().min(second.len())).step_by(7) {
                let bytes = [&first[..at], &second[at..]].concat();
                let outcome = trial.judge(&bytes).unwrap_or_else(|breach| panic!("{breach}: at {at}"));
                let is_whole = bytes == first || bytes == second;
                assert!(is_whole || outcome != Outcome::Read, "at {at}");
                mixed += usize::from(!is_whole);
            }
        }
    }
    assert!(mixed > 2_000, "{mixed}");
}

/// A document with some of its fields from another one.
fn with(base: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(base).unwrap();
    change(&mut document);
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn a_header_a_salt_and_a_document_belong_together_and_each_mistake_has_its_own_error() {
    let trial = Trial::new();
    let documents: Vec<Value> = CORPUS.all()[..5].iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect();
    let mut read = 0;
    for (header, salt, text) in (0..125).map(|number| (number / 25, number / 5 % 5, number % 5)) {
        let bytes = with(&CORPUS.newer, |mixed| {
            mixed["sealed"] = documents[header]["sealed"].clone();
            mixed["salt"] = documents[salt]["salt"].clone();
            mixed["document"] = documents[text]["document"].clone();
        });
        if trial.judge(&bytes) == Ok(Outcome::Read) {
            assert!(header == salt && salt == text, "{header} {salt} {text}");
            read += 1;
        } else {
            trial.refused(&bytes);
        }
    }
    assert_eq!(read, 3, "those that stand here as a whole");
    let newer = &documents[1];
    let generation = newer["sealed"]["generation"].as_u64().unwrap();
    let broken = "its seal is broken";
    for (field, value, kind, said) in [
        ("version", json!(4), StoreErrorKind::Newer, "has version 4"),
        ("version", json!(2), StoreErrorKind::Unreadable, "can't be read"),
        ("sealed/key", documents[4]["sealed"]["key"].clone(), StoreErrorKind::Sealed, "is sealed with the key"),
        ("sealed/store", documents[3]["sealed"]["store"].clone(), StoreErrorKind::Unreadable, broken),
        ("sealed/profile", json!("home"), StoreErrorKind::Unreadable, "was sealed as the profile `home`"),
        ("sealed/commit", documents[0]["sealed"]["commit"].clone(), StoreErrorKind::Unreadable, broken),
        ("sealed/generation", json!(generation + 1), StoreErrorKind::Unreadable, broken),
        ("salt", documents[0]["salt"].clone(), StoreErrorKind::Unreadable, broken),
        ("document", documents[0]["document"].clone(), StoreErrorKind::Unreadable, broken),
        ("document", json!(""), StoreErrorKind::Unreadable, broken),
        ("more", json!(1), StoreErrorKind::Unreadable, "is neither plain nor sealed"),
    ] {
        let bytes = with(&CORPUS.newer, |document| {
            let (outer, inner) = field.split_once('/').unwrap_or((field, ""));
            let place = if inner.is_empty() { &mut document[outer] } else { &mut document[outer][inner] };
            *place = value;
        });
        let (found, what) = trial.refused(&bytes);
        assert_eq!(found, kind, "{field}: {what}");
        assert!(what.contains(said), "{field}: {what}");
    }
    let (kind, what) = trial.refused(&CORPUS.plain);
    assert_eq!(kind, StoreErrorKind::Sealed);
    assert!(what.contains("is plain text, and its home is sealed"), "{what}");
}

/// A change to bytes.
#[derive(Clone, Debug)]
enum Edit {
    Replace(prop::sample::Index, Vec<u8>),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    /// Some of another document in the place of as many bytes.
    Take(usize, prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = || {
        prop_oneof![prop::collection::vec(any::<u8>(), 1..9), "[0-9a-zA-Z+/\":,{}]{1,9}".prop_map(String::into_bytes)]
    };
    prop_oneof![
        (any::<prop::sample::Index>(), bytes()).prop_map(|(at, bytes)| Edit::Replace(at, bytes)),
        (any::<prop::sample::Index>(), bytes()).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<prop::sample::Index>(), 1..200_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (0..6_usize, any::<prop::sample::Index>(), 1..600_usize).prop_map(|(of, at, count)| Edit::Take(of, at, count)),
    ]
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let place = |at: &prop::sample::Index, count: usize| {
            let at = at.index(bytes.len() + 1);
            at..(at + count).min(bytes.len())
        };
        let (range, with) = match edit {
            Edit::Replace(at, with) => (place(at, with.len()), &**with),
            Edit::Insert(at, with) => (place(at, 0), &**with),
            Edit::Remove(at, count) => (place(at, *count), &[][..]),
            Edit::Take(of, at, count) => {
                let (range, other) = (place(at, *count), CORPUS.all()[*of]);
                (range.clone(), other.get(range).unwrap_or_default())
            }
        };
        bytes.splice(range, with.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_made_of_sealed_documents_is_one_of_them_or_refused(
        of in 0..6_usize,
        edits in prop::collection::vec(edit(), 1..5),
    ) {
        thread_local!(static TRIAL: Trial = Trial::new());
        let bytes = edited(CORPUS.all()[of].to_vec(), &edits);
        let judged = TRIAL.with(|trial| trial.judge(&bytes));
        prop_assert!(judged.is_ok(), "{judged:?}: {}", String::from_utf8_lossy(&bytes));
    }
}
