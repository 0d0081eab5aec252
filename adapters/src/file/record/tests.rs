use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use super::*;
use crate::testing::{folders, needs};

struct Scene {
    folder: tempfile::TempDir,
    record: Record,
}

fn scene() -> Scene {
    let folder = folders::tempdir();
    let record = Record::at(folder.path().join("state").join("claims"));
    Scene { folder, record }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_record_is_bounded_forgets_the_oldest_first_and_never_counts_back() {
    let Scene { record, .. } = &scene();
    record.note(Nonce(1), 7).unwrap();
    record.note(Nonce(1), 3).unwrap();
    assert_eq!(record.read().unwrap(), [(key(Nonce(1)), 7)]);
    let full = (0..LINES_MAX).map(|n| format!("{n:016x} {n}\n")).collect::<Vec<_>>().concat();
    fs::write(record.path(), full + "not a line\n").unwrap();
    record.note(Nonce(2), 1).unwrap();
    let lines = record.read().unwrap();
    assert_eq!((lines.len(), lines[0].1, &lines[LINES_MAX - 1].0), (LINES_MAX, 1, &key(Nonce(2))));
    let longest = LINES_MAX * format!("{:016x} {MAX_COUNT}\n", 0).len();
    assert!(longest <= BYTES_MAX, "what may be written can be read");
}

#[test]
fn two_homes_and_many_writers_at_once_lose_no_line() {
    let Scene { record, .. } = &scene();
    let note = |store: u128| (1..=10).for_each(|number| record.note(Nonce(store), number).unwrap());
    thread::scope(|scope| (0..6).for_each(|writer| drop(scope.spawn(move || note(writer / 2)))));
    for store in 0..3 {
        assert_eq!(record.newest(Nonce(store)).unwrap(), 10);
    }
    assert_eq!((record.newest(Nonce(3)).unwrap(), record.read().unwrap().len()), (0, 3));
}

#[test]
fn damage_says_nothing_and_is_written_over() {
    let Scene { record, .. } = &scene();
    record.note(Nonce(1), 7).unwrap();
    let line = fs::read(record.path()).unwrap();
    let too_far = format!("{} {}\n", key(Nonce(2)), u64::MAX);
    for damage in ["", "\n\n", "\u{0}\u{0}", "a b c\n", "0123456789abcdef -1\n", &too_far] {
        fs::write(record.path(), [damage.as_bytes(), &[0xff, 0xfe, b'\n'], &line].concat()).unwrap();
        assert_eq!((record.newest(Nonce(1)).unwrap(), record.newest(Nonce(2)).unwrap()), (7, 0), "{damage:?}");
    }
    fs::write(record.path(), &line[..line.len() / 2]).unwrap();
    assert_eq!(record.newest(Nonce(1)).unwrap(), 0);
    fs::write(record.path(), "").unwrap();
    record.note(Nonce(1), 8).unwrap();
    assert_eq!(fs::read_to_string(record.path()).unwrap(), format!("{} 8\n", key(Nonce(1))));
}

#[test]
fn what_others_may_write_to_or_what_is_no_plain_file_is_not_believed_and_told() {
    let Scene { record, folder } = &scene();
    record.note(Nonce(1), 7).unwrap();
    let refuses = |why: &str| {
        for error in [record.newest(Nonce(1)).unwrap_err(), record.note(Nonce(1), 8).unwrap_err()] {
            assert!(error.what.contains(why) && !error.remedy.is_empty(), "{error}");
        }
        assert!(record.can_be_kept().unwrap_err().what.contains(why));
    };
    chmod(record.path(), 0o622);
    refuses("is open to other users");
    fs::remove_file(record.path()).unwrap();
    fs::write(record.path(), vec![b'\n'; BYTES_MAX + 1]).unwrap();
    chmod(record.path(), 0o600);
    refuses("is too large");
    fs::remove_file(record.path()).unwrap();
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(record.path()).status().unwrap();
    assert!(made.success());
    refuses("no plain file");
    fs::remove_file(record.path()).unwrap();
    symlink(folder.path().join("elsewhere"), record.path()).unwrap();
    refuses("could not open");
}

#[test]
fn another_users_record_is_not_believed() {
    if !needs::is_root("gives a file to another user") {
        return;
    }
    let Scene { record, .. } = &scene();
    record.note(Nonce(1), 7).unwrap();
    std::os::unix::fs::chown(record.path(), Some(65_534), None).unwrap();
    assert!(record.newest(Nonce(1)).unwrap_err().what.contains("belongs to user 65534"));
    assert!(record.note(Nonce(1), 8).is_err());
}

#[test]
fn a_writer_who_is_stopped_keeps_nobody_for_long() {
    let Scene { record, .. } = &scene();
    record.note(Nonce(1), 1).unwrap();
    let stopped = record.lock().unwrap();
    let began = RealDisk.now();
    assert!(record.note(Nonce(1), 2).unwrap_err().what.contains("could not lock"));
    let waited_ms = RealDisk.now().since_ms(&began);
    assert!(waited_ms >= PATIENCE_MS, "{waited_ms} ms");
    drop(stopped);
    record.note(Nonce(1), 3).unwrap();
}

#[test]
fn it_tells_neither_names_of_stores_nor_more_than_numbers() {
    let Scene { record, .. } = &scene();
    record.note(Nonce(0x1234_5678_9abc_def0), 1).unwrap();
    let text = fs::read_to_string(record.path()).unwrap();
    assert!(!text.contains("9abc") && text.len() == 19 && text.ends_with(" 1\n"), "{text}");
    assert_eq!(fs::metadata(record.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(record.path().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}
