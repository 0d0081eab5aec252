//! Makes each edit of `credlatch_tests::edits` in a copy of this repository, and looks whether each harness that it names
//! fails, and names the law. Arguments choose edits by a part of their names; without any all are made, which takes most of
//! an hour.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use credlatch_tests::edits::{self, Edit, Trial};

/// A copy of the repository in which edits are made.
struct Bench {
    copy: PathBuf,
    /// What is built there is kept beside this build, so that the next run is quick.
    built: PathBuf,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let copy = std::env::temp_dir().join(format!("credlatch-edits-{}", std::process::id()));
    copy_of(&root, &copy)?;
    let bench = Bench { copy, built: root.join("target/edits") };
    let (mut edits, mut trials, mut missed) = (0, 0, 0);
    for edit in edits::all().filter(|edit| asked.is_empty() || asked.iter().any(|part| edit.name.contains(part))) {
        edits += 1;
        let right = bench.make(edit)?;
        for (trial, laws) in edit.trials {
            let alone: Vec<&[u8]> = if trial.judges_alone { laws.chunks(1).collect() } else { vec![laws] };
            for laws in alone {
                let began = Instant::now();
                let told = bench.try_out(trial, laws)?;
                trials += 1;
                missed += usize::from(told.is_err());
                let (Ok(line) | Err(line)) = &told;
                let verdict = if told.is_ok() { "caught" } else { "MISSED" };
                let (name, by, seconds) = (edit.name, trial.harness, began.elapsed().as_secs());
                writeln!(std::io::stdout(), "{verdict} {name}, by {by}, {laws:?}: {line} ({seconds} s)")?;
            }
        }
        // Written and not copied, so that it is newer than what was built.
        fs::write(bench.copy.join(edit.file), right)?;
    }
    writeln!(std::io::stdout(), "{edits} edits, {trials} trials, {missed} missed")?;
    fs::remove_dir_all(&bench.copy)?;
    Ok(ExitCode::from(u8::from(missed > 0)))
}

/// Copies what git knows.
fn copy_of(root: &Path, copy: &Path) -> Result<(), Box<dyn Error>> {
    let listed = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root).output()?;
    for file in String::from_utf8(listed.stdout)?.lines() {
        let (from, to) = (root.join(file), copy.join(file));
        fs::create_dir_all(to.parent().unwrap_or(copy))?;
        if from.is_file() {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

impl Bench {
    /// Makes an edit, and gives the file's text as it was.
    fn make(&self, edit: &Edit) -> Result<String, Box<dyn Error>> {
        let path = self.copy.join(edit.file);
        let right = fs::read_to_string(&path)?;
        fs::write(&path, right.replacen(edit.right, edit.wrong, 1))?;
        Ok(right)
    }

    /// The line that names a law, or what was seen instead.
    fn try_out(&self, trial: &Trial, laws: &[u8]) -> Result<Result<String, String>, Box<dyn Error>> {
        let mut cargo = Command::new("cargo");
        cargo.arg("test").args(trial.run.split(' ')).current_dir(&self.copy);
        cargo.env("CARGO_TARGET_DIR", &self.built).env("RUST_BACKTRACE", "0");
        if let ([law], true) = (laws, trial.judges_alone) {
            cargo.env("CREDLATCH_LAW", law.to_string());
        }
        let output = cargo.output()?;
        let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if told.contains("could not compile") {
            return Ok(Err("it doesn't compile".to_owned()));
        }
        let named = |line: &&str| laws.iter().any(|law| line.contains(&format!("law {law} `")));
        Ok(match told.lines().find(named) {
            Some(line) if !output.status.success() => Ok(line.trim().to_owned()),
            _ if output.status.success() => Err("no test failed".to_owned()),
            _ => Err(told.lines().filter(|line| line.contains("law ")).take(3).collect::<Vec<_>>().join(" / ")),
        })
    }
}
