//! Makes each edit of `credlatch_tests::edits` in a copy of this repository, and looks whether the harness fails and names a
//! law. Arguments choose edits by a part of their names; without any all are made, which takes some minutes.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use credlatch_tests::edits::{EDITS, Edit};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let copy = std::env::temp_dir().join(format!("credlatch-edits-{}", std::process::id()));
    copy_of(&root, &copy)?;
    let mut missed = 0;
    for edit in EDITS.iter().filter(|edit| asked.is_empty() || asked.iter().any(|part| edit.name.contains(part))) {
        let began = Instant::now();
        let told = try_out(edit, &root, &copy)?;
        missed += usize::from(told.is_err());
        let (Ok(line) | Err(line)) = &told;
        let verdict = if told.is_ok() { "caught" } else { "MISSED" };
        writeln!(std::io::stdout(), "{verdict} {}: {line} ({} s)", edit.name, began.elapsed().as_secs())?;
    }
    fs::remove_dir_all(&copy)?;
    Ok(ExitCode::from(u8::from(missed > 0)))
}

/// Copies what git knows; what is built there is kept beside this build, so that the next run is quick.
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

/// The line that names a law, or what was seen instead.
fn try_out(edit: &Edit, root: &Path, copy: &Path) -> Result<Result<String, String>, Box<dyn Error>> {
    let path: PathBuf = copy.join(edit.file);
    let right = fs::read_to_string(&path)?;
    fs::write(&path, right.replacen(edit.right, edit.wrong, 1))?;
    let output = Command::new("cargo")
        .arg("test")
        .args(edit.harness.split(' '))
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", root.join("target/edits"))
        .env("RUST_BACKTRACE", "0")
        .output()?;
    fs::write(&path, right)?;
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if told.contains("could not compile") {
        return Ok(Err("it doesn't compile".to_owned()));
    }
    let named = |line: &&str| edit.laws.iter().any(|law| line.contains(&format!("law {law} `")));
    Ok(match told.lines().find(named) {
        Some(line) if !output.status.success() => Ok(line.trim().to_owned()),
        _ if output.status.success() => Err("no test failed".to_owned()),
        _ => Err(told.lines().filter(|line| line.contains("law ")).take(3).collect::<Vec<_>>().join(" / ")),
    })
}
