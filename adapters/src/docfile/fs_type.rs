//! Which file system a path is on, by the kernel's magic numbers (statfs(2), linux/magic.h).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use parking_lot::Mutex;

/// File systems of this machine alone, whose locks and renames the kernel itself keeps. Only these are trusted: what isn't
/// known may be shared over a network or served by another process, and its locks may reach nobody.
const LOCAL: &[(u32, &str)] = &[
    (0x0000_ef53, "ext4"),
    (0x5846_5342, "XFS"),
    (0x9123_683e, "Btrfs"),
    (0x2fc1_2fc1, "ZFS"),
    (0xf2f5_2010, "F2FS"),
    (0xca45_1a4e, "bcachefs"),
    (0x3153_464a, "JFS"),
    (0x5265_4973, "ReiserFS"),
    (0x0000_3434, "NILFS"),
    (0xe0f5_e1e2, "EROFS"),
    (0x794c_7630, "overlayfs"),
    (0x0102_1994, "tmpfs"),
    (0x8584_58f6, "ramfs"),
    (0x0000_4d44, "FAT"),
    (0x2011_bab0, "exFAT"),
    (0x7366_746e, "NTFS"),
];

/// What is known to be shared or served, by a name that people know.
const SHARED: &[(u32, &str)] = &[
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0000_564c, "NCP"),
    (0x00c3_6400, "Ceph"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

/// The file system's name, unless it is one whose locks are known to hold.
pub(super) fn untrusted(path: &Path) -> io::Result<Option<&'static str>> {
    let fs_type = fs_type(path)?;
    Ok(if name_in(LOCAL, fs_type).is_some() { None } else { Some(name(path, fs_type)) })
}

/// The file system's name.
pub(super) fn named(path: &Path) -> io::Result<Option<&'static str>> {
    let fs_type = fs_type(path)?;
    Ok(Some(name_in(LOCAL, fs_type).unwrap_or_else(|| name(path, fs_type))))
}

fn fs_type(path: &Path) -> io::Result<u32> {
    // The kernel's magic numbers have 32 bits; the field's type differs from platform to platform.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(rustix::fs::statfs(path)?.f_type as u32)
}

fn name_in(table: &[(u32, &'static str)], fs_type: u32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == fs_type).map(|(_, name)| *name)
}

/// What one that isn't known to be local is called: as people do, as the kernel's list of mounts does, or by its number.
fn name(path: &Path, fs_type: u32) -> &'static str {
    name_in(SHARED, fs_type).unwrap_or_else(|| {
        let number = format!("file system {fs_type:#x}");
        let mounts = fs::read("/proc/self/mountinfo").ok();
        let device = fs::metadata(path).ok().map(|metadata| metadata.dev());
        let kind = mounts.as_deref().zip(device).and_then(|(mounts, device)| kind_in(mounts, device));
        kept(kind.map_or_else(|| number.clone(), |kind| format!("{kind} ({number})")))
    })
}

/// The type of what is mounted from this device (proc_pid_mountinfo(5)). Paths of mounts may be no text.
fn kind_in(mounts: &[u8], device: u64) -> Option<String> {
    let mounts = String::from_utf8_lossy(mounts);
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&*device))?;
    line.split_once(" - ")?.1.split(' ').next().map(str::to_owned)
}

/// Keeps a name for the rest of the process: there are as many as there are kinds of file systems here.
fn kept(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock();
    if let Some(known) = names.get(&*name) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_be_local_asks_and_is_named_by_its_number_and_its_mount() {
        let named = untrusted(Path::new("/proc")).unwrap().unwrap();
        assert!(named.contains("0x9fa0"), "{named}");
        assert!(!Path::new("/proc/self/mountinfo").exists() || named.starts_with("proc ("), "{named}");
        assert!(std::ptr::eq(named, untrusted(Path::new("/proc")).unwrap().unwrap()), "it is kept once");
    }

    #[test]
    fn known_local_ones_are_trusted_and_those_of_networks_and_virtual_machines_are_not() {
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x2fc1_2fc1, 0xf2f5_2010, 0x794c_7630, 0x0102_1994] {
            assert!(name_in(LOCAL, local).is_some(), "{local:#x}");
        }
        for (other, name) in SHARED {
            assert!(name_in(LOCAL, *other).is_none(), "{name}");
        }
    }

    #[test]
    fn a_mount_is_found_by_its_device() {
        let mounts = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:44 / /mnt/\xff rw - tmpfs \xfe rw\n\
            31 22 0:45 / /mnt/a\\040b rw,nosuid shared:7 - virtiofs tag rw\n";
        let kind_at = |major, minor| kind_in(mounts, rustix::fs::makedev(major, minor));
        assert_eq!(kind_at(0, 45).as_deref(), Some("virtiofs"));
        assert_eq!(kind_at(0, 44).as_deref(), Some("tmpfs"), "its path is no text");
        assert_eq!(kind_at(8, 1).as_deref(), Some("ext4"));
        assert_eq!(kind_at(8, 2), None);
        assert_eq!(kind_in(b"broken", 1), None);
    }
}
