//! What would keep a move from being remembered, as far as can be told without writing anything.

use std::io;

use credlatch_core::port::StoreError;
#[cfg(feature = "doctor")]
use credlatch_core::port::StoreErrorKind;
use rustix::fs::Access;

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
        let space = RealDisk.space(there).ok().flatten();
        if space.is_some_and(|space| space.is_read_only || space.free == 0) {
            return Err(trouble("write to", there, &io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        Ok(())
    }
}
