//! Which file system a path is on, by the kernel's magic numbers.

use std::io;
use std::path::Path;

/// File systems that are shared over a network or served by another process (statfs(2), linux/magic.h): their locks may
/// reach no further than this machine, or nowhere.
const UNTRUSTED: &[(u32, &str)] = &[
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

/// File systems of this machine alone, for the answers that name them.
const LOCAL: &[(u32, &str)] = &[
    (0x0000_ef53, "ext4"),
    (0x5846_5342, "XFS"),
    (0x9123_683e, "Btrfs"),
    (0x2fc1_2fc1, "ZFS"),
    (0xf2f5_2010, "F2FS"),
    (0x794c_7630, "overlayfs"),
    (0x0102_1994, "tmpfs"),
    (0x8584_58f6, "ramfs"),
    (0x0000_4d44, "FAT"),
    (0x2011_bab0, "exFAT"),
];

/// The file system's name, if its locks can't be trusted.
pub(super) fn untrusted(path: &Path) -> io::Result<Option<&'static str>> {
    Ok(name_in(UNTRUSTED, magic(path)?))
}

/// The file system's name, if it is known.
pub(super) fn named(path: &Path) -> io::Result<Option<&'static str>> {
    let magic = magic(path)?;
    Ok(name_in(UNTRUSTED, magic).or_else(|| name_in(LOCAL, magic)))
}

fn magic(path: &Path) -> io::Result<u32> {
    // The kernel's magic numbers have 32 bits; the field's type differs from platform to platform.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(rustix::fs::statfs(path)?.f_type as u32)
}

fn name_in(table: &[(u32, &'static str)], magic: u32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}
