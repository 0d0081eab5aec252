//! What strace counts of a read, a commit and a refresh: system calls, by their names.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::counted::{self, Counts};
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
    let each = |what: &str| counted::each(TIMES, TIMES * 2, |times| counts(what, times, &home));
    let set = each("set");
    let after_set = |both: Counts| Ok(counted::less(both, set.as_ref().map_err(ToString::to_string)?));
    let (bare, parse) = ("a bare durable replace of the same bytes", "read and parse to serde_json::Value");
    Ok(vec![
        row(bare, "", each("replace")),
        row("Latch::current on files", "", each("current")),
        row(parse, "", each("parse")),
        row("Latch::current after another's commit", parse, each("set-and-read").and_then(after_set)),
        row("Latch::rotate, with an issuer that answers at once", bare, each("rotate")),
        row("Latch::set", bare, set),
    ])
}

/// The calls of one time, and in the note which they are.
fn row(case: &str, beside: &str, counted: Result<Counts, Failure>) -> Row {
    let each = match counted {
        Ok(each) => each,
        Err(why) => return Row::left_out(PART, GROUP, case, why.to_string()),
    };
    let mut each: Vec<(String, f64)> = each.into_iter().filter(|(_, calls)| *calls >= 0.5).collect();
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
fn counts(what: &str, times: usize, home: &Path) -> Result<Counts, Failure> {
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
