//! The profiles of one home, for a program that serves many.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::name::ProfileName;
use lru::LruCache;
use parking_lot::Mutex;

use super::{Builder, Latch, Scope};
use crate::error::{Error, ErrorKind};
use crate::memory::MemoryHome;
use crate::store::StoreHome;

/// How many profiles are kept open unless said. Each costs a file descriptor and what it holds in memory.
const KEPT_OPEN: usize = 256;
/// How many are asked whether they can be closed, each time one is opened: a crowd that is in use is not searched.
const TRIES: usize = 8;

/// A directory of profiles. What happens in one profile can't reach another. Clones are the same handle.
///
/// ```no_run
/// # fn main() -> Result<(), credlatch::Error> {
/// let profiles = credlatch::Profiles::open("/var/lib/agents")?;
/// let key = profiles.profile("alice")?.token("minimax")?;   // for each request anew: it costs a look at a map
/// # Ok(())
/// # }
/// ```
///
/// There may be any number of profiles: the few that were used last are kept open. One that somebody still has in hand, or
/// that has a login or a rotation under way, is not closed, so a profile never has two latches here and
/// [`Cleared::drain`](crate::Cleared::drain) misses nobody.
#[derive(Clone)]
pub struct Profiles(Arc<Shared>);

struct Shared {
    home: Home,
    template: Builder,
    open: Mutex<Open>,
}

enum Home {
    Disk(PathBuf),
    Memory(MemoryHome),
    Stores(Arc<dyn StoreHome>),
}

struct Open {
    latches: LruCache<ProfileName, Latch>,
    kept: usize,
}

impl Profiles {
    /// The profiles in this directory; [`default_home`](crate::default_home) is the usual one. Nothing is created. With
    /// other settings than the usual: [`Builder::profiles`].
    ///
    /// # Errors
    /// The home is no directory.
    pub fn open(home: impl AsRef<Path>) -> Result<Self, Error> {
        Builder::default().home(home).profiles()
    }

    pub(super) fn from_template(template: Builder, home: PathBuf) -> Result<Self, Error> {
        if home.exists() && !home.is_dir() {
            let what = format!("{} is not a directory", home.display());
            return Err(Error::new(ErrorKind::Unreadable, what, "give another home"));
        }
        let template = template.home(&home);
        Ok(Self::sharing(Home::Disk(home), template))
    }

    /// The profiles of a home in memory.
    pub(super) fn in_home(template: Builder, home: MemoryHome) -> Self {
        Self::sharing(Home::Memory(home), template)
    }

    /// The profiles of stores of the program's own.
    pub(super) fn in_stores(template: Builder, home: Arc<dyn StoreHome>) -> Self {
        Self::sharing(Home::Stores(home), template)
    }

    fn sharing(home: Home, template: Builder) -> Self {
        let open = Mutex::new(Open { latches: LruCache::unbounded(), kept: KEPT_OPEN });
        Self(Arc::new(Shared { home, template, open }))
    }

    /// Profiles that keep nothing, for tests. With other settings than the usual, a clock or an issuer of a test's own:
    /// [`Builder::memory`] and [`Builder::profiles`].
    ///
    /// ```
    /// use credlatch::{ErrorKind, Profiles, Secret};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let profiles = Profiles::in_memory();
    /// profiles.profile("alice")?.set("minimax", Secret::try_from("mm-alice")?)?;
    /// assert_eq!(profiles.scope("alice").token("minimax")?.expose_secret(), "mm-alice");
    /// assert_eq!(profiles.scope("bob").token("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    /// # Ok(())
    /// # }
    /// ```
    pub fn in_memory() -> Self {
        let home = MemoryHome::new();
        Self::in_home(Builder::default().memory(&home), home)
    }

    /// How many profiles are kept open; 256 unless said. More may be open while they are in use.
    #[must_use]
    pub fn keep_open(self, profiles: usize) -> Self {
        self.0.open.lock().kept = profiles.max(1);
        self
    }

    /// One of them; it need not exist yet. Nothing is read before it is used, so this blocks nobody.
    ///
    /// # Errors
    /// The name can't be a profile's.
    pub fn profile(&self, name: &str) -> Result<Latch, Error> {
        let mut open = self.0.open.lock();
        if let Some(latch) = open.latches.get(name) {
            return Ok(latch.clone());
        }
        let name = ProfileName::new(name)?;
        let latch = self.0.template.clone().profile(name.clone()).open()?;
        open.latches.push(name, latch.clone());
        let idle = open.close_idle();
        drop(open);
        drop(idle);
        Ok(latch)
    }

