//! A writer that dies with the lock in its hand.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use super::Shown;
use super::stage::Stage;

pub(super) fn kill_the_holder(stage: &Stage) -> Shown {
    let mut holder = stage.part_command("hold");
    let mut holder = holder.stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let mut line = String::new();
    let told = holder.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    if !matches!(told, Some(Ok(_))) || line.trim() != "locked" {
        return Err("the process that was to hold the lock did not get it".to_owned());
    }
    let next = stage.feed(&["set", "minimax", "--label", "after-the-kill"], "sk-cp-demo-after-the-kill")?;
    holder.kill().and_then(|()| holder.wait().map(drop)).map_err(|error| error.to_string())?;
    let killed = Instant::now();
    Stage::end(next)?;
    Ok(format!("the next writer was through {} ms after the kill", killed.elapsed().as_millis()))
}
