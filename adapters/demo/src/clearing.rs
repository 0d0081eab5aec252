//! A clear, seen by a process that was reading all the time.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::Instant;

use super::Shown;
use super::stage::Stage;

pub(super) fn clear_is_seen(stage: &Stage) -> Shown {
    let stored = stage.status()?.count("minimax");
    let mut reader = stage.start_part("follow", "default")?;
    let seen = watch(stage, &mut reader, stored);
    // Whatever it saw, it must not outlive the demo.
    let _ = reader.kill().and_then(|()| reader.wait().map(drop));
    seen
}

fn watch(stage: &Stage, reader: &mut Child, stored: usize) -> Shown {
    let Some(out) = reader.stdout.take() else { return Err("the reader can't be heard".to_owned()) };
    let mut counts = BufReader::new(out).lines().map(|line| line.ok().and_then(|line| line.parse::<usize>().ok()));
    if counts.next() != Some(Some(stored)) {
        return Err("the reader did not see what is stored".to_owned());
    }
    stage.run(&["clear", "minimax"])?;
    let cleared = Instant::now();
    match counts.next() {
        Some(Some(0)) => Ok(format!(
            "another process saw {stored} entries, then none; {} ms after the clear at the latest",
            cleared.elapsed().as_millis()
        )),
        Some(Some(part)) => Err(format!("the reader saw {part} of {stored} entries")),
        _ => Err("the reader ended too soon".to_owned()),
    }
}

pub(super) fn neighbour_is_untouched(stage: &Stage) -> Shown {
    let status = stage.status()?;
    match (status.count("minimax"), status.count("anthropic")) {
        (0, 1) => Ok("minimax has nothing any more, and anthropic still has its entry".to_owned()),
        (minimax, anthropic) => Err(format!("minimax has {minimax} entries and anthropic {anthropic}")),
    }
}
