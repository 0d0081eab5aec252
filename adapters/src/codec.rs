//! The form of a document, whatever keeps it: which bytes a state is written as, and which are read back as one. What this file
//! knows of the form nobody else does.

use std::fmt;
use std::io::{self, Write};

use credlatch_core::extra::Extra;
use credlatch_core::law;
use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Nonce, State};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use zeroize::Zeroizing;

pub use crate::zeroizing::written;

/// The form that this version writes. Version 1 had no memory of refresh tokens: a program that knows no more would hand out
/// and present what is remembered here as spent, so it must refuse.
pub const VERSION: u64 = 2;
/// The form of what is sealed. A program that knows no seals must refuse.
pub const SEALED_VERSION: u64 = 3;
/// The newest form that this build reads.
const NEWEST: u64 = if cfg!(all(feature = "seal", unix)) { SEALED_VERSION } else { VERSION };
/// The oldest form that is read.
pub const OLDEST: u64 = 1;
/// The largest document that is read or written, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Device and inode: which file it is among all of this machine's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    /// The device.
    pub dev: u64,
    /// The inode.
    pub ino: u64,
}

/// What a document says beside the state.
#[derive(Clone, Debug)]
pub struct Head {
    /// The form it was read in.
    pub version: u64,
    /// The store's random name.
    pub store: Nonce,
    /// The lock file it was written under; none if the document turned out to be brought back from elsewhere.
    pub lock: Option<FileId>,
    /// When that lock file was made, in nanoseconds since the epoch; none where nobody knows.
    pub born_ns: Option<u64>,
    /// A digest of the id of the machine that wrote it last, for people.
    pub machine: Option<Fingerprint>,
    /// The key that it is sealed with, if it is; a commit is sealed with the same.
    pub seal: Option<KeyId>,
    /// Fields of a newer version.
    pub extra: Extra,
}

impl Head {
    pub fn new(store: Nonce, lock: Option<FileId>, born_ns: Option<u64>) -> Self {
        Self { version: VERSION, store, lock, born_ns, machine: None, seal: None, extra: Extra::default() }
    }
}

/// Why bytes are no document.
pub enum Flaw {
    /// A newer program wrote them, in this form.
    Newer(u64),
    /// They can't be read, for this reason. It quotes nothing of them.
    Unreadable(String),
}

impl Flaw {
    /// What happened to the document of that name, and what to do about it.
    pub(crate) fn into_error(self, name: &DocumentName<'_>) -> StoreError {
        match self {
            Self::Newer(version) => {
                let what = format!("{} has version {version}; this program knows versions up to {NEWEST}", name.shown);
                StoreError::new(StoreErrorKind::Newer, what, "use a newer credlatch")
            }
            Self::Unreadable(why) => name.unreadable(&why),
        }
    }
}

/// What a document is called: in its seal and by people.
pub(crate) struct DocumentName<'a> {
    /// The profile that it is sealed as.
    #[cfg_attr(not(all(feature = "seal", unix)), expect(dead_code, reason = "only a seal is bound to it"))]
    pub(crate) profile: &'a str,
    /// What people call it.
    pub(crate) shown: &'a dyn fmt::Display,
    /// What to do about one that can't be read.
    pub(crate) remedy: &'a dyn Fn() -> String,
}

impl DocumentName<'_> {
    /// It is there, and can't be read.
    pub(crate) fn unreadable(&self, why: &str) -> StoreError {
        let what = format!("{} can't be read as a profile: {why}", self.shown);
        StoreError::new(StoreErrorKind::Unreadable, what, (self.remedy)())
    }
}

/// The stored form. The known parts are fields of their own rather than flattened, because what is flattened is buffered
/// in memory that nobody wipes.
#[derive(Deserialize)]
struct Stored {
    version: u64,
    store: Nonce,
    id: CommitNumber,
    #[serde(default)]
    lock: Option<FileId>,
    #[serde(default)]
    lock_born_ns: Option<u64>,
    #[serde(default)]
    machine: Option<Fingerprint>,
    profile: State,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize)]
struct Storing<'a> {
    version: u64,
    store: Nonce,
    id: CommitNumber,
    lock: Option<FileId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_born_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<Fingerprint>,
    profile: &'a State,
    #[serde(flatten)]
    extra: &'a Extra,
}

/// Enough of a document to tell which version wrote it.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// A commit's id: even and not 0; written as 16 hexadecimal digits, because JSON readers round large numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitNumber(pub u64);

impl Serialize for CommitNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for CommitNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = digits(&String::deserialize(from)?);
        id.filter(|id| *id != 0 && id % 2 == 0).map(Self).ok_or_else(|| serde::de::Error::custom("not a commit's id"))
    }
}

/// Which key something is sealed with: a digest of the key that says nothing of it, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub u64);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = digits(&String::deserialize(from)?);
        id.map(Self).ok_or_else(|| serde::de::Error::custom("not a key's id"))
    }
}

/// The number that 16 hexadecimal digits are.
fn digits(text: &str) -> Option<u64> {
    let is_number = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_number.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// What a document's bytes say.
pub struct Parsed {
    pub head: Head,
    pub id: u64,
    pub state: State,
}

/// Parses a document as a whole.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Flaw> {
    let unreadable = |why: &str| Flaw::Unreadable(why.to_owned());
    match serde_json::from_slice::<Stored>(bytes) {
        Ok(stored) if stored.version < OLDEST => Err(unreadable("its version is not one that was ever written")),
        Ok(stored) if stored.version > VERSION => Err(Flaw::Newer(stored.version)),
        Ok(stored) => {
            validate(&stored.profile).map_err(Flaw::Unreadable)?;
            let Stored { version, store, id, lock, lock_born_ns: born_ns, machine, profile, extra } = stored;
            Ok(Parsed {
                head: Head { version, store, lock, born_ns, machine, seal: None, extra },
                id: id.0,
                state: profile,
            })
        }
        Err(error) => match serde_json::from_slice::<Versioned>(bytes) {
            Ok(Versioned { version }) if version > VERSION => Err(Flaw::Newer(version)),
            _ => Err(Flaw::Unreadable(wherever(&error))),
        },
    }
}

/// Says where the parser stopped and nothing of what it saw there: its own words may quote a secret.
pub fn wherever(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax => "it is not JSON",
        Category::Eof => "it ends in the middle",
        Category::Data => "it is JSON but not a profile",
        Category::Io => "it could not be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// What the types let through and a person's edit may break. Names are named, secrets never.
pub fn validate(state: &State) -> Result<(), String> {
    law::check_state(state).map_err(|broken| broken.what)
}

/// The form to write a state in that was read in another. A program of the older form may hold a claim in it, and what that
/// brings home must still find a document that it can read: so the form rises with the first commit that leaves no claim. It
/// rises at once where something is shared with a copy, because the older program would present that.
pub fn form(read: u64, state: &State) -> u64 {
    let may_stay = state.claims().next().is_some() && !state.is_shared();
    if read < VERSION && may_stay { read } else { VERSION }
}

/// A document's bytes, in one allocation that is wiped. None if there would be too many.
pub fn write(head: &Head, id: u64, state: &State) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let storing = Storing {
        version: form(head.version, state),
        store: head.store,
        id: CommitNumber(id),
        lock: head.lock,
        lock_born_ns: head.born_ns,
        machine: head.machine,
        profile: state,
        extra: &head.extra,
    };
    written(MAX_BYTES, |to| {
        serde_json::to_writer_pretty(&mut *to, &storing)?;
        to.write_all(b"\n")
    })
}
