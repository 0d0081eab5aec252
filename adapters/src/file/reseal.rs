//! Committing what stands once more, under another key or none.

use credlatch_core::port::{CommitError, Locked, Store, StoreError, StoreErrorKind};
use credlatch_core::state::Nonce;

use super::FileStore;
use crate::codec::KeyId;
use crate::docfile::claims;
use crate::docfile::disk::Disk;
use crate::system::lockers;

/// How often it is looked who has a sign of life that is certainly there.
const LOOKS: usize = 3;

impl<D: Disk> FileStore<D> {
    /// Seals what stands with this key, or takes its seal off. Returns whether it was otherwise before; nothing is made where there is
    /// no document.
    ///
    /// # Errors
    /// Somebody is at work, and could not write down under the new key what it brings home; or as those of any commit.
    pub fn reseal(&self, key: Option<KeyId>, patience_ms: u64) -> Result<bool, CommitError> {
        let (disk, paths) = (&*self.disk, self.paths().map_err(CommitError::NotSaved)?);
        claims::wait_for_all(disk, &paths, patience_ms).map_err(CommitError::NotSaved)?;
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        claims::wait_for_all(disk, &paths, 0).map_err(CommitError::NotSaved)?;
        let loaded = locked.load().map_err(CommitError::NotSaved)?;
        if loaded.id.is_none() || self.sealing.standing() == key {
            return Ok(false);
        }
        if loaded.state.claims().next().is_some() {
            let what = format!("an exchange of {} has no end yet", paths.document.display());
            let remedy = "try again in a minute";
            return Err(CommitError::NotSaved(StoreError::new(StoreErrorKind::Busy, what, remedy)));
        }
        if let Some(base) = &mut locked.base {
            base.head.seal = key;
        }
        locked.commit(&loaded.state, None)?;
        Ok(true)
    }

    /// Whether some act goes on here that a reseal would wait for, and the processes that have a sign of life or the lock, as far as
    /// that can be told.
    pub fn at_work(&self) -> Option<Vec<u32>> {
        let (disk, paths) = (&*self.disk, self.paths().ok()?);
        let names = disk.list(&paths.claims).unwrap_or_default().into_iter();
        let signs: Vec<Nonce> = names.filter_map(|name| Nonce::try_from(name).ok()).collect();
        let own = std::process::id();
        let is_alive =
            |name: &&Nonce| claims::is_alive(disk, &paths, &disk.process().acting_as(**name)).unwrap_or(false);
        let is_own = |name: &Nonce| lockers::pids(&paths.claim(*name)) == [own];
        let alive: Vec<&Nonce> = signs.iter().filter(is_alive).filter(|name| !is_own(name)).collect();
        let look = || {
            let files = alive.iter().map(|name| paths.claim(**name)).chain([paths.lock.clone()]);
            let mut pids: Vec<u32> = files.flat_map(|file| lockers::pids(&file)).collect();
            pids.sort_unstable();
            pids.dedup();
            pids.retain(|pid| *pid != own);
            pids
        };
        // Where very many processes come and go, a look at all of them may miss one that is there all the time.
        let looks = if alive.is_empty() { 1 } else { LOOKS };
        let pids = (0..looks).map(|_| look()).find(|pids| !pids.is_empty()).unwrap_or_default();
        (!alive.is_empty() || !pids.is_empty()).then_some(pids)
    }
}
