//! Wrong stores: the shipped protocol with one of its steps left out, swapped or bent on the way to the machine.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use credlatch::file::disk::{Hold, Metadata, Open};
use rustix::io::Errno;

use super::calls::Handle;
use super::left::{ANSWER_AT, NOTE_AT};
use super::observe::{CLAIMS, FOLDER};
use super::process::Process;

/// What a wrong store does differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The draft is not synced.
    NoFileSync,
    /// The draft is synced only after it was renamed.
    SyncAfterRename,
    /// The directory is not synced.
    NoFolderSync,
    /// The directory is not synced by the commit of a claim.
    ClaimNotSynced,
    /// The word says that all is well before the directory is synced.
    EvenBeforeFolderSync,
    /// The word does not say that a commit is under way.
    NeverOdd,
    /// A word that a dead writer left odd is taken for settled by whoever locks next.
    NoHeal,
    /// Readers keep the first word they read.
    WordReadOnce,
    /// The document is overwritten in its place.
    InPlace,
    /// The document is removed before the draft takes its name.
    RemoveThenRename,
    /// What was reserved and not needed stays in the document, as zeros.
    KeepsSpareRoom,
    /// Nobody looks whether the lock file and the document are still the same before the renaming.
    NoRecheck,
    /// Locks are granted to everybody.
    LocksNobodyOut,
    /// The lock is given up before the renaming.
    UnlocksEarly,
    /// A document that doesn't parse is taken for one that isn't there.
    TornIsAbsent,
    /// Whoever isn't in the process table counts as dead, though the sign of life is locked; and this process, in a pid
    /// namespace of its own, sees nobody else in it. No crash shows that, because nobody lives on beside one.
    PidOverLock,
    /// What was granted is wiped before the document that holds it takes its place.
    WipesEarly,
    /// What was granted is written into the draft of the settlement, which overwrites it.
    AnswerInDraft,
    /// That a token is about to leave is noted after it was sent.
    NotesLate,
    /// The draft is renamed before all of it is written.
    RenamesEarly,
    /// The draft of a `.env` file is renamed before the store commits.
    RenamesBeforeTheStore,
    /// The file that takes the place of another doesn't get its permissions.
    ForgetsAccess,
    /// What a crash left is not looked for.
    SweepsNothing,
}

/// What a wrong store remembers.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) metadata: BTreeMap<PathBuf, Metadata>,
    word: Option<[u8; 8]>,
    is_claim: bool,
    locked: Option<(u64, u64)>,
    note: Option<Vec<u8>>,
    rest: Option<Vec<u8>>,
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The file that this one is a draft of, if it is one.
fn drafted(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (of, _) = name.split_once(".credlatch-")?;
    Some(path.with_file_name(of))
}

fn is_draft(path: &Path) -> bool {
    is(path, "tmp") || drafted(path).is_some()
}

impl Wrong {
    /// Whether it is about who else writes, which no crash shows.
    pub(crate) fn is_about_others(self) -> bool {
        matches!(self, Self::NoRecheck | Self::LocksNobodyOut | Self::UnlocksEarly | Self::TornIsAbsent)
    }

    /// Whether it is about notes and answers, which a kill shows.
    pub(crate) fn is_about_what_is_left(self) -> bool {
        matches!(self, Self::WipesEarly | Self::AnswerInDraft | Self::NotesLate)
    }

