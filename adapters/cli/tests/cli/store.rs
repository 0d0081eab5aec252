//! Stores that can't be read or trusted: an error of their own, and the store stays as it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::helper::{Home, Said};
use super::needs::is_root;

/// A home with a key in it.
fn home() -> Home {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    home
}

/// Every command that reads or writes ends with this status and these words, and leaves the document as it is.
fn refuses(home: &Home, status: i32, word: &str) {
    let before = fs::read(home.document()).ok();
    let all: [&dyn Fn() -> Said; 5] = [
        &|| home.say(&["status"]),
        &|| home.say(&["token", "minimax"]),
        &|| home.feed(&["set", "minimax"], "mm-key-2"),
        &|| home.say(&["clear", "minimax"]),
        &|| home.say(&["purge"]),
    ];
    for one in all {
        let said = one();
        said.failed(status, word);
        assert!(!said.err.contains("mm-key"), "{}", said.err);
    }
    assert_eq!(fs::read(home.document()).ok(), before);
}

fn chmod(path: impl AsRef<std::path::Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_store_that_is_no_json() {
    let home = home();
    for text in ["", "not json", "{\"version\":1", "[]"] {
        fs::write(home.document(), text).unwrap();
        refuses(&home, 6, "can't be read as a profile");
    }
    fs::write(home.document(), [0, 159, 146, 150]).unwrap();
    refuses(&home, 6, "can't be read as a profile");
}

#[test]
fn a_store_of_a_newer_version() {
    let home = home();
    let text = fs::read_to_string(home.document()).unwrap();
    fs::write(home.document(), text.replace("\"version\": 2", "\"version\": 4")).unwrap();
    refuses(&home, 6, "version 4");
    fs::write(home.document(), "{\"version\":99,\"all\":\"else is new\"}").unwrap();
    refuses(&home, 6, "version 99");
}

#[test]
fn a_store_that_others_may_read() {
    let home = home();
    chmod(home.document(), 0o644);
    refuses(&home, 6, "open to other users");
    chmod(home.document(), 0o600);
    chmod(home.path().join("profiles"), 0o755);
    refuses(&home, 6, "open to other users");
}

#[test]
fn a_store_of_another_user() {
    let home = home();
    if !is_root("can give a file away") {
        return;
    }
    chown(home.document(), Some(12345), None).unwrap();
    refuses(&home, 6, "belongs to user 12345");
}

#[test]
fn a_directory_in_the_stores_place() {
    let home = home();
    fs::remove_file(home.document()).unwrap();
    fs::create_dir(home.document()).unwrap();
    for said in [home.say(&["status"]), home.feed(&["set", "minimax"], "mm-key-2")] {
        said.failed(6, "directory");
    }
    let file = home.folder().join("file");
    fs::write(&file, "").unwrap();
    home.say(&["--home", file.to_str().unwrap(), "profiles"]).failed(6, "not a directory");
    assert_eq!(home.say(&["--home", file.to_str().unwrap(), "status"]).status, 6);
}

#[test]
fn a_store_that_is_too_large() {
    let home = home();
    fs::File::options().write(true).open(home.document()).unwrap().set_len(17 * 1024 * 1024).unwrap();
    let said = home.say(&["status"]);
    said.failed(6, "larger than");
    home.feed(&["set", "minimax"], "mm-key-2").failed(6, "larger than");
}

#[test]
fn a_store_that_cannot_be_opened() {
    let home = home();
    let target = home.folder().join("loop");
    fs::remove_file(home.document()).unwrap();
    symlink(&target, home.document()).unwrap();
    symlink(home.document(), &target).unwrap();
    home.say(&["status"]).failed(6, "symbolic link");
}

#[test]
fn what_is_private_stays_private() {
    let home = home();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.document()), 0o600);
    assert_eq!(mode(home.path().join("profiles")), 0o700);
}

#[test]
fn root_makes_nothing_in_another_users_directory_that_the_other_cannot_read() {
    if !is_root("can give directories away") {
        return;
    }
    let home = home();
    let theirs = home.folder().join("theirs");
    fs::create_dir(&theirs).unwrap();
    std::os::unix::fs::chown(&theirs, Some(65_534), None).unwrap();
    let (store, deep) = (theirs.display().to_string(), theirs.join("deep/store").display().to_string());
    for place in [&store, &deep] {
        let url = format!("file://{place}");
        let refused = |said: &super::helper::Said| {
            said.failed(6, "belongs to user 65534");
            assert!(said.err.contains("sudo -u '#65534'"), "{}", said.err);
        };
        refused(&home.say(&["move", "--to", &url]));
        refused(&home.feed(&["set", "minimax", "--home", place], "mm-key-1"));
        assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
        assert_eq!(home.say(&["token", "minimax"]).status, 0, "nothing is lost");
    }
    fs::DirBuilder::new().recursive(true).create(theirs.join("profiles")).unwrap();
    fs::set_permissions(theirs.join("profiles"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(home.say(&["move", "--to", &format!("file://{store}")]).status, 0, "root wants it so");
}

#[test]
fn what_is_private_is_made_so_under_any_umask() {
    let home = Home::new();
    std::fs::write(home.folder().join(".env"), "MINIMAX_API_KEY=mm-key-1\n").unwrap();
    let deep = home.folder().join("made/on/the/way");
    let inner = home.command(&[]);
    let credlatch = format!("{} --home {}", inner.get_program().display(), deep.display());
    let script = format!(
        "umask 000; printf mm-key-1 | {credlatch} set minimax && {credlatch} token minimax \
         && {credlatch} providers --accept minimax; {credlatch} clear minimax --dotenv .env"
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env_clear().current_dir(home.folder());
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (mut folders, mut seen) = (vec![home.folder().join("made")], 0);
    while let Some(folder) = folders.pop() {
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{}", entry.path().display());
                seen += 1;
            }
        }
    }
    assert!(seen > 1, "{output:?}");
}
