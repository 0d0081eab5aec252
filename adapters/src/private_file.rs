//! Putting a small file of the home in place as a whole: whoever reads it sees what was there before, or all of what is new.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Replaces a file, for this user alone to read. Directories that are missing on the way are made, for this user alone too.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = folder.join(format!(".{}-{}-{number}.tmp", name.display(), std::process::id()));
    // One that a process of this number left when it died is in nobody's use.
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let saved = written.and_then(|()| fs::rename(&draft, path));
    if saved.is_err() {
        let _ = fs::remove_file(&draft);
    }
    saved.and_then(|()| File::open(folder)?.sync_all())
}
