//! Where the seal's key is, as options say it: whatever a command starts finds the store's key there too.

use std::process::Command;

use super::helper::{Home, Said, said};

/// A sealed home of which nobody remembers where its key is; it is in `seal.key` in the folder beside it.
fn sealed() -> Home {
    let home = Home::new();
    home.set("minimax", "mm-1");
    assert_eq!(said(forgetful(&mut home.command(&["seal", "--seal-key", "seal.key"]))).status, 0);
    home
}

fn forgetful(command: &mut Command) -> &mut Command {
    command.env("CREDLATCH_SEAL_KEYS", "")
}

const OURS: &str = env!("CARGO_BIN_EXE_credlatch");

/// What a child of `run` says, in another directory.
fn child(home: &Home, options: &[&str], words: &[&str], env: &[(&str, &str)]) -> Said {
    let run = ["run", "minimax", "-q", "--", "sh", "-c", "cd / && exec \"$@\"", "sh"];
    said(forgetful(&mut home.command(&[options, &run, words].concat())).envs(env.iter().copied()))
}

#[test]
fn a_child_of_run_opens_the_store_with_the_key_that_an_option_named() {
    let home = sealed();
    let key = home.folder().join("seal.key").display().to_string();
    let prints = format!("cat {key}");
    for (options, variable, value) in [
        (["--seal-key", "seal.key"], "CREDLATCH_SEAL_KEY_FILE", &key),
        (["--seal-key-command", &prints], "CREDLATCH_SEAL_KEY_COMMAND", &prints),
    ] {
        let strict = [&options[..], &["run", "minimax", "-q", "--strict", "--", OURS, "token", "minimax"]].concat();
        let strict = said(forgetful(&mut home.command(&strict)));
        assert_eq!((strict.status, strict.out.as_str()), (0, "mm-1\n"), "{}", strict.err);
        // What another variable says meanwhile is somebody else's.
        let inherited = [("CREDLATCH_SEAL_KEY_STORE", "other"), ("CREDLATCH_SEAL_KEY_FILE", "/nowhere")];
        let env = child(&home, &options, &["env"], &inherited);
        let seals: Vec<_> = env.out.lines().filter(|line| line.starts_with("CREDLATCH_SEAL_KEY_")).collect();
        assert_eq!(seals, [format!("{variable}={value}")], "{}", env.err);
        assert_eq!(child(&home, &options, &[OURS, "token", "minimax"], &inherited).out, "mm-1\n");
    }
}

#[test]
fn a_child_is_told_of_no_key_where_nobody_named_one() {
    let home = Home::new();
    home.set("minimax", "mm-1");
    let env = child(&home, &[], &["env"], &[]);
    assert!(!env.out.contains("CREDLATCH_SEAL_KEY_"), "{}", env.out);
    assert_eq!(child(&home, &[], &[OURS, "token", "minimax"], &[]).out, "mm-1\n");
}

#[test]
fn a_command_with_a_secret_in_it_is_refused_and_not_repeated() {
    let home = sealed();
    let key = std::fs::read_to_string(home.folder().join("seal.key")).unwrap();
    let command = format!("printf {}", key.trim());
    for words in [&["token", "minimax"][..], &["setup", "claude-code", "minimax", "--yes"]] {
        let refused = home.say(&[&["--seal-key-command", &command], words].concat());
        refused.failed(2, "a secret can't be given as an argument");
        assert!(!refused.err.contains(key.trim()), "{}", refused.err);
    }
}

#[test]
fn arguments_that_do_not_fit_are_explained_behind_these_options_too() {
    let home = Home::new();
    for option in ["--seal-key", "--seal-key-command", "--seal-key-store"] {
        let said = home.say(&[option, "x", "run", "minimax", "env"]);
        said.failed(125, "the program to run comes after `--`");
    }
}

#[test]
fn a_new_home_that_is_first_written_with_a_key_is_sealed_as_by_seal() {
    let (home, maker) = (Home::new(), Home::new());
    maker.set("minimax", "mm-0");
    let key = maker.folder().join("seal.key").display().to_string();
    let known = home.folder().join("seal-keys");
    assert_eq!(said(forgetful(&mut maker.command(&["seal", "--seal-key", &key]))).status, 0);
    let say = |args: &[&str], input: &str| {
        let mut command = home.command(args);
        command.env("CREDLATCH_SEAL_KEYS", &known).stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        Said::from(child.wait_with_output().unwrap())
    };
    let set = say(&["set", "minimax", "--seal-key", &key], "mm-1");
    assert_eq!(set.status, 0, "{}", set.err);
    let token = say(&["token", "minimax"], "");
    assert_eq!((token.status, token.out.as_str()), (0, "mm-1\n"), "{}", token.err);
    assert_eq!(say(&["set", "minimax", "--profile", "work"], "mm-2").status, 0);
    let work = std::fs::read_to_string(home.path().join("profiles/work.json")).unwrap();
    assert!(work.contains("\"sealed\"") && !work.contains("mm-2"));
    assert_eq!(say(&["unseal"], "").status, 0);
    // A home that has something in plain text is sealed by a person alone.
    assert_eq!(say(&["set", "minimax", "--profile", "third", "--seal-key", &key], "mm-3").status, 0);
    assert_eq!(say(&["token", "minimax"], "").out, "mm-1\n");
    assert!(!home.path().join("seal.json").exists());
}

#[test]
fn a_command_that_is_named_by_a_relative_path_is_found_from_every_directory() {
    use std::os::unix::fs::PermissionsExt;
    let home = sealed();
    let key = home.folder().join("seal.key").display().to_string();
    let prints = home.folder().join("k");
    std::fs::write(&prints, format!("#!/bin/sh\ncat {key}\n")).unwrap();
    std::fs::set_permissions(&prints, std::fs::Permissions::from_mode(0o700)).unwrap();
    let elsewhere = child(&home, &["--seal-key-command", "./k"], &[OURS, "token", "minimax"], &[]);
    assert_eq!((elsewhere.status, elsewhere.out.as_str()), (0, "mm-1\n"), "{}", elsewhere.err);
    let inherited = said(forgetful(&mut home.command(&["token", "minimax"])).env("CREDLATCH_SEAL_KEY_COMMAND", "./k"));
    inherited.failed(2, "begins with a relative path");
}
