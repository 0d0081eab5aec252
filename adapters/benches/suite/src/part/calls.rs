//! What strace counts of a read, a commit and a refresh: system calls, by their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::counted;
use crate::row::Row;
use crate::{Failure, Setup, store};

const PART: &str = "calls";
const GROUP: &str = "system calls";
const TIMES: usize = 20;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    if !counted::is_there("strace") {
        return Ok(vec![Row::left_out(PART, GROUP, "Latch::set", "strace isn't here")]);
    }
    let place = setup.in_memory()?;
    let home = place.path().join("home");
    store::ordinary(&home, "one")?;
    let mut rows = Vec::new();
    for (case, beside, what) in [
        ("a bare durable replace of the same bytes", "", "replace"),
        ("Latch::current on files", "", "current"),
        ("Latch::set", "a bare durable replace of the same bytes", "set"),
        ("Latch::rotate, with an issuer that answers at once", "a bare durable replace of the same bytes", "rotate"),
    ] {
        let counted = counts(what, TIMES, &home).and_then(|once| Ok((once, counts(what, TIMES * 2, &home)?)));
        rows.push(match counted {
            Ok((once, twice)) => row(case, beside, &once, &twice),
            Err(why) => Row::left_out(PART, GROUP, case, why.to_string()),
        });
    }
    Ok(rows)
}

/// The calls of one time, and in the note which they are.
fn row(case: &str, beside: &str, once: &BTreeMap<String, f64>, twice: &BTreeMap<String, f64>) -> Row {
    let more = |(name, calls): (&String, &f64)| {
        let each = (calls - once.get(name).unwrap_or(&0.0)) / TIMES as f64;
        (each >= 0.5).then(|| (name.clone(), each))
    };
    let mut each: Vec<(String, f64)> = twice.iter().filter_map(more).collect();
    each.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let names: Vec<String> = each.iter().map(|(name, calls)| format!("{calls:.0} {name}")).collect();
    Row {
        part: PART.into(),
        group: GROUP.into(),
        case: case.into(),
        beside: beside.into(),
        unit: "calls".into(),
        note: names.join(", "),
        rounds: vec![vec![each.iter().map(|(_, calls)| calls).sum()]],
        ..Row::default()
    }
}

/// How often the whole process called what, in all its threads.
fn counts(what: &str, times: usize, home: &Path) -> Result<BTreeMap<String, f64>, Failure> {
    let out = home.with_extension("strace");
    let mut tool = Command::new("strace");
    tool.args(["-f", "-c", "-U", "calls,name", "-o"]).arg(&out);
    counted::told(&mut tool, what, times, home)?;
    let read = |line: &str| {
        let (calls, name) = line.trim().split_once(char::is_whitespace)?;
        Some((name.trim().to_owned(), calls.parse().ok()?))
    };
    let text = fs::read_to_string(out)?;
    Ok(text.lines().filter_map(read).filter(|(name, _)| name != "total").collect())
}
