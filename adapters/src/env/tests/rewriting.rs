//! Report 1736, cases d and e: a `.env` is rewritten whole and right, or not at all.

use std::thread;
use std::time::Duration;

use super::*;
use crate::env::dotenv_file::DotenvFileErrorKind;
use credlatch_core::rewrite::Rewrite;

use crate::env::{PATIENCE, Prepared, prepare, redo};
use crate::plain_file::Unreadable;

const BOTH: [&str; 2] = ["ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"];
const TEXT: &str = "# keys\nANTHROPIC_API_KEY=a\n\n  # other\nOTHER=value # why\nexport ANTHROPIC_TOKEN=\"b\"\r\nANTHROPIC_TOKEN=c\nLAST='x y'";
const REST: &str = "# keys\n\n  # other\nOTHER=value # why\nLAST='x y'";

fn ready(place: &Place) -> Prepared {
    prepare(&place.path, &BOTH, PATIENCE).unwrap().unwrap()
}

fn refused(place: &Place) -> DotenvFileErrorKind {
    prepare(&place.path, &BOTH, Duration::from_millis(20)).unwrap_err().kind
}

#[test]
fn report_1736_e_both_keys_go_and_all_else_stays() {
    let place = Place::with(TEXT);
    let prepared = ready(&place);
    assert_eq!(place.content(), TEXT, "nothing happens before the commit");
    let keys: Vec<_> = prepared.meant().variables.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["ANTHROPIC_API_KEY", "ANTHROPIC_TOKEN", "ANTHROPIC_TOKEN"]);
    prepared.commit().unwrap().confirm().unwrap();
    assert_eq!(place.content(), REST);
    assert_eq!(place.names(), [".env"]);
    assert!(prepare(&place.path, &BOTH, PATIENCE).unwrap().is_none(), "there is nothing left to take out");
}

#[test]
fn an_absent_file_has_nothing_to_take_out() {
    let place = Place::with("");
    assert!(prepare(&place.path, &BOTH, PATIENCE).unwrap().is_none());
    fs::remove_file(&place.path).unwrap();
    assert!(prepare(&place.path, &BOTH, PATIENCE).unwrap().is_none());
}

#[test]
fn report_1736_d_what_cannot_be_rewritten_fails_before_anything_changed() {
    let place = Place::with(TEXT);
    let held = ready(&place);
    assert_eq!(refused(&place), DotenvFileErrorKind::Busy);
    drop(held);
    for broken in ["ANTHROPIC_TOKEN=a\nANTHROPIC_TOKEN b\n", "A=1 ANTHROPIC_TOKEN=a\n", "ANTHROPIC_TOKEN=\"a\nb\"\n"] {
        fs::write(&place.path, broken).unwrap();
        assert!(matches!(refused(&place), DotenvFileErrorKind::NotDotenv(_)), "{broken}");
        assert_eq!(place.content(), broken);
    }
    fs::write(&place.path, b"ANTHROPIC_TOKEN=\xff\n").unwrap();
    assert_eq!(refused(&place), Unreadable::NotText.into());
    assert_eq!(place.names(), [".env"]);
}

#[cfg(unix)]
#[test]
fn report_1736_d_a_new_file_that_cannot_be_written_fails_the_whole_clear() {
    let folder = tempfile::tempdir().unwrap();
    // A name that is as long as names may be leaves no room for a neighbour's.
    let path = folder.path().join("e".repeat(255));
    fs::write(&path, TEXT).unwrap();
    let error = prepare(&path, &BOTH, PATIENCE).unwrap_err();
    assert!(matches!(error.kind, DotenvFileErrorKind::NotWritten(_)), "{error}");
    assert!(!error.remedy().is_empty());
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_hard_link_would_keep_the_secret_so_it_is_refused() {
    let place = Place::with(TEXT);
    fs::hard_link(&place.path, place.folder.path().join("copy")).unwrap();
    assert_eq!(refused(&place), DotenvFileErrorKind::HardLinked(2));
    assert_eq!(place.content(), TEXT);
}

#[cfg(unix)]
#[test]
fn failure_17_a_symbolic_link_stays_and_what_it_leads_to_is_rewritten() {
    let place = Place::with(TEXT);
    let real = place.folder.path().join("real");
    fs::rename(&place.path, &real).unwrap();
    std::os::unix::fs::symlink("real", &place.path).unwrap();
    let prepared = ready(&place);
    assert_eq!(prepared.meant().path, fs::canonicalize(&real).unwrap().to_str().unwrap());
    prepared.commit().unwrap().confirm().unwrap();
    assert!(fs::symlink_metadata(&place.path).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), REST);
}

