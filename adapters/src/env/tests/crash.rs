//! Report 1736: a process that dies at any step leaves the old file or the new one, and a redo ends what was begun.

use super::*;
use credlatch_core::rewrite::Rewrite;

use crate::env::{PATIENCE, prepare, redo};

const TEXT: &str = "A=1\nANTHROPIC_TOKEN=old\nB=2\n";
const DONE: &str = "A=1\nB=2\n";
const KEYS: [&str; 1] = ["ANTHROPIC_TOKEN"];

/// A process of its own does the steps up to this one, and dies.
fn die_after(step: &str, place: &Place) -> Rewrite {
    let record = place.folder.path().join("record");
    let mut child = crate::testing::rerun("env::tests::crash::does_some_steps_and_dies");
    let output =
        child.env("DOTENV_FILE", &place.path).env("DOTENV_STEP", step).env("RECORD", &record).output().unwrap();
    assert!(!output.status.success(), "it was to die: {output:?}");
    let meant = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    fs::remove_file(record).unwrap();
    meant
}

#[test]
fn does_some_steps_and_dies() {
    let Some(path) = std::env::var_os("DOTENV_FILE") else { return };
    let step = std::env::var("DOTENV_STEP").unwrap();
    let prepared = prepare(path.as_ref(), &KEYS, PATIENCE).unwrap().unwrap();
    let record = serde_json::to_string(prepared.meant()).unwrap();
    fs::write(std::env::var_os("RECORD").unwrap(), record).unwrap();
    if step == "prepare" {
        std::process::abort();
    }
    let renamed = prepared.commit().unwrap();
    if step == "commit" {
        std::process::abort();
    }
    renamed.confirm().unwrap();
    std::process::abort();
}

#[test]
fn report_1736_redo_after_a_crash_between_prepare_and_rename() {
    let place = Place::with(TEXT);
    let meant = die_after("prepare", &place);
    assert_eq!(place.content(), TEXT, "the old file stands");
    assert_eq!(place.names().len(), 2, "the new one lies beside it");
    redo(&meant, PATIENCE).unwrap();
    assert_eq!((place.content().as_str(), place.names()), (DONE, vec![".env".to_owned()]));
}

#[test]
fn report_1736_redo_after_a_crash_keeps_a_newer_value() {
    let place = Place::with(TEXT);
    let meant = die_after("prepare", &place);
    fs::write(&place.path, "A=1\nANTHROPIC_TOKEN=newer\n").unwrap();
    redo(&meant, PATIENCE).unwrap();
    assert_eq!((place.content().as_str(), place.names()), ("A=1\nANTHROPIC_TOKEN=newer\n", vec![".env".to_owned()]));
}

#[test]
fn report_1736_redo_after_a_crash_past_the_rename_changes_nothing() {
    for step in ["commit", "confirm"] {
        let place = Place::with(TEXT);
        let meant = die_after(step, &place);
        assert_eq!(place.content(), DONE, "the new file stands");
        redo(&meant, PATIENCE).unwrap();
        assert_eq!((place.content().as_str(), place.names()), (DONE, vec![".env".to_owned()]), "{step}");
    }
}

#[test]
fn failure_32_a_crash_before_the_commit_of_the_store_leaves_no_copy_for_long() {
    let place = Place::with(TEXT);
    die_after("prepare", &place);
    drop(prepare(&place.path, &["UNRELATED"], PATIENCE).unwrap());
    assert_eq!((place.content().as_str(), place.names()), (TEXT, vec![".env".to_owned()]));
}
