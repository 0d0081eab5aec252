//! The key of one user's marks: 32 random bytes in a file outside of every store, so that who gets a store, or a backup of
//! one, can't try passwords against what it remembers of cleared secrets. It is one for all stores of a user, so a copy of a
//! store on the same machine goes on with it.
//!
//! Nothing rests on it but that. Where there is none and none can be made, marks stay plain; where it is lost, nobody can say
//! any more what a mark was of, and an import takes whatever comes from the source of what was cleared for that.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use credlatch_core::fingerprint::{AtHand, MarkKey};
use credlatch_core::state::State;

use super::paths::Paths;
use crate::key_file;
use crate::outside::{KEY, own_directory};
use crate::trusted::Distrust;

/// Where the key is, as one store uses it.
#[derive(Debug)]
pub struct Keys {
    file: Option<PathBuf>,
    /// The directory that may not hold it.
    home: Arc<Path>,
    /// Once it was read it stays the same for this store.
    known: OnceLock<MarkKey>,
}

impl Keys {
    /// The key in this file, for a store in this directory.
    pub fn at(file: Option<PathBuf>, home: impl Into<Arc<Path>>) -> Self {
        Self { file, home: home.into(), known: OnceLock::new() }
    }

    /// The state that was loaded, with the key at hand if some of its marks are keyed.
    pub fn beside(&self, paths: &Paths, state: State) -> State {
        if state.marks().all(|mark| mark.key.is_none()) {
            return state;
        }
        State { at_hand: AtHand(self.get(paths).ok().flatten()), ..state }
    }

    /// The state that is to be written, with its marks keyed if that can be done.
    pub fn keyed(&self, paths: &Paths, state: State) -> State {
        if !state.has_marks_to_key() {
            return state;
        }
        match self.ensure(paths) {
            Ok(key) => state.with_keyed_marks(&key),
            Err(_) => state,
        }
    }

    /// Why marks are not keyed here, as far as can be told without making anything.
    pub fn distrust(&self, paths: &Paths) -> Option<Distrust> {
        self.get(paths).err()
    }

    /// The key; none if nobody made one yet.
    pub fn get(&self, paths: &Paths) -> Result<Option<MarkKey>, Distrust> {
        if let Some(key) = self.known.get() {
            return Ok(Some(key.clone()));
        }
        let file = self.file.as_deref().ok_or_else(|| Distrust {
            what: KEY.why_none(),
            remedy: format!("name a file for it in {}", KEY.variable),
        })?;
        if let Some(store) = own_directory(file, &self.home, &paths.folder) {
            let what = format!("it would lie in the store's own directory, {}", store.display());
            return Err(Distrust { what, remedy: format!("name a file elsewhere in {}", KEY.variable) });
        }
        let Some(bytes) = key_file::read(file, "restore it; or move it away, and another is made")? else {
            return Ok(None);
        };
        Ok(Some(self.known.get_or_init(|| MarkKey::new(*bytes)).clone()))
    }

    /// The key; made if there is none. Of two who make one at the same time both get the one that was first.
    pub fn ensure(&self, paths: &Paths) -> Result<MarkKey, Distrust> {
        let failed = |error: &io::Error| Distrust {
            what: format!("it can't be made: {error}"),
            remedy: format!("name a file that can be written in {}", KEY.variable),
        };
        if let Some(key) = self.get(paths)? {
            return Ok(key);
        }
        let file = self.file.as_deref().ok_or(io::ErrorKind::NotFound).map_err(|kind| failed(&kind.into()))?;
        key_file::make(file).map_err(|error| failed(&error))?;
        self.get(paths)?.ok_or_else(|| failed(&io::ErrorKind::NotFound.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use credlatch_core::secret::{Secret, fingerprint};

    use super::*;
    use crate::key_file::KEY_BYTES;

    struct Place {
        folder: tempfile::TempDir,
        paths: Paths,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let home = folder.path().join("home");
            fs::create_dir_all(home.join("profiles")).unwrap();
            Self { paths: Paths::unlinked(&home.join("profiles/default.json")), folder }
        }

        fn keys(&self, file: &str) -> Keys {
            Keys::at(Some(self.folder.path().join(file)), self.folder.path().join("home"))
        }
    }

    #[test]
    fn all_who_make_a_key_at_once_get_the_same_and_it_is_private() {
        let place = Place::new();
        assert!(place.keys("state/key").get(&place.paths).unwrap().is_none());
        let made: Vec<_> = std::thread::scope(|scope| {
            let make = || place.keys("state/key").ensure(&place.paths).unwrap().id();
            let all: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(made.iter().all(|id| *id == made[0]));
        let folder = place.folder.path().join("state");
        let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((bits(&folder), bits(&folder.join("key"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        let again = place.keys("state/key").get(&place.paths).unwrap().unwrap();
        let print = fingerprint(&Secret::try_from("secret").unwrap());
        assert_eq!(again.keyed(print), place.keys("state/key").ensure(&place.paths).unwrap().keyed(print));
    }

    #[test]
    fn a_key_in_the_store_or_that_others_may_read_or_that_is_none_is_not_used() {
        let place = Place::new();
        let why = |keys: &Keys| keys.ensure(&place.paths).unwrap_err().what;
        for inside in ["home/key", "home/profiles/key", "home/new/key"] {
            assert!(why(&place.keys(inside)).contains("own directory"), "{inside}");
        }
        assert!(why(&Keys::at(None, PathBuf::new())).contains("wants none"));
        place.keys("key").ensure(&place.paths).unwrap();
        let file = place.folder.path().join("key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(why(&place.keys("key")).contains("others may read"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "0011", &"zz".repeat(KEY_BYTES)] {
            fs::write(&file, text).unwrap();
            assert!(why(&place.keys("key")).contains("holds no key"));
        }
    }
}
