//! Many writers at once, and a reader who watches them.

use std::process::Child;

use super::Shown;
use super::stage::Stage;

const WRITERS: usize = 32;

pub(super) fn write_at_once(stage: &Stage) -> Shown {
    let before = stage.status()?;
    let label = |number| format!("writer-{number:02}");
    let start =
        |number| stage.feed(&["set", "minimax", "--label", &label(number)], &format!("sk-cp-demo-writer-{number:02}"));
    let mut writers: Vec<Child> = (0..WRITERS).map(start).collect::<Result<_, _>>()?;

    let mut seen = before.generation;
    let mut reads = 0;
    while !have_ended(&mut writers)? {
        let generation = stage.status()?.generation;
        if generation < seen {
            return Err(format!("a reader saw generation {generation} after {seen}"));
        }
        seen = generation;
        reads += 1;
    }
    for writer in writers {
        Stage::end(writer)?;
    }
    let count = stage.status()?.count("minimax") - before.count("minimax");
    if count == WRITERS {
        Ok(format!("{WRITERS} entries; a reader looked {reads} times and saw whole states in order"))
    } else {
        Err(format!("{count} of {WRITERS} entries are there"))
    }
}

fn have_ended(children: &mut [Child]) -> Result<bool, String> {
    for child in children {
        if child.try_wait().map_err(|error| error.to_string())?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
