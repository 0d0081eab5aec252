//! What would keep a move from being remembered, as far as can be told without writing anything.

use std::io;

use credlatch_core::port::StoreError;
#[cfg(feature = "doctor")]
use credlatch_core::port::StoreErrorKind;
use rustix::fs::Access;
use rustix::io::Errno;

use super::super::disk::Disk;
#[cfg(feature = "doctor")]
use super::super::outside::CLAIMS;
use super::super::paths::Paths;
use super::super::real::RealDisk;
use super::super::trouble::trouble;
use super::Record;

impl Record {
    /// Why moves are not remembered, if they aren't.
    #[cfg(feature = "doctor")]
    pub(crate) fn trouble_of(record: Option<&Self>, paths: &Paths) -> Option<StoreError> {
        let Some(record) = record else {
            let remedy = format!("name a file for it in {}", CLAIMS.variable);
            return Some(StoreError::new(StoreErrorKind::Failed, CLAIMS.why_none(), remedy));
        };
        record.can_be_kept(paths).err()
    }

    /// Whether a move could be remembered.
    pub(crate) fn can_be_kept(&self, paths: &Paths) -> Result<(), StoreError> {
        self.is_outside(paths)?;
        self.read()?;
        let there = self.path.ancestors().skip(1).find(|path| path.exists()).unwrap_or(&self.path);
        if !there.is_dir() {
            return Err(trouble("make a directory in", there, &io::ErrorKind::NotADirectory.into()));
        }
        let allowed = rustix::fs::access(there, Access::WRITE_OK);
        allowed.map_err(|error| trouble("write to", there, &error.into()))?;
        match RealDisk.space(there).ok().flatten() {
            Some(space) if space.is_read_only => return Err(trouble("write to", there, &Errno::ROFS.into())),
            Some(space) if space.free == 0 => return Err(trouble("write to", there, &Errno::NOSPC.into())),
            _ => {}
        }
        Ok(())
    }
}
