//! Signs of life for a store that is elsewhere: it names its acts itself, and what they leave are its bytes.
//!
//! What a file says counts on the machine and in the boot that made it, and of that very file. So it says which file it is: of a
//! copy in another place the lock would say that its act is over, while the original goes on.

use std::io;
use std::sync::Arc;

use credlatch_core::port::StoreError;
use credlatch_core::state::Nonce;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::claims::{FileAlive, enlist_named};
use super::disk::{Disk, Hold, Metadata, Open};
use super::errors::io_error;
use super::left::{self, ANSWER, ANSWER_AT, NOTE, NOTE_AT, ReadBack};
use super::paths::Paths;

/// Where it stands which file it is, in bytes.
const HERE_AT: u64 = 2048;
const HERE: [u8; 8] = *b"clhere1\n";

/// Which file it is, and in which boot it was made.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Here {
    ino: u64,
    born_ns: Option<u64>,
    boot: u64,
}

impl Here {
    fn new<D: Disk>(disk: &D, metadata: &Metadata) -> Self {
        Self { ino: metadata.file_id.ino, born_ns: metadata.born_ns, boot: disk.now().boot }
    }

    /// Whether what the lock says counts. Where the boot isn't known it doesn't.
    fn is_of<D: Disk>(disk: &D, file: &D::File) -> io::Result<bool> {
        let ReadBack::Whole(bytes) = left::get(disk, file, HERE, HERE_AT)? else { return Ok(false) };
        let here = Self::new(disk, &disk.metadata(file)?);
        Ok(here.boot != 0 && serde_json::from_slice::<Self>(&bytes).is_ok_and(|said| said == here))
    }
}

/// What is known of an act by its file.
pub(crate) struct ActFile {
    /// Whether what the lock says counts here: only then does `is_alive` say anything, and that there is no note.
    pub(crate) is_of_here: bool,
    pub(crate) is_alive: bool,
    pub(crate) note: Option<Vec<u8>>,
    pub(crate) answer: Option<Zeroizing<Vec<u8>>>,
}

/// Makes the sign of life of an act of this name, with space for what it leaves.
pub(crate) fn enlist<D: Disk>(disk: &Arc<D>, paths: &Paths, name: Nonce) -> Result<FileAlive<D>, StoreError> {
    paths.make_folder(&**disk)?;
    let alive = enlist_named(disk, paths, disk.process(), || name)?;
    let written = alive.write("set space aside in", |file| {
        left::reserve(&**disk, file)?;
        let here = Here::new(&**disk, &disk.metadata(file)?);
        left::put(&**disk, file, HERE, HERE_AT, &serde_json::to_vec(&here)?)
    });
    match written {
        Ok(()) => Ok(alive),
        Err(error) => {
            credlatch_core::port::Alive::discard(alive);
            Err(error)
        }
    }
}

impl<D: Disk> FileAlive<D> {
    /// Notes this.
    pub(crate) fn put_note(&self, disk: &D, note: &[u8]) -> Result<(), StoreError> {
        self.write("note in", |file| left::put(disk, file, NOTE, NOTE_AT, note))
    }

    /// Writes this down as the answer.
    pub(crate) fn put_answer(&self, disk: &D, answer: &[u8]) -> Result<(), StoreError> {
        self.write("write down in", |file| left::put(disk, file, ANSWER, ANSWER_AT, answer))
    }
}

/// What is known of an act by its file; none if there is no file.
pub(crate) fn look<D: Disk>(disk: &D, paths: &Paths, name: Nonce) -> Result<Option<ActFile>, StoreError> {
    disk.shed();
    paths.check_claims(disk)?;
    let path = paths.claim(name);
    let found = match disk.open(&path, Open::Read) {
        // The lock that this takes goes with the file, at once.
        Ok(file) => disk.try_lock(&file, Hold::Shared).and_then(|is_free| {
            let found = read(disk, &file, !is_free);
            if is_free {
                disk.unlock(&file)?;
            }
            found.map(Some)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    found.map_err(|error| io_error("look at", &path, &error))
}

fn read<D: Disk>(disk: &D, file: &D::File, is_alive: bool) -> io::Result<ActFile> {
    let note = match left::get(disk, file, NOTE, NOTE_AT)? {
        ReadBack::Nothing => None,
        ReadBack::Whole(note) => Some(note.to_vec()),
        // Somebody began to note something, so something may have been sent.
        ReadBack::Torn => Some(Vec::new()),
    };
    let answer = match left::get(disk, file, ANSWER, ANSWER_AT)? {
        ReadBack::Whole(answer) => Some(answer),
        ReadBack::Nothing | ReadBack::Torn => None,
    };
    Ok(ActFile { is_of_here: Here::is_of(disk, file)?, is_alive, note, answer })
}
