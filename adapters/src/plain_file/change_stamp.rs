//! What a file is, apart from its content.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChangeStamp {
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    /// Unlike the time of modification this can't be set by a program.
    pub(crate) changed: Option<SystemTime>,
    /// Device and inode, where the platform has them.
    pub(crate) identity: (u64, u64),
}

impl ChangeStamp {
    #[cfg(unix)]
    pub(crate) fn new(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let since = |secs: i64, nanos: i64| Some(Duration::new(secs.try_into().ok()?, nanos.try_into().ok()?));
        Self {
            size: meta.len(),
            modified: meta.modified().ok(),
            changed: since(meta.ctime(), meta.ctime_nsec()).and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
            identity: (meta.dev(), meta.ino()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn new(meta: &Metadata) -> Self {
        let modified = meta.modified().ok();
        Self { size: meta.len(), modified, changed: modified, identity: (0, 0) }
    }

    /// The stamp of what is at this path now, symbolic links followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|meta| Self::new(&meta))
    }

    /// Whether the last change is at least so long ago. File systems count time in ticks, so of two changes within one
    /// tick the second looks like the first.
    pub(crate) fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        let is_old =
            |at: Option<SystemTime>| at.is_some_and(|at| now.duration_since(at).is_ok_and(|passed| passed >= age));
        is_old(self.modified) && is_old(self.changed)
    }
}
