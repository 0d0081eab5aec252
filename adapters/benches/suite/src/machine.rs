//! On what it was measured, as rows: figures of one run may be compared with each other, and with no others.

use std::fs;
use std::process::Command;
use std::thread;

use crate::row::Row;
use crate::{Failure, Setup};

/// Facts of the machine and of the run.
pub fn rows(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let system = rustix::system::uname();
    let text = |it: &std::ffi::CStr| it.to_string_lossy().into_owned();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut facts = vec![
        ("date", said("date", &["-u", "+%Y-%m-%d"])),
        ("commit", said("git", &["describe", "--always", "--dirty"])),
        ("system", format!("{} {} {}", text(system.sysname()), text(system.release()), text(system.machine()))),
        ("processor", processor()),
        ("cores", cores.to_string()),
        ("disk", said("stat", &["-f", "-c", "%T", &setup.disk.to_string_lossy()])),
        ("memory", said("stat", &["-f", "-c", "%T", &setup.memory.to_string_lossy()])),
        ("busy with others (load of the last minute before)", load()),
        ("compiler", said("rustc", &["--version"])),
        ("the other build, in the crowds", setup.beside_commit.clone().unwrap_or_default()),
        ("mode", if setup.is_quick { "quick" } else { "full" }.to_owned()),
    ];
    #[cfg(feature = "peers")]
    facts.push(("SQLite", rusqlite::version().to_owned()));
    facts.retain(|(_, fact)| !fact.is_empty());
    Ok(facts.into_iter().map(|(name, fact)| Row::left_out("machine", "machine", name, fact)).collect())
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    model.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// What a program of the system says in one line; nothing where it isn't there.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
