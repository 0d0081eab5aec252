use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use credlatch_core::state::MAX_COUNT;

use super::*;
use crate::testing::{folders, needs, passes, rerun};

struct Scene {
    folder: tempfile::TempDir,
    record: Record,
    /// Those of the store that it is used by.
    paths: Paths,
}

fn scene() -> Scene {
    let folder = folders::tempdir();
    let home = folder.path().join("home");
    fs::create_dir_all(home.join("profiles")).unwrap();
    let paths = Paths::unlinked(&home.join("profiles/default.json"));
    let record = Record::at(folder.path().join("state").join("claims"), home);
    Scene { folder, record, paths }
}

impl Scene {
    fn note(&self, store: u128, number: u64) -> Result<(), StoreError> {
        self.record.note(&self.paths, Nonce(store), number)
    }

    fn newest(&self, store: u128) -> Result<u64, StoreError> {
        self.record.newest(&self.paths, Nonce(store))
    }

    fn path(&self) -> &Path {
        &self.record.path
    }

    /// What lies beside the file of claims.
    fn beside(&self) -> Vec<String> {
        let names = fs::read_dir(self.path().parent().unwrap()).unwrap();
        let mut names: Vec<_> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Whoever reads, writes or looks it over is told why it is of no use, and it stays as it is. Where nothing is, nothing is read.
    fn refuses(&self, why: &str) -> StoreError {
        let looked = self.record.can_be_kept(&self.paths).unwrap_err();
        let is_there = fs::symlink_metadata(self.path()).is_ok();
        let read = if is_there { self.newest(1) } else { self.newest(1).and(Err(looked.clone())) };
        for error in [read.unwrap_err(), self.note(1, 8).unwrap_err(), looked.clone()] {
            assert!(error.what.contains(why) && !error.remedy.is_empty(), "{error}");
        }
        looked
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_record_is_bounded_forgets_the_oldest_first_and_never_counts_back() {
    let scene = scene();
    scene.note(1, 7).unwrap();
    scene.note(1, 3).unwrap();
    assert_eq!(scene.newest(1), Ok(7));
    let full = (0..LINES_MAX).map(|n| format!("{n:016x} {n}\n")).collect::<Vec<_>>().concat();
    fs::write(scene.path(), &full).unwrap();
    scene.note(2, 1).unwrap();
    let text = fs::read_to_string(scene.path()).unwrap();
    assert_eq!((text.lines().count(), text.lines().next()), (LINES_MAX, Some("0000000000000001 1")));
    assert_eq!(scene.newest(2), Ok(1));
    let longest = LINES_MAX * format!("{:016x} {MAX_COUNT}\n", 0).len();
    assert!(longest <= BYTES_MAX, "what may be written can be read");
}

#[test]
fn two_homes_and_many_writers_at_once_lose_no_line() {
    let scene = &scene();
    let note = |store: u128| (1..=10).for_each(|number| scene.note(store, number).unwrap());
    thread::scope(|scope| (0..6).for_each(|writer| drop(scope.spawn(move || note(writer / 2)))));
    for store in 0..3 {
        assert_eq!(scene.newest(store), Ok(10));
    }
    assert_eq!((scene.newest(3), fs::read_to_string(scene.path()).unwrap().lines().count()), (Ok(0), 3));
}

#[test]
fn what_is_no_file_of_claims_is_told_and_left_as_it_is_with_what_lies_beside_it() {
    let scene = scene();
    scene.note(1, 7).unwrap();
    let line = fs::read_to_string(scene.path()).unwrap();
    let too_far = format!("{line}0123456789abcdef {}\n", MAX_COUNT + 1);
    let beside = scene.beside();
    for text in ["Host *\n  User me\n", "{}", "\n", "\0\0", &line[..line.len() / 2], &too_far] {
        fs::write(scene.path(), text).unwrap();
        let told = scene.refuses("is not a file of claims");
        assert!(told.remedy.contains("CREDLATCH_CLAIMS") && told.remedy.contains("mv -n"), "{told}");
        assert_eq!(fs::read_to_string(scene.path()).unwrap(), text);
    }
    // Its permissions are its owner's affair.
    chmod(scene.path(), 0o666);
    scene.refuses("is not a file of claims");
    chmod(scene.path(), 0o600);
    assert_eq!(scene.beside(), beside);
    fs::write(scene.path(), "").unwrap();
    scene.note(1, 8).unwrap();
    assert_eq!(scene.newest(1), Ok(8), "an empty file is a new one");
}

#[test]
fn nothing_is_made_beside_somebody_elses_file_and_nothing_there_is_replaced() {
    let scene = scene();
    fs::create_dir(scene.path().parent().unwrap()).unwrap();
    fs::write(scene.path(), "mine").unwrap();
    scene.refuses("is not a file of claims");
    assert_eq!(scene.beside(), ["claims"]);
    fs::write(scene.path(), "").unwrap();
    fs::write(scene.path().with_extension("new"), "mine").unwrap();
    scene.note(1, 8).unwrap();
    assert_eq!(fs::read_to_string(scene.path().with_extension("new")).unwrap(), "mine");
}

#[test]
fn a_file_in_the_stores_own_directory_is_refused_whatever_is_in_it() {
    let mut scene = scene();
    let home = scene.record.home.clone();
    fs::write(home.join("profiles/empty"), "").unwrap();
    symlink(&home, scene.folder.path().join("link")).unwrap();
    for inside in ["home/claims", "home/profiles/empty", "home/profiles/default.json", "home/new/claims", "link/claims"]
    {
        scene.record = Record::at(scene.folder.path().join(inside), home.clone());
        let told = scene.refuses("lies in the store's own directory");
        assert!(told.remedy.contains("elsewhere in CREDLATCH_CLAIMS"), "{told}");
    }
    assert!(!home.join("new").exists() && !home.join("claims").exists());
}

#[test]
fn what_others_may_write_to_or_what_is_no_plain_file_is_not_believed_and_told() {
    let scene = scene();
    scene.note(1, 7).unwrap();
    chmod(scene.path(), 0o622);
    assert!(scene.refuses("is open to other users").remedy.starts_with("chmod 600"));
    fs::remove_file(scene.path()).unwrap();
    fs::write(scene.path(), vec![b'\n'; BYTES_MAX + 1]).unwrap();
    scene.refuses("is too large");
    fs::remove_file(scene.path()).unwrap();
    symlink(scene.folder.path().join("elsewhere"), scene.path()).unwrap();
    assert!(scene.refuses("could not open").remedy.contains("remove it"));
}

#[test]
fn a_directory_in_which_others_may_remove_files_is_told() {
    let scene = scene();
    scene.note(1, 7).unwrap();
    let folder = scene.path().parent().unwrap();
    assert_eq!(scene.record.can_be_taken(), None);
    chmod(folder, 0o777);
    let told = scene.record.can_be_taken().unwrap();
    assert!(told.what.contains("may be written to by every user") && told.remedy.contains("-w '"), "{told:?}");
    chmod(folder, 0o1777);
    assert_eq!(scene.record.can_be_taken(), None, "nobody removes there what isn't theirs");
    assert_eq!(scene.newest(1), Ok(7));
}

#[test]
fn nobody_is_told_to_close_a_device_a_pipe_or_a_directory() {
    use rustix::fs::FileType;

    let scene = scene();
    scene.note(1, 7).unwrap();
    let lock = scene.record.beside(".lock");
    let make = |path: &Path, kind: FileType| {
        fs::remove_file(path).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, 0o666.into(), 0).unwrap();
        chmod(path, 0o666);
    };
    make(scene.path(), FileType::Fifo);
    assert!(scene.refuses("is not a plain file").remedy.contains("CREDLATCH_CLAIMS"));
    make(scene.path(), FileType::Socket);
    assert!(!scene.refuses("claims").remedy.contains("chmod"));
    fs::remove_file(scene.path()).unwrap();
    fs::create_dir(scene.path()).unwrap();
    scene.refuses("is not a plain file");
    fs::remove_dir(scene.path()).unwrap();
    make(&lock, FileType::Fifo);
    for told in [scene.note(1, 8).unwrap_err(), scene.record.can_be_kept(&scene.paths).unwrap_err()] {
        assert!(told.what.contains("is not a plain file") && !told.remedy.contains("chmod"), "{told}");
    }
    let lock_of_device = || Path::new("/dev/full.lock").exists();
    let was_there = lock_of_device();
    let device = Scene { record: Record::at("/dev/full".into(), scene.record.home.clone()), ..scene };
    device.refuses("is not a plain file");
    assert_eq!(lock_of_device(), was_there, "nothing is made beside it");
}

#[test]
fn another_users_record_is_not_believed() {
    if !needs::is_root("gives a file to another user") {
        return;
    }
    let scene = scene();
    scene.note(1, 7).unwrap();
    std::os::unix::fs::chown(scene.path(), Some(65_534), None).unwrap();
    scene.refuses("belongs to user 65534");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told_as_full_and_nothing_half_written_stays() {
    const TEST: &str = "docfile::record::tests::a_full_disk_is_told_as_full_and_nothing_half_written_stays";
    let Some(place) = std::env::var_os("CREDLATCH_TEST_SMALL_DISK") else {
        if !needs::is_root("mounts a file system") {
            return;
        }
        let (place, test) = (folders::tempdir(), rerun(TEST));
        let script = "mount -t tmpfs -o size=64k,mode=700 none \"$CREDLATCH_TEST_SMALL_DISK\" && exec \"$@\"";
        let mut inside = std::process::Command::new("unshare");
        inside.args(["-m", "sh", "-c", script, "sh"]).arg(test.get_program()).args(test.get_args());
        inside.env("CREDLATCH_TEST_SMALL_DISK", place.path());
        passes(inside);
        return;
    };
    let scene = scene();
    let record = Record::at(Path::new(&place).join("claims"), scene.record.home.clone());
    let scene = Scene { record, ..scene };
    scene.note(1, 7).unwrap();
    let before = scene.beside();
    assert!(fs::write(Path::new(&place).join("filler"), vec![0; 128 * 1024]).is_err());
    for error in [scene.note(1, 8).unwrap_err(), scene.record.can_be_kept(&scene.paths).unwrap_err()] {
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
    }
    fs::remove_file(Path::new(&place).join("filler")).unwrap();
    assert_eq!((scene.newest(1), scene.beside()), (Ok(7), before));
    scene.note(1, 8).unwrap();
}

#[test]
fn a_writer_who_is_stopped_keeps_nobody_for_long() {
    let scene = scene();
    scene.note(1, 1).unwrap();
    let stopped = scene.record.lock().unwrap();
    let began = RealDisk.now();
    assert!(scene.note(1, 2).unwrap_err().what.contains("could not lock"));
    let waited_ms = RealDisk.now().since_ms(&began);
    assert!(waited_ms >= PATIENCE_MS, "{waited_ms} ms");
    let told = scene.record.can_be_kept(&scene.paths).unwrap_err();
    assert_eq!(told.kind, StoreErrorKind::Busy);
    assert!(told.what.contains("each rotation waits 1000 ms"), "{told}");
    drop(stopped);
    scene.record.can_be_kept(&scene.paths).unwrap();
    scene.note(1, 3).unwrap();
}

#[test]
fn it_tells_neither_names_of_stores_nor_more_than_numbers() {
    let scene = scene();
    scene.note(0x1234_5678_9abc_def0, 1).unwrap();
    let text = fs::read_to_string(scene.path()).unwrap();
    assert!(!text.contains("9abc") && text.len() == 19 && text.ends_with(" 1\n"), "{text}");
    assert_eq!(fs::metadata(scene.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(scene.path().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn whatever_is_made_on_the_way_is_this_users_alone_under_any_umask() {
    const TEST: &str = "docfile::record::tests::whatever_is_made_on_the_way_is_this_users_alone_under_any_umask";
    const PLACE: &str = "CREDLATCH_TEST_PLACE";
    let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) else {
        let (place, mut inside) = (folders::tempdir(), rerun(TEST));
        inside.env(PLACE, place.path());
        passes(inside);
        for made in ["local", "local/state", "local/state/credlatch"] {
            let mode = fs::metadata(place.path().join(made)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o700, "{made}");
        }
        return;
    };
    rustix::process::umask(rustix::fs::Mode::empty());
    let paths = Paths::unlinked(&place.join("home/profiles/default.json"));
    let record = Record::at(place.join("local/state/credlatch/claims"), place.join("home"));
    record.note(&paths, Nonce(1), 1).unwrap();
}
