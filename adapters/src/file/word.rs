//! The word: eight bytes at the head of the lock file that say whether what a reader has is still the newest commit.
//!
//! It is the id of the newest commit, or an odd number while a commit is under way or unconfirmed. The ids are random and
//! the document holds its own, so a word that means something else than the reader's document never equals its id,
//! whatever was lost in a crash or brought back from a backup.

use std::io;

use credlatch_core::state::Nonce;

use crate::docfile::disk::Disk;
use crate::system::Process;

/// Where the holder's pid is in the lock file: after the word and the boot it was written in.
const PID_AT: u64 = 16;
/// Where the pid's namespace is, which older versions neither write nor read: its inode in the lower half, and in the upper
/// one the pid again, so that it isn't taken for that of an older version's pid.
const PID_NAMESPACE_AT: u64 = 24;
/// Where the name of the store is in it, which the document holds too.
const NAME_AT: u64 = 32;
/// Where the draft is named that whoever holds the lock writes, which older versions neither write nor read.
const DRAFT_AT: u64 = 48;

/// All that a lock file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockContent {
    pub(super) word: Word,
    signature: [u8; 16],
    /// The name of the store that this lock file guards; none in one that was never told.
    pub(super) name: Option<Nonce>,
    /// The draft of a commit that is under way, or whose writer died.
    pub(super) draft: Option<Nonce>,
}

impl LockContent {
    /// Reads it. A lock file that nobody wrote to has the word 0.
    pub(super) fn read<D: Disk>(disk: &D, file: &D::File) -> io::Result<Self> {
        let mut bytes = [0; 56];
        let read = disk.read_at(file, &mut bytes, 0)?;
        let at = |begin: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[begin + byte]));
        let name = u128::from(at(40)) << 64 | u128::from(at(32));
        Ok(Self {
            word: Word { word: at(0), boot: at(8) },
            signature: std::array::from_fn(|byte| bytes[16 + byte]),
            name: Some(name).filter(|name| read >= 48 && *name != 0).map(Nonce),
            draft: Some(at(48)).filter(|draft| *draft != 0).map(|draft| Nonce(draft.into())),
        })
    }

    /// Leaves this process's pid in the lock file, unless it is there; for the others' error messages, and nobody decides anything
    /// by it.
    pub(super) fn sign<D: Disk>(&self, disk: &D, file: &D::File, process: Process) {
        let Process { pid, pid_namespace, .. } = process;
        let mut signature = [0; 16];
        signature[..4].copy_from_slice(&pid.to_le_bytes());
        signature[8..].copy_from_slice(&namespace_of(pid, pid_namespace).to_le_bytes());
        if signature != self.signature {
            // A full disk may refuse it, and the lock is good without it.
            let _ = disk.write_at(file, &signature, PID_AT);
        }
    }
}

/// What a lock file says of the newest commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The word itself; 0 if none was ever written.
    pub(super) word: u64,
    /// The boot in which it was written: in another, a power cut may have undone the last writes of it.
    pub(super) boot: u64,
}

impl Word {
    /// Writes it, with the boot beside it.
    pub(super) fn write<D: Disk>(self, disk: &D, file: &D::File) -> io::Result<()> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.word.to_le_bytes());
        bytes[8..].copy_from_slice(&self.boot.to_le_bytes());
        disk.write_at(file, &bytes, 0)
    }

    /// Whether no commit is under way.
    pub(super) fn is_settled(self) -> bool {
        self.word.is_multiple_of(2)
    }

    /// Whether a document with this id was put here by somebody who knows nothing of locks, such as a restore from a
    /// backup: the word names another commit and nothing but that explains it.
    pub(super) fn contradicts(self, id: u64, boot: u64) -> bool {
        self.word != 0 && self.is_settled() && self.word != id && self.boot == boot && boot != 0
    }
}

/// The pid that the last holder left, if it means the same process here.
pub(super) fn signature<D: Disk>(disk: &D, file: &D::File) -> Option<u32> {
    let (mut pid, mut namespace) = ([0; 4], [0; 8]);
    disk.read_at(file, &mut pid, PID_AT).ok()?;
    disk.read_at(file, &mut namespace, PID_NAMESPACE_AT).ok()?;
    let pid = u32::from_le_bytes(pid);
    let is_of_here = u64::from_le_bytes(namespace) == namespace_of(pid, disk.pid_namespace());
    (pid != 0 && is_of_here).then_some(pid)
}

/// Linux numbers namespaces with 32 bits.
fn namespace_of(pid: u32, namespace: u64) -> u64 {
    u64::from(pid) << 32 | namespace & u64::from(u32::MAX)
}

/// Leaves the store's name there.
pub(super) fn set_name<D: Disk>(disk: &D, file: &D::File, name: Nonce) -> io::Result<()> {
    disk.write_at(file, &name.0.to_le_bytes(), NAME_AT)
}

/// A name for a draft, as short as one word of the lock file.
pub(super) fn draft_name<D: Disk>(disk: &D) -> Nonce {
    Nonce(disk.nonce().0 >> 64 | 1)
}

/// Names a draft there before it is made, or none once it is the document.
pub(super) fn set_draft<D: Disk>(disk: &D, file: &D::File, draft: Option<Nonce>) -> io::Result<()> {
    let name = draft.and_then(|draft| u64::try_from(draft.0).ok());
    disk.write_at(file, &name.unwrap_or(0).to_le_bytes(), DRAFT_AT)
}
