use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn content(path: &Path) -> Result<Option<String>, Distrust> {
    read(path).map(|text| text.map(|text| text.to_string()))
}

#[test]
fn a_group_counts_as_the_user_only_if_nobody_else_is_in_it() {
    for (groups, is_own) in [
        ("me:x:1000:\n", true),
        ("me:x:1000:me\n", true),
        ("me:x:1000:me,root\n", true),
        ("me:x:1000:other\n", false),
        ("me:x:1000:me,other\n", false),
        ("me:x:1000:me\nagain:x:1000:other\n", false),
        ("me:x:1000:unknown\n", false),
        ("staff:x:50:me\n", false),
        ("", false),
        ("broken\nme:x:1000\n", true),
    ] {
        assert_eq!(only_has(1000, 1000, groups, USERS), is_own, "{groups}");
    }
    let shared = format!("{USERS}third:x:1002:1000::/:/bin/sh\n");
    assert!(!only_has(1000, 1000, "me:x:1000:\n", &shared), "another user's own group");
    assert!(only_has(0, 1000, "root:x:0:\n", USERS), "root may do as it likes anyway");
}

#[test]
fn a_file_that_others_may_write_to_is_not_read_and_the_error_mends_it() {
    let folder = crate::testing::folders::tempdir();
    let file = folder.path().join("providers.json");
    assert_eq!(content(&file), Ok(None));
    fs::write(&file, "{}").unwrap();
    for mode in [0o600, 0o644, 0o444] {
        set_mode(&file, mode);
        assert_eq!(content(&file).unwrap().as_deref(), Some("{}"), "{mode:o}");
    }
    set_mode(&file, 0o646);
    let refused = content(&file).unwrap_err();
    let (path, owner) = (file.display().to_string(), rustix::process::geteuid().as_raw().to_string());
    assert!(
        refused.what.contains(&path) && refused.what.contains(&owner) && refused.what.contains("0646"),
        "{refused:?}"
    );
    assert_eq!(refused.remedy, format!("close it: chmod o-w '{path}'"));
}

#[test]
fn every_directory_on_the_way_counts_and_a_sticky_one_is_safe() {
    let folder = crate::testing::folders::tempdir();
    let (outer, inner) = (folder.path().join("outer"), folder.path().join("outer/inner"));
    fs::create_dir_all(&inner).unwrap();
    let file = inner.join("providers.json");
    fs::write(&file, "{}").unwrap();
    assert!(content(&file).is_ok());
    for open in [&outer, &inner] {
        set_mode(open, 0o777);
        let refused = content(&file).unwrap_err();
        assert!(refused.what.contains(&format!("the directory {} ", open.display())), "{refused:?}");
        set_mode(open, 0o1777);
        assert!(content(&file).is_ok());
        set_mode(open, 0o755);
    }
}

#[test]
fn a_link_is_followed_to_a_plain_file_through_directories_that_are_safe_too() {
    let folder = crate::testing::folders::tempdir();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("real/deep")).unwrap();
    fs::create_dir_all(at("open")).unwrap();
    fs::write(at("real/providers.json"), "{}").unwrap();
    symlink("../real/deep/../providers.json", at("open/link")).unwrap();
    symlink(at("open/link"), at("to link")).unwrap();
    assert_eq!(content(&at("to link")).unwrap().as_deref(), Some("{}"));
    set_mode(&at("open"), 0o777);
    assert!(
        content(&at("to link")).unwrap_err().what.contains("/open"),
        "whoever may write there may put another link"
    );
    symlink("itself", at("itself")).unwrap();
    assert!(content(&at("itself")).unwrap_err().what.contains("no end"));
}

#[test]
fn what_is_no_plain_file_or_too_large_is_refused_at_once() {
    let folder = crate::testing::folders::tempdir();
    let at = |name: &str| folder.path().join(name);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    fs::File::create(at("huge")).unwrap().set_len(plain_file::MAX_FILE_BYTES + 1).unwrap();
    symlink("pipe", at("link")).unwrap();
    symlink("/dev/zero", at("endless")).unwrap();
    for (name, why) in
        [("pipe", "not a plain file"), ("link", "not a plain file"), ("huge", "16 MiB"), ("", "a folder")]
    {
        let refused = content(&at(name)).unwrap_err();
        assert!(refused.what.contains(why), "{name}: {refused:?}");
    }
    assert!(content(&at("endless")).is_err());
}

