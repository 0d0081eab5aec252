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
