//! msal-extensions: a Python child that does one thing for each line it gets, in an environment of its own that pip fills.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Failure;

const PACKAGE: &str = "msal-extensions==1.3.1";

/// The child.
pub struct Msal {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Msal {
    /// Starts it on a cache of its own. The environment is made once, below the directory of what is built.
    pub fn start(built: &Path, cache: &Path) -> Result<Self, Failure> {
        let python = environment(&built.join("python"))?;
        let script = built.join("python/drive_msal.py");
        std::fs::write(&script, include_str!("drive_msal.py"))?;
        let mut command = Command::new(python);
        command.arg(script).arg(cache).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let asks = child.stdin.take().ok_or("python has no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("python has no output")?);
        let mut started = Self { child, asks, answers };
        match started.line()?.as_str() {
            "ready" => Ok(started),
            _ => Err("python ended before it was ready".into()),
        }
    }

    /// Does it once, and says how many nanoseconds that took.
    pub fn once(&mut self, what: &str) -> Result<f64, Failure> {
        writeln!(self.asks, "{what}")?;
        self.asks.flush()?;
        Ok(self.line()?.parse()?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Msal {
    fn drop(&mut self) {
        // What it keeps is thrown away.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn environment(place: &Path) -> Result<PathBuf, Failure> {
    let python = place.join("bin/python");
    let done = place.join("done");
    if !done.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(place))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
        std::fs::write(done, PACKAGE)?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("python3 can't be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("python3 ended with {}: {}", output.status, said.lines().last().unwrap_or_default()).into())
}
