//! What would keep a move from being remembered, or from staying so, as far as can be told without writing anything.

use std::io;

use credlatch_core::port::{Clock, StoreError, StoreErrorKind};
use rustix::fs::Access;
use rustix::io::Errno;

use super::super::disk::{Disk, Hold, Open};
use super::super::errors::io_error;
use super::super::paths::Paths;
use super::{PATIENCE_MS, PAUSE_MS, Record};
use crate::files::{Files, RealDisk};
use crate::outside::CLAIMS;
use crate::system::lockers;
use crate::trusted::{self, Distrust};

/// How long the lock is looked at before it counts as held, in milliseconds: a line takes a few.
const HELD_MS: u64 = 250;

impl Record {
    /// Why moves are not remembered, if they aren't.
    pub fn trouble_of(record: Option<&Self>, paths: &Paths) -> Option<StoreError> {
        let Some(record) = record else {
            let remedy = format!("name a file for it in {}", CLAIMS.variable);
            return Some(StoreError::new(StoreErrorKind::Failed, CLAIMS.why_none(), remedy));
        };
        record.can_be_kept(paths).err()
    }

    /// Whether a move could be remembered.
    pub fn can_be_kept(&self, paths: &Paths) -> Result<(), StoreError> {
        self.is_outside(paths)?;
        self.read()?;
        let there = self.path.ancestors().skip(1).find(|path| path.exists()).unwrap_or(&self.path);
        if !there.is_dir() {
            return Err(io_error("make a directory in", there, &io::ErrorKind::NotADirectory.into()));
        }
        let allowed = rustix::fs::access(there, Access::WRITE_OK);
        allowed.map_err(|error| io_error("write to", there, &error.into()))?;
        match RealDisk.space(there).ok().flatten() {
            Some(space) if space.is_read_only => return Err(io_error("write to", there, &Errno::ROFS.into())),
            Some(space) if space.free == 0 => return Err(io_error("write to", there, &Errno::NOSPC.into())),
            _ => {}
        }
        self.is_lock_free()
    }

    /// Who else could take away what is remembered, if anybody could: a file is removed by whoever may write to its directory.
    pub fn can_be_taken(&self) -> Option<Distrust> {
        trusted::way(&self.path).err()
    }

    /// Refuses a lock that somebody holds on to. Nobody else's try fails by this look: it is shared, and given up at once.
    fn is_lock_free(&self) -> Result<(), StoreError> {
        let (disk, path) = (&RealDisk, self.beside(".lock"));
        let Some(lock) = self.open_lock(Open::Read)? else { return Ok(()) };
        let failed = |error: io::Error| io_error("look at the lock", &path, &error);
        let deadline = disk.now().patience(HELD_MS);
        while !disk.try_lock(&lock, Hold::Shared).map_err(failed)? {
            if deadline.is_over(&disk.now()) {
                return Err(self.held());
            }
            disk.pause(PAUSE_MS);
        }
        disk.unlock(&lock).map_err(failed)
    }

    fn held(&self) -> StoreError {
        let path = self.beside(".lock");
        let holder = lockers::pids(&path).first().copied();
        let (who, remedy) = match holder {
            Some(pid) => (format!("process {pid}"), format!("look at process {pid}: it may be stopped")),
            None => {
                ("another process".to_owned(), "look again; if it stays so, find who has that file locked".to_owned())
            }
        };
        let path = path.display();
        let waits_ms = 2 * PATIENCE_MS;
        let what =
            format!("{path} has been locked by {who} for {HELD_MS} ms, and each rotation waits {waits_ms} ms for it");
        StoreError::new(StoreErrorKind::Busy, what, remedy)
    }
}