    /// What a request, a thread or a detached worker of this profile carries. An error while entering stays in the scope,
    /// so that everything asked of it fails.
    pub fn scope(&self, name: &str) -> Scope {
        Scope::from(self.profile(name))
    }

    /// How many profiles are open now.
    pub fn count_open(&self) -> usize {
        self.0.open.lock().latches.len()
    }

    /// Those that exist, by name.
    ///
    /// # Errors
    /// The directory can't be read; or the program's own store can't tell.
    pub fn list(&self) -> Result<Vec<ProfileName>, Error> {
        match &self.0.home {
            Home::Disk(home) => listed(home),
            Home::Memory(home) => Ok(home.profiles()),
            Home::Stores(home) => home.profiles()?.ok_or_else(|| {
                Error::new(ErrorKind::Usage, "this store can't list its profiles", "keep a list of them beside it")
            }),
        }
    }
}

/// The profiles of a home that exist, by name.
pub(crate) fn listed(home: &Path) -> Result<Vec<ProfileName>, Error> {
    with_files(home, &[".json"])
}

/// The same, and those that somebody has begun to make.
#[cfg(feature = "seal")]
pub(super) fn begun(home: &Path) -> Result<Vec<ProfileName>, Error> {
    with_files(home, &[".json", ".lock"])
}

/// The profiles that have a file with one of these ends.
fn with_files(home: &Path, ends: &[&str]) -> Result<Vec<ProfileName>, Error> {
    let folder = home.join("profiles");
    let unreadable = |error: io::Error| {
        let what = format!("could not list {}: {error}", folder.display());
        Error::new(ErrorKind::Unreadable, what, "look who owns it, and what is at that path")
    };
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(unreadable)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let file = entry.map_err(unreadable)?.file_name();
        let stem = file.to_str().and_then(|name| ends.iter().find_map(|end| name.strip_suffix(end)));
        // Drafts and what people put here have names that no profile can have.
        names.extend(stem.and_then(|stem| ProfileName::new(stem).ok()));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

impl Open {
    /// Takes out what is too many, those first that were used least recently. One that is in use counts as used now.
    fn close_idle(&mut self) -> Vec<Latch> {
        let mut idle = Vec::new();
        for _ in 0..TRIES {
            if self.latches.len() <= self.kept {
                break;
            }
            match self.latches.pop_lru() {
                Some((_, latch)) if latch.is_only_kept() => idle.push(latch),
                Some((name, latch)) => drop(self.latches.push(name, latch)),
                None => break,
            }
        }
        idle
    }
}

impl Latch {
    /// Whether this is the only handle, no credential needs it, and nothing would end with it. Who keeps it hands out clones under a lock, so that
    /// nobody can get one meanwhile.
    fn is_only_kept(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && self.0.counters.are_idle() && !self.is_at_work()
    }
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Profiles");
        match &self.0.home {
            Home::Disk(home) => shown.field("home", home),
            Home::Memory(home) => shown.field("home", home),
            Home::Stores(_) => &mut shown,
        };
        shown.field("open", &self.count_open()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credlatch_core::secret::Secret;

    #[test]
    fn a_profile_is_listed_once_it_holds_something() {
        let home = tempfile::tempdir().unwrap();
        let profiles = Profiles::open(home.path().join("none yet")).unwrap();
        assert!(profiles.list().unwrap().is_empty());
        for name in ["work", "alice"] {
            profiles.profile(name).unwrap().set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
        }
        let names: Vec<String> = profiles.list().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["alice", "work"]);
    }

    #[test]
    fn what_was_used_least_recently_is_closed_and_what_is_in_use_is_not() {
        let home = tempfile::tempdir().unwrap();
        let profiles = Profiles::open(home.path()).unwrap().keep_open(2);
        let alice = profiles.profile("alice").unwrap();
        for name in ["bob", "carol", "dave"] {
            profiles.profile(name).unwrap();
        }
        assert_eq!(profiles.count_open(), 2);
        assert!(Arc::ptr_eq(&alice.0, &profiles.profile("alice").unwrap().0), "one latch for one profile");
        drop(alice);
        let bob = profiles.profile("bob").unwrap();
        let carol = profiles.profile("carol").unwrap();
        let names: Vec<_> = profiles.0.open.lock().latches.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["carol", "bob"]);
        let _dave = profiles.profile("dave").unwrap();
        assert_eq!(profiles.count_open(), 3, "all are in use");
        drop((bob, carol));
        profiles.profile("erin").unwrap();
        assert_eq!(profiles.count_open(), 2);
    }
}
