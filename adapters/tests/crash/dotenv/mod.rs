//! The same for the rewrite of a `.env` file: stopped after every change, with every subset of what was not durable, and by every
//! call that fails.

mod faults;
mod ops;
mod recover;
mod sim;
mod situation;

use std::fmt::Write as _;

use ops::OPS;
use recover::{Count, crash, crash_all};
use situation::What;

use crate::say;
use crate::wrong::Wrong;

/// Fewer states than this would mean that something is not enumerated any more.
const LEAST: usize = 20_000;

/// What each wrong protocol is caught by.
const WRONGS: &[(Wrong, What)] = &[
    (Wrong::NoFileSync, What::NotWhole),
    (Wrong::SyncAfterRename, What::NotWhole),
    (Wrong::RenamesEarly, What::NotWhole),
    (Wrong::RenamesBeforeTheStore, What::NotThisOne),
    (Wrong::InPlace, What::NotWhole),
    (Wrong::RemoveThenRename, What::NotWhole),
    (Wrong::NoFolderSync, What::NotThisOne),
    (Wrong::ForgetsAccess, What::Access),
    (Wrong::SweepsNothing, What::Draft),
];

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
