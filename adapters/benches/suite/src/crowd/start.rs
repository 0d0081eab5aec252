//! A crowd: so many processes that start at once, and when each of them was done.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Work, Writer, now_ns};
use crate::Failure;

/// Starts a crowd of the program's own kind, or of another build of it, and returns how many nanoseconds after the start each
/// process was done.
pub fn run(program: &Path, writer: Writer, work: Work, size: usize, home: &Path) -> Result<Vec<u64>, Failure> {
    let (start, held) = std::io::pipe()?;
    let mut crowd = Vec::with_capacity(size);
    for number in 0..size {
        let mut command = Command::new(program);
        command.args(["worker", writer.word(), work.word()]).arg(home).arg(number.to_string());
        // Two files of the user's lie outside of every store; these are the crowd's.
        for (variable, file) in [("CREDLATCH_CLAIMS", "claims"), ("CREDLATCH_FINGERPRINT_KEY", "key")] {
            command.env(variable, home.with_extension("state").join(file));
        }
        let mut child = command.stdin(start.try_clone()?).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().ok_or("a process has no output")?;
        crowd.push((child, BufReader::new(out)));
    }
    drop(start);
    for (_, out) in &mut crowd {
        line(out)?;
    }
    let began = now_ns();
    drop(held);
    crowd.into_iter().map(|(child, out)| Ok(end(child, out)?.saturating_sub(began))).collect()
}

fn end(mut child: Child, mut out: BufReader<ChildStdout>) -> Result<u64, Failure> {
    let done = line(&mut out);
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("a process of the crowd failed: {status}").into());
    }
    Ok(done?.parse()?)
}

fn line(out: &mut BufReader<ChildStdout>) -> Result<String, Failure> {
    let mut line = String::new();
    out.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
