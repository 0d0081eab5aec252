//! What callgrind counts of a read: its instructions, and how often the processor's first cache, as callgrind simulates it, doesn't
//! have what it asks for. What the kernel does is among neither.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::counted::{self, Counts};
use super::profiles;
use crate::row::Row;
use crate::{Failure, Setup, store};

const PART: &str = "instructions";
const READ: &str = "instructions of a read";
const MISSES: &str = "what a read asks for that the first cache of data doesn't have";
const TIMES: usize = 200;
/// So many profiles that no first cache has them all; more take minutes here, and miss as often.
const MANY: usize = 1_000;
/// Who is counted among so many profiles that each read finds one that was not read for long.
const CASES: [(&str, &str); 2] = [("current of one profile", "one-profile"), ("current of any profile", "any-profile")];

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    if !counted::is_there("valgrind") {
        return Ok(vec![Row::left_out(PART, READ, "Latch::current in memory", "valgrind isn't here")]);
    }
    let place = setup.on_disk()?;
    let home = place.path().join("home");
    store::ordinary(&home, "one")?;
    let each = |what: &str| counted::each(TIMES, TIMES * 2, |times| counts(what, times, &home));
    let set = each("set");
    let after_set = |read: Counts| Ok(counted::less(read, set.as_ref().map_err(ToString::to_string)?));
    let mut rows: Vec<Row> = [
        ("ArcSwap::load_full", "", each("load_full")),
        ("Latch::current in memory", "ArcSwap::load_full", each("in-memory")),
        ("Latch::current on files", "ArcSwap::load_full", each("current")),
        ("read and parse to serde_json::Value, 2 entries", "", each("parse")),
        (
            "Latch::current after another's commit, 2 entries",
            "read and parse to serde_json::Value, 2 entries",
            each("set-and-read").and_then(after_set),
        ),
    ]
    .into_iter()
    .map(|(case, beside, counts)| row(READ, case, beside, counts.map(|counts| (counts["Ir"], String::new()))))
    .collect();
    rows.extend(among(&place.path().join("many"))?);
    Ok(rows)
}

/// A read among very many profiles that are open.
fn among(home: &Path) -> Result<Vec<Row>, Failure> {
    profiles::make(home, MANY)?;
    let of = |(case, what): (&str, &str)| {
        let counts = counted::each(0, MANY, |times| counts(what, times, home));
        let misses =
            counts.map(|counts| (counts["D1mr"] + counts["D1mw"], format!("{:.0} instructions", counts["Ir"])));
        row(MISSES, &format!("{case}, of {MANY} open"), "", misses)
    };
    Ok(CASES.into_iter().map(of).collect())
}

fn row(group: &str, case: &str, beside: &str, counted: Result<(f64, String), Failure>) -> Row {
    match counted {
        Ok((count, note)) => Row {
            part: PART.into(),
            group: group.into(),
            case: case.into(),
            beside: beside.into(),
            unit: "instructions".into(),
            note,
            rounds: vec![vec![count]],
            ..Row::default()
        },
        Err(why) => Row::left_out(PART, group, case, why.to_string()),
    }
}

/// What the whole process took.
fn counts(what: &str, times: usize, home: &Path) -> Result<Counts, Failure> {
    let out = home.with_extension("callgrind");
    let mut tool = Command::new("valgrind");
    tool.args(["--tool=callgrind", "--cache-sim=yes"]).arg(format!("--callgrind-out-file={}", out.display()));
    counted::told(&mut tool, what, times, home)?;
    let text = fs::read_to_string(&out)?;
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).ok_or("callgrind wrote no totals");
    let totals = line("totals: ")?.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    Ok(line("events: ")?.split_whitespace().map(str::to_owned).zip(totals).collect())
}
