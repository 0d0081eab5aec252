//! The document: what is written to disk and how it is read back, as a whole or not at all.

use std::io;
use std::path::Path;

use credlatch_core::extra::Extra;
use credlatch_core::law;
use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Nonce, State};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::disk::{Disk, Facts, Kind, Open, Place};
use super::trouble::{private, trouble, unreadable};
use super::wiped::exactly;

/// The form that this version writes. Version 1 had no memory of refresh tokens: a program that knows no more would hand out
/// and present what is remembered here as spent, so it must refuse.
pub(crate) const VERSION: u64 = 2;
/// The oldest form that is read.
pub(crate) const OLDEST: u64 = 1;
/// The largest document that is read or written, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What a document says beside the state.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The form it was read in.
    pub(super) version: u64,
    /// The store's random name.
    pub(super) store: Nonce,
    /// The lock file it was written under; none if the document turned out to be brought back from elsewhere.
    pub(super) lock: Option<Place>,
    /// When that lock file was made, in nanoseconds since the epoch; none where nobody knows.
    pub(super) born_ns: Option<u64>,
    /// A digest of the id of the machine that wrote it last, for people.
    pub(super) machine: Option<Fingerprint>,
    /// Fields of a newer version.
    pub(super) extra: Extra,
}

impl Head {
    pub(super) fn new(store: Nonce, lock: Place, born_ns: Option<u64>) -> Self {
        Self { version: VERSION, store, lock: Some(lock), born_ns, machine: None, extra: Extra::default() }
    }
}

/// A document as it was read.
pub(super) struct Document {
    pub(super) state: State,
    pub(super) id: u64,
    pub(super) head: Head,
    /// What the file was when it was opened.
    pub(super) facts: Facts,
}

/// The stored form. The known parts are fields of their own rather than flattened, because what is flattened is buffered
/// in memory that nobody wipes.
#[derive(Deserialize)]
struct Stored {
    version: u64,
    store: Nonce,
    id: Id,
    #[serde(default)]
    lock: Option<Place>,
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
    id: Id,
    lock: Option<Place>,
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
struct Id(u64);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let id = (text.len() == 16).then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        id.filter(|id| *id != 0 && id % 2 == 0).map(Self).ok_or_else(|| serde::de::Error::custom("not a commit's id"))
    }
}

/// Reads a document as a whole; none if there is no such file.
pub(super) fn read<D: Disk>(disk: &D, path: &Path) -> Result<Option<Document>, StoreError> {
    let Some(Content { bytes, facts }) = read_bytes(disk, path)? else { return Ok(None) };
    let stored = parse(&bytes, path)?;
    let Stored { version, store, lock, lock_born_ns: born_ns, machine, extra, .. } = stored;
    let head = Head { version, store, lock, born_ns, machine, extra };
    Ok(Some(Document { state: stored.profile, id: stored.id.0, head, facts }))
}

/// A file that was read.
pub(crate) struct Content {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What the file was when it was opened.
    pub(crate) facts: Facts,
}

/// What a file that holds secrets says; none if there is no such file. Refuses one that is empty, not private, not a plain
/// file, or too large.
pub(crate) fn read_bytes<D: Disk>(disk: &D, path: &Path) -> Result<Option<Content>, StoreError> {
    let file = match disk.open(path, Open::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(denied(disk, path).unwrap_or_else(|| trouble("open", path, &error))),
    };
    let facts = disk.facts(&file).map_err(|error| trouble("look at", path, &error))?;
    check(path, &facts, disk.user())?;
    let size = usize::try_from(facts.size).map_err(|_| unreadable(path, "it is too large for this machine"))?;
    // One byte more than there should be, to notice a file that grows while it is read.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let read = disk.read_at(&file, &mut bytes, 0).map_err(|error| trouble("read", path, &error))?;
    if read != size {
        return Err(unreadable(path, "somebody is writing into it; its size changed while it was read"));
    }
    bytes.truncate(size);
    Ok(Some(Content { bytes, facts }))
}

