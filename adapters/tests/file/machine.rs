//! What the disk of this machine tells and does.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use credlatch::file::RealDisk;
use credlatch::file::disk::{Disk, FileType, Files, Open};
use credlatch_core::port::Clock;

use crate::programs::copy_program;
use crate::{Home, chmod};

#[test]
fn facts_are_those_of_the_file() {
    let home = Home::new();
    let path = home.path().join("file");
    fs::write(&path, "12345").unwrap();
    chmod(&path, 0o4640);
    fs::hard_link(&path, home.path().join("second")).unwrap();
    let file = RealDisk.open(&path, Open::Write).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::new(1_234, 567_890_000)).unwrap();
    let (metadata, meta) = (RealDisk.metadata(&file).unwrap(), fs::metadata(&path).unwrap());
    assert_eq!(RealDisk.metadata_at(&path).unwrap(), metadata);
    assert_eq!((metadata.file_id.dev, metadata.file_id.ino), (meta.dev(), meta.ino()));
    assert_eq!((metadata.kind, metadata.size, metadata.names), (FileType::File, 5, 2));
    assert_eq!((metadata.owner, metadata.mode), (meta.uid(), 0o4640));
    assert_eq!(metadata.written_ns, 1_234_567_890_000);
    let changed = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(metadata.changed_ns).unwrap());
    assert!(changed.elapsed().unwrap() < Duration::from_secs(60));
    assert_eq!(RealDisk.metadata_at(home.path()).unwrap().kind, FileType::Folder);
    assert_eq!(RealDisk.metadata_at("/dev/null".as_ref()).unwrap().kind, FileType::Other);
}

#[test]
fn a_read_says_how_much_there_was() {
    let home = Home::new();
    let path = home.path().join("file");
    fs::write(&path, "0123456789").unwrap();
    let file = RealDisk.open(&path, Open::Read).unwrap();
    let mut into = [b'.'; 8];
    assert_eq!(RealDisk.read_at(&file, &mut into, 5).unwrap(), 5);
    assert_eq!(&into, b"56789...");
    assert_eq!(RealDisk.read_at(&file, &mut into, 1).unwrap(), 8);
    assert_eq!(&into, b"12345678");
    let folder = RealDisk.open(home.path(), Open::Read).unwrap();
    assert!(RealDisk.read_at(&folder, &mut into, 0).is_err());
}

#[test]
fn what_is_made_is_this_users_alone_and_only_if_it_may_be_made() {
    let home = Home::new();
    let path = home.path().join("file");
    assert!(RealDisk.open(&path, Open::Read).is_err());
    assert!(RealDisk.open(&path, Open::Write).is_err());
    RealDisk.open(&path, Open::New).unwrap();
    assert_eq!(RealDisk.metadata_at(&path).unwrap().mode, 0o600);
    assert!(RealDisk.open(&path, Open::New).is_err());
    RealDisk.write_at(&RealDisk.open(&path, Open::Ensure).unwrap(), b"kept", 0).unwrap();
    let file = RealDisk.open(&path, Open::Read).unwrap();
    assert!(RealDisk.write_at(&file, b"x", 0).is_err(), "it was opened to be read");
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    fs::remove_file(&path).unwrap();
    RealDisk.open(&path, Open::Ensure).unwrap();
    assert_eq!(RealDisk.metadata_at(&path).unwrap().mode, 0o600);
    symlink(&path, home.path().join("link")).unwrap();
    assert!(RealDisk.open(&home.path().join("link"), Open::Read).is_err());
}

#[test]
fn an_open_file_is_not_passed_to_children() {
    let home = Home::new();
    let file = RealDisk.open(&home.path().join("file"), Open::New).unwrap();
    assert!(rustix::io::fcntl_getfd(&file).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn a_link_is_read_and_what_is_none_has_no_target() {
    let home = Home::new();
    let (file, link) = (home.path().join("file"), home.path().join("link"));
    fs::write(&file, "").unwrap();
    symlink("file", &link).unwrap();
    assert_eq!(RealDisk.link(&link).unwrap(), Some("file".into()));
    assert_eq!(RealDisk.link(&file).unwrap(), None);
    assert_eq!(RealDisk.link(&home.path().join("nothing")).unwrap(), None);
    assert!(RealDisk.link(&file.join("below")).is_err(), "it can't be told");
}

#[test]
fn names_that_are_no_text_are_left_out() {
    let home = Home::new();
    fs::write(home.path().join("text"), "").unwrap();
    // Some file systems don't take such a name.
    let _ = fs::write(home.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "");
    assert_eq!(RealDisk.list(home.path()).unwrap(), ["text"]);
    assert!(RealDisk.list(&home.path().join("text")).is_err());
}

#[test]
fn what_cannot_be_made_durable_is_told() {
    let null = RealDisk.open("/dev/null".as_ref(), Open::Write).unwrap();
    assert!(RealDisk.sync(&null).is_err(), "a device that keeps nothing");
    assert!(RealDisk.sync_folder("/nothing/there".as_ref()).is_err());
}

#[test]
fn a_pause_takes_as_long_as_it_says() {
    let began = Instant::now();
    RealDisk.pause(30);
    assert!(began.elapsed() >= Duration::from_millis(30));
}

const AS_SOMEBODY: &str = "CREDLATCH_TEST_SOMEBODY";
const SOMEBODY: u32 = 65_534;

#[test]
fn the_user_is_whoever_this_process_acts_as() {
    let own = RealDisk.user();
    assert_eq!(own, rustix::process::geteuid().as_raw());
    if own == 0 {
        let home = Home::new();
        chmod(home.path(), 0o755);
        let exe = home.path().join("test-program");
        copy_program(&std::env::current_exe().unwrap(), &exe);
        let mut command = Command::new(&exe);
        command.args(["--exact", "machine::somebody_is_themself", "--nocapture"]).env(AS_SOMEBODY, "1");
        let done = command.uid(SOMEBODY).gid(SOMEBODY).current_dir("/").output().unwrap();
        assert!(done.status.success() && String::from_utf8_lossy(&done.stdout).contains("I am somebody"), "{done:?}");
    }
}

#[test]
fn somebody_is_themself() {
    if std::env::var_os(AS_SOMEBODY).is_some() {
        assert_eq!(RealDisk.user(), SOMEBODY);
        writeln!(std::io::stdout(), "I am somebody").unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_is_named_as_the_system_names_it() {
    let named = |path: &str| {
        let told = std::process::Command::new("stat").args(["-f", "-c", "%T", path]).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().to_owned()
    };
    let is_tmpfs = RealDisk.file_system("/dev/shm".as_ref()).is_ok_and(|name| name == Some("tmpfs"));
    assert_eq!(is_tmpfs, named("/dev/shm") == "tmpfs");
    let unknown = RealDisk.untrusted_file_system("/proc".as_ref()).unwrap();
    assert!(unknown.is_some_and(|name| name.contains("0x9fa0")), "what isn't known to be local asks: {unknown:?}");
    assert_eq!(RealDisk.file_system("/proc".as_ref()).unwrap(), unknown);
    assert!(RealDisk.file_system("/nothing/there".as_ref()).is_err());
    assert!(RealDisk.untrusted_file_system("/nothing/there".as_ref()).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn ticks_are_milliseconds() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let ms = u64::try_from(now.tv_sec).unwrap() * 1000 + u64::try_from(now.tv_nsec).unwrap() / 1_000_000;
    assert!(RealDisk.ticks().abs_diff(ms) < 900, "{} is not about {ms}", RealDisk.ticks());
}