    pub(crate) fn open(self, on: &Process, path: &Path, how: Open) -> io::Result<Handle> {
        if self == Self::TornIsAbsent && is(path, "json") {
            let world = on.machine.world();
            let bytes = super::disk::file_at(&world.files.nodes, path);
            if bytes.is_some_and(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).is_err()) {
                return Err(Errno::NOENT.into());
            }
        }
        on.machine.open(path, how)
    }

    pub(crate) fn read(self, on: &Process, file: &Handle, into: &mut [u8], at: u64) {
        // A writer reads the boot beside the word as well.
        let Some(word) = into.get_mut(..8).filter(|_| is(&file.path, "lock") && at == 0) else { return };
        match self {
            Self::NoHeal if file.writes => word[0] &= !1,
            Self::WordReadOnce if !file.writes => {
                let first = *on.memory.lock().unwrap().word.get_or_insert_with(|| (&*word).try_into().unwrap());
                word.copy_from_slice(&first);
            }
            _ => {}
        }
    }

    pub(crate) fn write_at(self, on: &Process, file: &Handle, bytes: &[u8], at: u64) -> io::Result<()> {
        let is_sign = file.path.parent() == Some(Path::new(CLAIMS)) && bytes.iter().any(|byte| *byte != 0);
        match self {
            Self::NotesLate if is_sign && at == NOTE_AT => {
                on.memory.lock().unwrap().note = Some(bytes.to_vec());
                return Ok(());
            }
            Self::NotesLate if is_sign && at == ANSWER_AT => {
                let note = on.memory.lock().unwrap().note.take().unwrap_or_default();
                on.machine.write_at(file, &note, NOTE_AT)?;
            }
            Self::AnswerInDraft if is_sign && at == ANSWER_AT => {
                let draft = on
                    .machine
                    .list(Path::new(FOLDER))?
                    .into_iter()
                    .find(|name| Path::new(name).extension() == Some("tmp".as_ref()));
                let draft = Path::new(FOLDER).join(draft.ok_or(Errno::NOENT)?);
                return on.machine.write_at(&on.machine.open(&draft, Open::Write)?, bytes, at);
            }
            Self::RenamesEarly if is_draft(&file.path) => {
                on.memory.lock().unwrap().rest = Some(bytes.to_vec());
                return on.machine.write_at(file, &bytes[..bytes.len() / 2], at);
            }
            _ => {}
        }
        let is_odd_word = is(&file.path, "lock") && at == 0 && bytes[0] % 2 == 1;
        if self == Self::NeverOdd && is_odd_word { Ok(()) } else { on.machine.write_at(file, bytes, at) }
    }

    pub(crate) fn sync(self, on: &Process, file: &Handle) -> io::Result<()> {
        if matches!(self, Self::NoFileSync | Self::SyncAfterRename) && is_draft(&file.path) {
            return Ok(());
        }
        on.machine.sync(file)?;
        if let (Self::RenamesBeforeTheStore, Some(of)) = (self, drafted(&file.path)) {
            on.machine.rename(&file.path, &of)?;
        }
        if let (Self::UnlocksEarly, Some((ino, number))) = (self, on.memory.lock().unwrap().locked) {
            on.machine.release(ino, number);
        }
        Ok(())
    }

    pub(crate) fn sync_folder(self, on: &Process, path: &Path) -> io::Result<()> {
        match self {
            Self::NoFolderSync => Ok(()),
            Self::ClaimNotSynced if on.memory.lock().unwrap().is_claim => Ok(()),
            _ => on.machine.sync_folder(path),
        }
    }

    pub(crate) fn try_lock(self, on: &Process, file: &Handle, how: Hold) -> io::Result<bool> {
        let is_probe = how == Hold::Shared && file.path.parent() == Some(Path::new(CLAIMS));
        if self == Self::LocksNobodyOut || (self == Self::PidOverLock && is_probe) {
            return Ok(true);
        }
        if is(&file.path, "lock") {
            on.memory.lock().unwrap().locked = Some((file.ino, file.number));
        }
        on.machine.try_lock(file, how)
    }

    pub(crate) fn rename(self, on: &Process, from: &Path, to: &Path) -> io::Result<()> {
        if self == Self::ClaimNotSynced {
            let draft = super::disk::file_at(&on.machine.world().files.nodes, from).map(|bytes| bytes.to_vec());
            let draft = String::from_utf8(draft.unwrap_or_default()).unwrap();
            on.memory.lock().unwrap().is_claim = draft.contains("\"rotating\"");
        }
        if self == Self::WipesEarly {
            for name in on.machine.list(Path::new(CLAIMS)).unwrap_or_default() {
                let sign = on.machine.open(&Path::new(CLAIMS).join(name), Open::Write)?;
                if on.machine.metadata(&sign)?.size > ANSWER_AT {
                    on.machine.write_at(&sign, &[0; 512], ANSWER_AT)?;
                }
            }
        }
        let there = on.machine.open(to, Open::Write).ok();
        match (self, there) {
            (Self::InPlace, Some(document)) => {
                let bytes = super::disk::file_at(&on.machine.world().files.nodes, from).unwrap().to_vec();
                on.machine.set_length(&document, 0, false)?;
                on.machine.write_at(&document, &bytes, 0)?;
                on.machine.sync(&document)?;
                on.machine.remove(from)
            }
            (Self::RemoveThenRename, Some(_)) => {
                on.machine.remove(to)?;
                on.machine.rename(from, to)
            }
            (Self::SyncAfterRename, _) => {
                on.machine.rename(from, to)?;
                on.machine.sync(&on.machine.open(to, Open::Read)?)
            }
            (Self::RenamesEarly, _) => {
                on.machine.rename(from, to)?;
                let rest = on.memory.lock().unwrap().rest.take().unwrap_or_default();
                let file = on.machine.open(to, Open::Write)?;
                on.machine.write_at(&file, &rest, 0)?;
                on.machine.sync(&file)
            }
            (Self::EvenBeforeFolderSync, _) => {
                on.machine.rename(from, to)?;
                let lock = on.machine.open(&to.with_extension("lock"), Open::Write)?;
                let mut word = [0; 8];
                on.machine.read_at(&lock, &mut word, 0)?;
                word[0] &= !1;
                on.machine.write_at(&lock, &word, 0)
            }
            _ => on.machine.rename(from, to),
        }
    }
}

/// Each of them, with the law that it breaks.
pub(crate) const WRONGS: &[(Wrong, Option<u8>)] = &[
    (Wrong::NoFileSync, Some(8)),
    (Wrong::SyncAfterRename, Some(8)),
    (Wrong::NoFolderSync, Some(7)),
    (Wrong::ClaimNotSynced, Some(3)),
    (Wrong::EvenBeforeFolderSync, Some(7)),
    (Wrong::NeverOdd, Some(7)),
    (Wrong::NoHeal, Some(7)),
    (Wrong::WordReadOnce, Some(7)),
    (Wrong::InPlace, Some(8)),
    (Wrong::RemoveThenRename, Some(7)),
    (Wrong::KeepsSpareRoom, Some(8)),
    (Wrong::NoRecheck, Some(16)),
    (Wrong::LocksNobodyOut, Some(7)),
    (Wrong::UnlocksEarly, Some(7)),
    (Wrong::TornIsAbsent, Some(16)),
    (Wrong::WipesEarly, Some(5)),
    (Wrong::AnswerInDraft, Some(5)),
    (Wrong::NotesLate, Some(4)),
];
