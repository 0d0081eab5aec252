//! The rewrite of a `.env` file on a disk that crashes after every change, with every subset of what was not durable, and
//! whose every call fails. `docs/crash.md` has the fault model and the counts.

mod calls;
mod faults;
mod files;
mod ops;
mod recover;
mod sim;
mod situation;

use std::fmt::Write as _;
use std::io::Write as _;

use ops::OPS;
use recover::{Count, crash, crash_all};
use sim::Wrong;
use situation::What;

/// Fewer states than this would mean that something is not enumerated any more.
const LEAST: usize = 20_000;

/// What each wrong protocol is caught by.
const WRONGS: &[(Wrong, What)] = &[
    (Wrong::DraftNotSynced, What::NotWhole),
    (Wrong::DraftSyncedAfterRenaming, What::NotWhole),
    (Wrong::RenamedBeforeWritten, What::NotWhole),
    (Wrong::RenamedBeforeTheStoreCommits, What::NotThisOne),
    (Wrong::Overwritten, What::NotWhole),
    (Wrong::RemovedFirst, What::NotWhole),
    (Wrong::FolderNotSynced, What::NotThisOne),
    (Wrong::AccessNotKept, What::Access),
    (Wrong::DraftsStay, What::Draft),
];

/// Says something that the test harness doesn't swallow.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[test]
fn every_crash_and_every_fault_of_a_rewrite_is_recovered_from_and_the_document_says_how_many() {
    let head = "| operation | calls | points | power cuts | second power cuts | faults |\n|---|--:|--:|--:|--:|--:|\n";
    let (mut table, mut total) = (String::from(head), Count::default());
    let mut row = |name: &str, count: &Count| {
        let Count { calls, points, cut, twice, faults } = count;
        writeln!(table, "| {name} | {calls} | {points} | {cut} | {twice} | {faults} |").unwrap();
    };
    for op in OPS {
        let mut count = crash(op, None).unwrap_or_else(|finding| panic!("{finding:?}"));
        count.faults = faults::all(op).unwrap_or_else(|finding| panic!("{finding:?}"));
        row(op.name, &count);
        total.add(&count);
    }
    row("**all**", &total);
    say(&table);
    assert!(total.cut + total.twice > LEAST);
    let document = include_str!("../../../../docs/crash.md");
    assert!(document.contains(&table), "docs/crash.md has another table than this run:\n{table}");
}

#[test]
fn wrong_rewrites_are_caught_and_the_right_one_is_not() {
    crash_all(None).unwrap_or_else(|finding| panic!("the right one: {finding:?}"));
    for (wrong, what) in WRONGS {
        let Err(finding) = crash_all(Some(*wrong)) else { panic!("{wrong:?} is not caught") };
        say(&format!("{wrong:?}: {finding:?}"));
        assert_eq!(finding.what, *what, "{wrong:?}: {finding:?}");
    }
}
