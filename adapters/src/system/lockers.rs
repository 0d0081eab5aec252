//! Which processes have a file's lock, for people who want to know whom to look at. A lock that a fork inherited has several,
//! and the one that took it may be none of them. Best effort, and nothing is decided by it: only Linux says, only of this
//! user's processes, and only of those of this pid namespace.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::process;
use crate::codec::FileId;

/// The processes that have the lock of the file at this path, the lowest number first; none where that can't be told.
pub fn pids(path: &Path) -> Vec<u32> {
    let Ok(metadata) = fs::metadata(path) else { return Vec::new() };
    let file_id = FileId { dev: metadata.dev(), ino: metadata.ino() };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut lockers: Vec<u32> = pids.filter(|pid| is_one(*pid, file_id)).collect();
    lockers.sort_unstable();
    lockers
}

/// Whether the process has the lock of that file.
pub fn is_one(pid: u32, file_id: FileId) -> bool {
    if !process::is_proc_ours() {
        return false;
    }
    let of = Path::new("/proc").join(pid.to_string());
    let open = fs::read_dir(of.join("fd")).into_iter().flatten().flatten();
    open.into_iter().any(|fd| {
        let is_it = fs::metadata(fd.path())
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == (file_id.dev, file_id.ino));
        // proc(5): the locks that were taken through this very opening of the file.
        is_it && fs::read_to_string(of.join("fdinfo").join(fd.file_name())).is_ok_and(|info| info.contains("FLOCK"))
    })
}
