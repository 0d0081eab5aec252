//! A store in a directory, for several processes; wrong ones lock nothing, or write a sign of life down in place of a lock.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use credlatch::Profile;
use credlatch::conformance::{Clause, Suite};
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, StoreError, StoreErrorKind,
    StoreHome, Stored,
};
use parking_lot::{Mutex, MutexGuard};
use rustix::fs::{FlockOperation, flock};

use crate::assert_kept;

/// Where the store is, and what is wrong with it: for the processes that the suite starts.
const WHERE: &str = "CONFORMANCE_FOLDER";
const WRONG: &str = "CONFORMANCE_WRONG";

/// What such a file says of an act that is over.
const OVER: &[u8] = b"over";

/// The locks between the threads of one process, for the store that has no other.
static THREADS: LazyLock<Mutex<BTreeMap<PathBuf, &'static Mutex<()>>>> = LazyLock::new(Mutex::default);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// It is right.
    Nothing,
    /// Only the threads of one process exclude each other.
    ThreadsOnly,
    /// An act is alive until its file says otherwise.
    SignWithoutLock,
}

#[derive(Clone)]
struct Folder(PathBuf, Wrong);

impl StoreHome for Folder {
    fn store(&self, profile: &Profile) -> Result<Arc<dyn ByteStore>, StoreError> {
        Ok(Arc::new(Store { base: self.0.join(profile.as_str()), wrong: self.1 }))
    }
}

struct Store {
    base: PathBuf,
    wrong: Wrong,
}

fn failed(error: &io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Failed, format!("the folder failed: {error}"), "this is a test")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|error| failed(&error)),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, path)).map_err(|error| failed(&error))
}

fn open(path: &Path) -> Result<File, StoreError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| failed(&error))
}

impl Store {
    fn path(&self, what: &str) -> PathBuf {
        let name = self.base.file_name().unwrap_or_default().to_string_lossy();
        self.base.with_file_name(format!("{name}-{what}"))
    }
}

impl ByteStore for Store {
    fn name(&self) -> String {
        self.base.display().to_string()
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        Ok(self.read()?.map(|stored| stored.id))
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        let Some(bytes) = read(&self.path("document"))? else { return Ok(None) };
        let (id, document) = bytes.split_first_chunk().expect("nobody else writes here");
        let id = CommitId::new(u64::from_le_bytes(*id)).expect("nobody else writes here");
        Ok(Some(Stored { id, document: document.to_vec().into() }))
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        let busy = || StoreError::new(StoreErrorKind::Busy, "the folder is locked", "try again");
        if self.wrong == Wrong::ThreadsOnly {
            let threads = *THREADS.lock().entry(self.base.clone()).or_insert_with(|| Box::leak(Box::default()));
            let alone = threads.try_lock_for(patience).ok_or_else(busy)?;
            return Ok(Box::new(Locked(self, Lock::Threads { _alone: alone })));
        }
        let (file, began) = (open(&self.path("lock"))?, Instant::now());
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if began.elapsed() >= patience {
                return Err(busy());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(Box::new(Locked(self, Lock::Processes { _file: file })))
    }

    fn begin_act(&self, act: ActId, _bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        let sign = self.path(&format!("{act}-sign"));
        let file = open(&sign)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| failed(&error.into()))?;
        let told = [self.path(&format!("{act}-note")), self.path(&format!("{act}-answer"))];
        Ok(Box::new(Guard { file, sign, told, wrong: self.wrong }))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        let sign = self.path(&format!("{act}-sign"));
        let told = [self.path(&format!("{act}-note")), self.path(&format!("{act}-answer"))];
        let is_alive = match File::open(&sign) {
            Ok(_) if self.wrong == Wrong::SignWithoutLock => read(&sign)?.as_deref() != Some(OVER),
            Ok(file) => flock(&file, FlockOperation::NonBlockingLockShared).is_err(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(&error)),
        };
        let [note, answer] = told;
        let (note, answer) = (read(&note)?, read(&answer)?.map(Into::into));
        let is_known = is_alive || sign.exists() || note.is_some() || answer.is_some();
        Ok(is_known.then_some(ActRecord { is_alive, note, answer }))
    }
}

enum Lock {
    Threads { _alone: MutexGuard<'static, ()> },
    Processes { _file: File },
}

struct Locked<'a>(&'a Store, #[expect(dead_code, reason = "it is held")] Lock);

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        self.0.read()
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let stands = self.0.read().map_err(CommitError::NotSaved)?.map(|stored| stored.id);
        if stands != commit.replaces {
            let error = StoreError::new(StoreErrorKind::Busy, "another commit stands", "try again");
            return Err(CommitError::NotSaved(error));
        }
        // Who locks nothing is overtaken here.
        sleep(Duration::from_millis(2));
        let mut bytes = commit.id.get().to_le_bytes().to_vec();
        bytes.extend_from_slice(commit.document);
        write(&self.0.path("document"), &bytes).map_err(CommitError::NotSaved)
    }
}

struct Guard {
    file: File,
    sign: PathBuf,
    told: [PathBuf; 2],
    wrong: Wrong,
}

impl ActGuard for Guard {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        write(&self.told[0], note)
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        write(&self.told[1], answer)
    }

    fn wipe(&self) {
        let _ = fs::remove_file(&self.told[1]);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.wrong == Wrong::SignWithoutLock {
            let _ = fs::write(&self.sign, OVER);
        }
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn suite(folder: &Folder) -> Suite<'_> {
    Suite::new(|| Arc::new(folder.clone()) as Arc<dyn StoreHome>).processes(|| {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "folder::a_process_that_the_suite_starts", "--nocapture", "--test-threads=1"]);
        command.env(WHERE, &folder.0).env(WRONG, (folder.1 as u8).to_string());
        command
    })
}

/// What the suite's processes do; by itself it does nothing.
#[test]
fn a_process_that_the_suite_starts() {
    let (Ok(folder), Ok(wrong)) = (std::env::var(WHERE), std::env::var(WRONG)) else { return };
    let wrong = match wrong.as_str() {
        "0" => Wrong::Nothing,
        "1" => Wrong::ThreadsOnly,
        _ => Wrong::SignWithoutLock,
    };
    assert!(suite(&Folder(folder.into(), wrong)).serve());
}

const NOT_ASKED: [Clause; 6] = [
    Clause::Listed,
    Clause::ReservationHolds,
    Clause::NotSaved,
    Clause::UnknownSettles,
    Clause::Troubles,
    Clause::CopyIsTold,
];

#[test]
fn a_sound_store_of_several_processes_keeps_every_clause() {
    let place = tempfile::tempdir().unwrap();
    assert_kept(&suite(&Folder(place.path().to_owned(), Wrong::Nothing)).run(), &NOT_ASKED);
}

#[test]
fn wrong_stores_of_processes_are_caught_by_their_clauses_alone() {
    for (wrong, breaks) in [(Wrong::ThreadsOnly, Clause::Processes), (Wrong::SignWithoutLock, Clause::EndsWithProcess)]
    {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder(place.path().to_owned(), wrong);
        let report = suite(&folder).run();
        assert_eq!(report.broken(), [breaks], "{report}");
        assert!(suite(&folder).without(breaks).run().is_kept(), "nothing else catches it");
    }
}
