//! What callgrind counts of a read in memory. Reads of files are not among them: valgrind stops where rustix
//! asks the kernel.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::counted;
use crate::row::Row;
use crate::{Failure, Setup};

const PART: &str = "instructions";
const GROUP: &str = "instructions of a read";
const TIMES: usize = 2_000;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    if !counted::is_there("valgrind") {
        return Ok(vec![Row::left_out(PART, GROUP, "Latch::current in memory", "valgrind isn't here")]);
    }
    let place = setup.on_disk()?;
    let count = |case: &str, beside: &str, what: &str| -> Row {
        let once = counts(what, TIMES, place.path());
        match once.and_then(|once| Ok(counts(what, TIMES * 2, place.path())? - once)) {
            Ok(more) => Row {
                part: PART.into(),
                group: GROUP.into(),
                case: case.into(),
                beside: beside.into(),
                unit: "instructions".into(),
                rounds: vec![vec![more / TIMES as f64]],
                ..Row::default()
            },
            Err(why) => Row::left_out(PART, GROUP, case, why.to_string()),
        }
    };
    Ok(vec![
        count("ArcSwap::load_full", "", "load_full"),
        count("Latch::current in memory", "ArcSwap::load_full", "in-memory"),
    ])
}

/// How many instructions the whole process took.
fn counts(what: &str, times: usize, place: &Path) -> Result<f64, Failure> {
    let out = place.join("callgrind");
    let mut tool = Command::new("valgrind");
    tool.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", out.display()));
    counted::told(&mut tool, what, times, place)?;
    let text = fs::read_to_string(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind wrote no total")?;
    Ok(total.trim().parse()?)
}
