//! The whole enumeration, and the table of its counts in `docs/crash.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use super::finding::{Finding, Search};
use super::ops::{OPS, Op};
use super::record::{Count, Recording};
use super::{cores, faults, say};

/// The laws that this harness claims, and whose witnesses it must have seen.
const CLAIMED: &[u8] = &[1, 3, 5, 7, 8, 9];
/// Fewer states than this would mean that something is not enumerated any more.
const LEAST: usize = 25_000;
/// The operation after whose crash the recovery is crashed too.
const TWICE: &str = "set";

pub(crate) type Job = fn(&'static Op, &mut Count) -> Result<(), Finding>;

/// The longest first, so that no thread is left with one at the end.
pub(crate) const ALL: &[Job] = &[
    |op, count| if op.name == TWICE { Recording::of(op, None)?.cut_twice(count) } else { Ok(()) },
    |op, count| Recording::of(op, None)?.cut(count, &mut Search::default()),
    |op, count| {
        count.faults = faults::all(op)?;
        Ok(())
    },
    kill,
];

fn kill(op: &'static Op, count: &mut Count) -> Result<(), Finding> {
    let recording = Recording::of(op, None)?;
    count.calls = recording.calls.len();
    recording.kill(count, &mut Search::default())
}

/// Does every job on every operation, on as many threads as there are cores.
pub(crate) fn enumerate(ops: &'static [Op], jobs: &[Job]) -> Result<BTreeMap<usize, Count>, Finding> {
    let jobs = jobs.iter().flat_map(|job| (0..ops.len()).map(move |op| (*job, op)));
    let done: Mutex<BTreeMap<usize, Count>> = Mutex::default();
    cores::on_each(jobs, |(job, op)| {
        let mut count = Count::default();
        job(&ops[op], &mut count)?;
        done.lock().unwrap().entry(op).or_default().add(&count);
        Ok(())
    })?;
    Ok(done.into_inner().unwrap())
}

pub(crate) fn table(ops: &[Op], counts: &BTreeMap<usize, Count>) -> String {
    let mut table = String::from(
        "| operation | calls | points | killed | power cuts | second power cuts | faults |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut row = |name: &str, count: &Count| {
        let Count { calls, points, killed, cut, twice, faults, .. } = count;
        writeln!(table, "| {name} | {calls} | {points} | {killed} | {cut} | {twice} | {faults} |").unwrap();
    };
    for (op, count) in counts {
        row(ops[*op].name, count);
    }
    row("**all**", &total(counts));
    table
}

fn total(counts: &BTreeMap<usize, Count>) -> Count {
    let mut total = Count::default();
    for count in counts.values() {
        total.add(count);
    }
    total
}

#[test]
fn every_crash_and_every_fault_is_recovered_from_and_the_document_says_how_many() {
    let counts = enumerate(OPS, ALL).unwrap_or_else(|finding| panic!("{finding}"));
    let (total, table) = (total(&counts), table(OPS, &counts));
    say(&table);
    let states = total.killed + total.cut + total.twice;
    say(&format!("{states} crashed states, {} faults; witnesses seen of laws {:?}", total.faults, total.witnessed));
    assert!(states > LEAST);
    for law in CLAIMED {
        assert!(total.witnessed.contains(law), "the witness of law {law} was never seen");
    }
    let document = include_str!("../../../docs/crash.md");
    assert!(document.contains(&table), "docs/crash.md has another table than this run:\n{table}");
}
