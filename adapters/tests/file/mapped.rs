//! Reads by a word that is mapped: they see what others commit, and follow the files as other reads do.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::ExitStatusExt;

use credlatch_core::port::{Store, StoreErrorKind};

use crate::helper::{self, Helper};
use crate::{Home, commit};

#[test]
fn law_7_a_mapped_word_names_each_commit_of_other_processes_once_it_returned() {
    let home = Home::new();
    commit(&home.store(), 1);
    let mapped = home.store().mapping_word(true);
    assert_eq!(mapped.word().unwrap(), Some(home.word()));
    let _writer = Helper::of_silent(helper::command("count on", home.path()));
    let (mut words, mut last) = (0, 0);
    while words < 50 {
        let before = home.word();
        let word = mapped.word().unwrap();
        let after = home.word();
        assert!(before != after || word == Some(after).filter(|word| word % 2 == 0), "nothing changed in between");
        words += u32::from(after != last);
        last = after;
    }
}

#[test]
fn a_lock_file_without_a_word_is_not_mapped_before_it_has_one() {
    let home = Home::new();
    fs::create_dir_all(home.folder()).unwrap();
    crate::chmod(&home.folder(), 0o700);
    let mapped = home.store().mapping_word(true);
    assert_eq!(mapped.word().unwrap(), None, "there is none");
    File::create(home.lock_file()).unwrap();
    crate::chmod(&home.lock_file(), 0o600);
    assert_eq!(mapped.word().unwrap(), None, "memory behind the end of a file can't be read");
    let id = commit(&home.store(), 1);
    assert_eq!(mapped.word().unwrap(), Some(id));
}

#[test]
fn nothing_is_mapped_where_the_file_system_is_not_of_this_machine_whoever_trusts_it() {
    let home = Home::new();
    commit(&home.store(), 1);
    let (disk, store) = home.on_test_disk();
    disk.move_to_nfs();
    let error = store.trusting_file_system(true).mapping_word(true).word().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unsafe);
    assert!(error.what.contains("NFS") && error.remedy.contains("`mapped_reads`"), "{error}");
    let (disk, store) = home.on_test_disk();
    disk.move_to_nfs();
    assert!(store.word().unwrap().is_some(), "other reads go on");
}

#[test]
fn whoever_cuts_the_lock_file_down_ends_a_process_that_maps_it_and_no_other() {
    let home = Home::new();
    commit(&home.store(), 1);
    let cut = || OpenOptions::new().write(true).open(home.lock_file()).unwrap().set_len(0).unwrap();
    let ended = helper::command("cut while mapped", home.path()).status().unwrap();
    assert_eq!(ended.signal(), Some(7), "SIGBUS: {ended:?}");
    let reader = home.store();
    let id = commit(&home.store(), 2);
    assert_eq!(reader.word().unwrap(), Some(id));
    cut();
    assert_eq!(reader.word().unwrap(), None);
}
