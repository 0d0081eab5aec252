//! The other latches of this process that are on the same document: what a clear took away may be held by them too, and a
//! drain speaks for the whole process.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
#[cfg(all(feature = "file", unix))]
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::engine::Cleared;
use parking_lot::Mutex;

use super::Inner;
use crate::memory::MemoryStore;
#[cfg(all(feature = "file", unix))]
use crate::whole::whole;

/// Between two looks whether they still hold something.
const LOOK: Duration = Duration::from_millis(5);

/// All latches of this process, by the path of their document as it was given; as text, because paths are compared part by
/// part, and there may be thousands.
static ALL: LazyLock<Mutex<ByPath>> = LazyLock::new(Mutex::default);

type ByPath = HashMap<Arc<OsStr>, Vec<Weak<Inner>>>;

/// Which document a latch is on; nothing for one that no other latch can be on. Dropping it takes the latch off the list.
#[derive(Default)]
pub(super) struct DocumentId(Option<Arc<OsStr>>);

impl DocumentId {
    #[cfg(all(feature = "file", unix))]
    pub(super) fn at_path(document: Option<PathBuf>) -> Self {
        Self(document.map(|path| whole(path).into_os_string().into()))
    }

    /// That of a store in memory, which is told by where it is in memory, and by a name that no path has.
    pub(super) fn in_memory(store: &MemoryStore) -> Self {
        Self(Some(OsString::from(format!("\0memory {:x}", store.address())).into()))
    }

    /// That of a store of the program's own, by the name that it has.
    pub(super) fn named(name: &str) -> Self {
        Self(Some(OsString::from(format!("\0store {name}")).into()))
    }
}

impl Drop for DocumentId {
    fn drop(&mut self) {
        let Some(path) = &self.0 else { return };
        let mut all = ALL.lock();
        if let Some(here) = all.get_mut(path) {
            here.retain(|latch| latch.strong_count() > 0);
            if here.is_empty() {
                all.remove(path);
            }
        }
    }
}

impl Inner {
    /// Whether both are on one document, by the path as it was given.
    pub(super) fn is_on_document_of(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.document.0.is_some() && self.document.0 == other.document.0)
    }
}

/// Puts a latch on the list.
pub(super) fn register(inner: &Arc<Inner>) {
    if let Some(path) = &inner.document.0 {
        ALL.lock().entry(path.clone()).or_default().push(Arc::downgrade(inner));
    }
}

/// Those who may still hold what was cleared, with the readers of each that were under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Siblings(Vec<(Weak<Inner>, Vec<u64>)>);

impl Siblings {
    /// The other latches on this one's document, as they are right after a commit.
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        let Some(own) = &inner.document.0 else { return Self::default() };
        let same: Vec<Weak<Inner>> = {
            let all = ALL.lock();
            let here = all.iter().filter(|(path, _)| *path == own || leads_to_same(Path::new(path), Path::new(own)));
            here.flat_map(|(_, latches)| latches.iter().cloned()).collect()
        };
        let others = same.into_iter().filter(|latch| latch.as_ptr() != Arc::as_ptr(inner));
        let readers = |latch: Weak<Inner>| latch.upgrade().map(|other| (latch, other.engine.readers()));
        Self(others.filter_map(readers).collect())
    }

    /// Whether none of them holds it any more.
    pub(super) fn are_free_of(&self, cleared: &Cleared) -> bool {
        self.0.iter().all(|(latch, readers)| {
            latch.upgrade().is_none_or(|other| {
                // What it keeps for its readers counts as held, so it looks at the store again first.
                let _ = other.engine.snapshot();
                other.engine.is_free_of(cleared, readers)
            })
        })
    }

    /// Waits until [`Siblings::are_free_of`], at most so long. Returns whether they are.
    pub(super) fn drain(&self, cleared: &Cleared, timeout: Duration) -> bool {
        let began = Instant::now();
        loop {
            if self.are_free_of(cleared) {
                return true;
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::sleep(left.min(LOOK));
        }
    }
}

/// Whether two paths lead to one document by different links. Those of other names are other profiles: they aren't looked
/// at, because there may be thousands.
fn leads_to_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    one.file_name() == other.file_name() && real(one).is_some_and(|one| Some(one) == real(other))
}

#[cfg(all(test, feature = "file", unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use credlatch_core::secret::Secret;

    use super::*;
    use crate::{ErrorKind, Latch};

    #[test]
    fn a_drain_waits_for_every_latch_of_this_process_on_the_document() {
        let folder = tempfile::tempdir().unwrap();
        let (home, link) = (folder.path().join("home"), folder.path().join("link"));
        let open = |home: &Path| Latch::builder().home(home).open().unwrap();
        let first = open(&home);
        first.set("minimax", Secret::try_from("mm-1".to_owned()).unwrap()).unwrap();
        symlink(&home, &link).unwrap();
        for second in [open(&home), open(&link)] {
            first.set("minimax", Secret::try_from("mm-1".to_owned()).unwrap()).unwrap();
            let held = second.current("minimax").unwrap();
            let cleared = first.clear("minimax").unwrap();
            assert!(!cleared.is_drained());
            assert_eq!(cleared.drain(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Busy);
            drop(held);
            cleared.drain(Duration::from_secs(10)).unwrap();
            assert!(cleared.is_drained());
        }
        // What nobody has open is nobody's concern, and another home is another store.
        let other = open(&folder.path().join("other"));
        other.set("minimax", Secret::try_from("mm-1".to_owned()).unwrap()).unwrap();
        let _held = other.current("minimax").unwrap();
        first.set("minimax", Secret::try_from("mm-1".to_owned()).unwrap()).unwrap();
        assert!(first.clear("minimax").unwrap().is_drained());
    }

    #[test]
    fn a_latch_that_is_gone_is_on_no_list() {
        let home = tempfile::tempdir().unwrap();
        let latch = Latch::builder().home(home.path()).open().unwrap();
        let path = latch.0.document.0.clone().unwrap();
        assert!(ALL.lock().contains_key(&path));
        drop(latch);
        assert!(!ALL.lock().contains_key(&path));
    }
}