#[test]
fn what_is_no_file_is_named_so_and_nobody_is_told_to_close_a_device_or_a_directory() {
    let folder = crate::testing::folders::tempdir();
    let at = |name: &str| folder.path().join(name);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap();
    set_mode(&at("pipe"), 0o666);
    fs::create_dir(at("open")).unwrap();
    set_mode(&at("open"), 0o777);
    symlink("/dev/null", at("link")).unwrap();
    let (named, through) = (Path::new("/dev/null"), Path::new("/dev/null/providers.json"));
    for (path, why) in [
        (named, "not a plain file"),
        (through, "not a plain file"),
        (&at("pipe"), "not a plain file"),
        (&at("link"), "not a plain file"),
        (&at("open"), "a folder"),
    ] {
        let refused = content(path).unwrap_err();
        assert!(refused.what.contains(why) && refused.remedy == "name the file itself", "{refused:?}");
    }
}

/// An access list in the kernel's form (linux/posix_acl_xattr.h): the owner and, within a mask, user 4242 may write.
#[cfg(target_os = "linux")]
fn let_another_write(path: &Path) -> bool {
    const NOBODY_IN_PARTICULAR: u32 = u32::MAX;
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 7, NOBODY_IN_PARTICULAR),
        (0x02, 7, 4242),
        (0x04, 5, NOBODY_IN_PARTICULAR),
        (0x10, 7, NOBODY_IN_PARTICULAR),
        (0x20, 5, NOBODY_IN_PARTICULAR),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, may, id) in entries {
        list.extend(tag.to_le_bytes().into_iter().chain(may.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let set = rustix::fs::setxattr(path, ACCESS_LIST, &list, rustix::fs::XattrFlags::empty());
    crate::testing::needs::found(set.ok(), "a temporary directory with access lists").is_some()
}

#[test]
#[cfg(target_os = "linux")]
fn an_access_list_that_lets_others_write_is_seen_behind_the_group_that_nobody_else_is_in() {
    let folder = crate::testing::folders::tempdir();
    let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/providers.json"));
    fs::create_dir(&inner).unwrap();
    fs::write(&file, "{}").unwrap();
    for listed in [&file, &inner] {
        if !let_another_write(listed) {
            return;
        }
        let refused = content(&file).unwrap_err();
        assert!(refused.what.contains("an access list that lets others write"), "{refused:?}");
        let mend = format!("chmod g-w '{0}', or setfacl -b '{0}'", listed.display());
        assert!(refused.remedy.contains(&mend), "{refused:?}");
        let mode = fs::metadata(listed).unwrap().permissions().mode();
        set_mode(listed, mode & !0o020);
        assert!(content(&file).is_ok(), "the list is there, and its mask lets nobody write");
        set_mode(listed, mode);
        rustix::fs::removexattr(listed, ACCESS_LIST).unwrap();
        set_mode(listed, 0o700);
    }
    let opened = fs::File::open(&file).unwrap();
    assert!(!access_list_of(&opened).unwrap() && !access_list_at(&file).unwrap());
    assert!(let_another_write(&file) && access_list_of(&opened).unwrap(), "what was opened is asked as well");
}

#[test]
fn a_stranger_s_file_or_link_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = crate::testing::folders::tempdir();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("mine"), "{}").unwrap();
    fs::write(at("theirs"), "{}").unwrap();
    symlink("mine", at("their link")).unwrap();
    std::os::unix::fs::chown(at("theirs"), Some(4242), None).unwrap();
    std::os::unix::fs::lchown(at("their link"), Some(4242), None).unwrap();
    for name in ["theirs", "their link"] {
        let refused = content(&at(name)).unwrap_err();
        assert!(refused.what.contains("owner 4242") && refused.remedy.contains("chown 0 "), "{refused:?}");
    }
}
