//! The demonstration holds, and leaves nothing behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn demo(folder: &Path, args: &[&str]) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_credlatch-demo"));
    let mut command = Command::new(own);
    command.args(args);
    // The program that the other tests use, if they were built too; it builds one otherwise.
    let program = own.with_file_name("credlatch");
    if program.is_file() {
        command.arg("--program").arg(program);
    }
    command.env("TMPDIR", folder.join("tmp")).env("HOME", folder.join("home")).output().unwrap()
}

/// A demonstration in a home of its own, which it leaves empty.
fn tidy_demo(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tmp", "home"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let told = demo(folder.path(), args);
    for name in ["tmp", "home"] {
        assert_eq!(fs::read_dir(folder.path().join(name)).unwrap().count(), 0, "{name}");
    }
    told
}

#[test]
fn every_promise_of_the_demonstration_holds() {
    let told = tidy_demo(&[]);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    assert!(text.matches('✓').count() >= 8 && !text.contains('✗'), "{text}");
    assert!(!text.contains("sk-"), "{text}");
}

#[test]
fn a_program_reads_that_every_promise_held() {
    let json = tidy_demo(&["--json"]).stdout;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap()["held"], true);
}