#[cfg(unix)]
#[test]
fn permissions_and_owner_stay_and_are_never_looser_meanwhile() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    for mode in [0o600, 0o640, 0o644, 0o400] {
        let place = Place::with(TEXT);
        fs::set_permissions(&place.path, fs::Permissions::from_mode(mode)).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(&place.path, Some(12_345), Some(23_456)).unwrap();
        }
        let before = fs::metadata(&place.path).unwrap();
        let prepared = ready(&place);
        for name in place.names() {
            let beside = fs::metadata(place.folder.path().join(name)).unwrap();
            assert_eq!(beside.mode() & 0o777 & !mode, 0);
        }
        prepared.commit().unwrap().confirm().unwrap();
        let after = fs::metadata(&place.path).unwrap();
        assert_ne!(before.ino(), after.ino());
        assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
    }
}

#[cfg(unix)]
#[test]
fn failure_31_a_file_of_another_owner_keeps_its_owner_or_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if !crate::testing::needs::is_root("can become another user") {
        return;
    }
    let place = Place::with(TEXT);
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut child = crate::testing::rerun("env::tests::rewriting::rewrites_what_is_not_its_own");
    child.env("DOTENV_FILE", &place.path).uid(65_534).gid(65_534);
    crate::testing::passes(child);
    assert_eq!(place.content(), TEXT);
    assert_eq!(place.names(), [".env"]);
}

#[cfg(unix)]
#[test]
fn rewrites_what_is_not_its_own() {
    let Some(path) = std::env::var_os("DOTENV_FILE") else { return };
    let error = prepare(path.as_ref(), &BOTH, PATIENCE).unwrap_err();
    assert_eq!(error.kind, DotenvFileErrorKind::OwnerLost);
}

#[test]
fn a_dropped_rewrite_leaves_everything_as_it_was() {
    let place = Place::with(TEXT);
    drop(ready(&place));
    assert_eq!((place.content().as_str(), place.names()), (TEXT, vec![".env".to_owned()]));
}

#[test]
fn an_edit_between_the_steps_is_kept_and_a_newer_value_too() {
    for replaces in [false, true] {
        let place = Place::with("A=1\nANTHROPIC_TOKEN=old\n");
        let prepared = ready(&place);
        let edited = "A=2\nANTHROPIC_TOKEN=old\nANTHROPIC_TOKEN=new\n";
        if replaces {
            let beside = place.folder.path().join("editor");
            fs::write(&beside, edited).unwrap();
            fs::rename(beside, &place.path).unwrap();
        } else {
            fs::write(&place.path, edited).unwrap();
        }
        prepared.commit().unwrap().confirm().unwrap();
        assert_eq!(place.content(), "A=2\nANTHROPIC_TOKEN=new\n");
        assert_eq!(place.names(), [".env"]);
    }
}

#[test]
fn what_another_program_writes_back_is_noticed() {
    let place = Place::with(TEXT);
    let renamed = ready(&place).commit().unwrap();
    fs::write(&place.path, TEXT).unwrap();
    let error = renamed.confirm().unwrap_err();
    assert!(matches!(&error.kind, DotenvFileErrorKind::CameBack(key) if BOTH.contains(&key.as_str())), "{error}");
}

#[test]
fn a_redo_removes_only_what_was_meant_and_only_once() {
    let place = Place::with(TEXT);
    let meant = ready(&place).meant().clone();
    let stored: Rewrite = serde_json::from_str(&serde_json::to_string(&meant).unwrap()).unwrap();
    assert_eq!(stored, meant);
    fs::write(&place.path, "ANTHROPIC_API_KEY=a\nANTHROPIC_API_KEY=newer\nOTHER=a\n").unwrap();
    for _ in 0..2 {
        redo(&stored, PATIENCE).unwrap();
        assert_eq!(place.content(), "ANTHROPIC_API_KEY=newer\nOTHER=a\n");
    }
    fs::remove_file(&place.path).unwrap();
    redo(&stored, PATIENCE).unwrap();
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn nothing_that_is_shown_has_a_value() {
    let place = Place::with("ANTHROPIC_TOKEN=sk-secret-1\n");
    let prepared = ready(&place);
    let shown = format!("{prepared:?} {:?}", prepared.meant());
    let renamed = prepared.commit().unwrap();
    assert!(!format!("{shown} {renamed:?}").contains("sk-secret-1"));
}

/// Many at once, each on its own variable: no update is lost, and no reader sees half a file.
#[test]
fn failure_28_no_update_is_lost_and_no_reader_sees_a_cut_file() {
    const WRITERS: usize = 8;
    let lines: Vec<_> = (0..WRITERS).map(|at| format!("KEY_{at}=value-{at}\n")).collect();
    let place = Place::with(&(lines.concat() + "OTHER=1\n"));
    thread::scope(|scope| {
        let path = &place.path;
        let writers: Vec<_> = (0..WRITERS)
            .map(|at| {
                scope.spawn(move || {
                    let name = format!("KEY_{at}");
                    prepare(path, &[&name], PATIENCE).unwrap().unwrap().commit().unwrap().confirm().unwrap();
                })
            })
            .collect();
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            assert!(place.content().ends_with("OTHER=1\n"));
        }
    });
    assert_eq!(place.content(), "OTHER=1\n");
    assert_eq!(place.names(), [".env"]);
}