/// Why this user may not open it, if it is because of another one.
fn denied<D: Disk>(disk: &D, path: &Path) -> Option<StoreError> {
    let facts = disk.look(path).ok()?;
    let why = private(path, &facts, disk.user(), 0).err()?;
    Some(StoreError { kind: StoreErrorKind::Denied, ..why })
}

/// Refuses what can't be a profile's document, or isn't private.
pub(super) fn check(path: &Path, facts: &Facts, user: u32) -> Result<(), StoreError> {
    match facts.kind {
        Kind::File => {}
        Kind::Folder => return Err(unreadable(path, "it is a directory")),
        Kind::Other => return Err(unreadable(path, "it is not a plain file")),
    }
    private(path, facts, user, 0o077)?;
    if facts.names > 1 {
        return Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!("{} has {} names (hard links); a commit would replace only one", path.display(), facts.names),
            "remove the other names, or use a symbolic link",
        ));
    }
    match facts.size {
        0 => Err(unreadable(path, "it is empty")),
        size if size > MAX_BYTES => Err(unreadable(path, &format!("it is larger than {MAX_BYTES} bytes"))),
        _ => Ok(()),
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Stored, StoreError> {
    match serde_json::from_slice::<Stored>(bytes) {
        Ok(stored) if stored.version < OLDEST => Err(unreadable(path, "its version is not one that was ever written")),
        Ok(stored) if stored.version > VERSION => Err(newer(path, stored.version)),
        Ok(stored) => {
            validate(&stored.profile).map_err(|why| unreadable(path, &why))?;
            Ok(stored)
        }
        Err(error) => match serde_json::from_slice::<Versioned>(bytes) {
            Ok(Versioned { version }) if version > VERSION => Err(newer(path, version)),
            _ => Err(unreadable(path, &wherever(&error))),
        },
    }
}

/// Parses a document as a load does, and writes it as a commit does.
pub(super) fn rewrite(bytes: &[u8]) -> Result<(State, Zeroizing<Vec<u8>>), StoreError> {
    let path = Path::new("profiles/default.json");
    let Stored { version, store, id, lock, lock_born_ns: born_ns, machine, profile, extra } = parse(bytes, path)?;
    let written = write(&Head { version, store, lock, born_ns, machine, extra }, id.0, &profile);
    let written = written.map_err(|error| trouble("write", path, &error))?;
    Ok((profile, written.ok_or_else(|| unreadable(path, "it is too large"))?))
}

/// Says where the parser stopped and nothing of what it saw there: its own words may quote a secret.
pub(crate) fn wherever(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax => "it is not JSON",
        Category::Eof => "it ends in the middle",
        Category::Data => "it is JSON but not a profile",
        Category::Io => "it could not be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

fn newer(path: &Path, version: u64) -> StoreError {
    StoreError::new(
        StoreErrorKind::Newer,
        format!("{} has version {version}; this program knows versions up to {VERSION}", path.display()),
        "use a newer credlatch",
    )
}

/// What the types let through and a person's edit may break. Names are named, secrets never.
pub(crate) fn validate(state: &State) -> Result<(), String> {
    law::check_state(state).map_err(|broken| broken.what)
}

/// The form to write a state in that was read in another. A program of the older form may hold a claim in it, and what that
/// brings home must still find a document that it can read: so the form rises with the first commit that leaves no claim. It
/// rises at once where something is shared with a copy, because the older program would present that.
pub(crate) fn form(read: u64, state: &State) -> u64 {
    let may_stay = state.claims().next().is_some() && !state.is_shared();
    if read < VERSION && may_stay { read } else { VERSION }
}

/// A document's bytes, in one allocation that is wiped. None if there would be too many.
pub(super) fn write(head: &Head, id: u64, state: &State) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let storing = Storing {
        version: form(head.version, state),
        store: head.store,
        id: Id(id),
        lock: head.lock,
        lock_born_ns: head.born_ns,
        machine: head.machine,
        profile: state,
        extra: &head.extra,
    };
    exactly(MAX_BYTES, |to| {
        serde_json::to_writer_pretty(&mut *to, &storing)?;
        to.write_all(b"\n")
    })
}
