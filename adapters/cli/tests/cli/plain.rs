//! What others wrote reaches a terminal escaped: it can't move the cursor, turn a line round, or hide.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::helper::{Home, Said, said};
use super::needs::missing;
use super::output::holds;
use super::pty::Terminal;

/// A line that clears the screen, one that begins a new one, and some of what nobody sees.
const HOSTILE: &str = "a\u{1b}[2J\r\nb\u{9b}31m\u{202e}c\u{200b}\u{2066}\u{feff}\u{2028}\u{e0041}\u{61c}";
/// The same without control characters, which a name of this store can't hold.
const UNSEEN: &str = "a\u{202e}c\u{200b}\u{2066}\u{feff}\u{2028}\u{e0041}\u{61c}";

fn is_tricky(c: char) -> bool {
    c.is_control() || "\u{202e}\u{200b}\u{2066}\u{feff}\u{2028}\u{e0041}\u{61c}".contains(c)
}

/// Checks that nothing of it came through, and that it is told escaped, in a number of lines.
#[track_caller]
fn harmless(said: &Said, lines: usize) {
    let all = format!("{}{}", said.out, said.err);
    assert!(!all.chars().any(|c| c != '\n' && is_tricky(c)), "{all:?}");
    assert!(all.contains(r"\u{202e}"), "it is not told: {all}");
    assert_eq!(all.lines().count(), lines, "{all}");
}

/// Checks that nothing of it came through, told or not.
#[track_caller]
fn harmless_or_silent(said: &Said) {
    let all = format!("{}{}", said.out, said.err);
    assert!(!all.chars().any(|c| c != '\n' && is_tricky(c)), "{all:?}");
}

/// The same in JSON, where it still means what it meant.
#[track_caller]
fn harmless_json(said: &Said, meant: &str) {
    let text = if said.out.is_empty() { &said.err } else { &said.out };
    assert!(!text.trim_end().chars().any(is_tricky), "{text:?}");
    let read: serde_json::Value = serde_json::from_str(text).unwrap();
    assert!(holds(&read, meant), "{meant:?} is not in {text}");
}

#[test]
fn a_label_is_shown_escaped_wherever_it_is_shown() {
    let home = Home::new();
    let stored = home.feed(&["set", "minimax", "--label", UNSEEN], "mm-key-1");
    assert_eq!(stored.status, 0, "{}", stored.err);
    harmless(&stored, 1);
    harmless(&home.say(&["status"]), 4);
    let doctor = home.say(&["doctor"]);
    harmless(&doctor, doctor.out.lines().count());
    harmless(&home.say(&["pool", "minimax"]), 2);
    for args in [&["status", "--json"][..], &["doctor", "--json"], &["pool", "minimax", "--json"]] {
        harmless_json(&home.say(args), UNSEEN);
    }
    let token = home.say(&["token", "minimax", "--json"]);
    harmless_json(&token, UNSEEN);
    assert_eq!(
        (token.json()["token"].as_str(), home.say(&["token", "minimax"]).out),
        (Some("mm-key-1"), "mm-key-1\n".into())
    );
    harmless(&home.say(&["clear", "minimax"]), 2);
}

#[test]
fn a_row_of_hermes_is_shown_escaped() {
    let home = Home::new();
    let file = home.folder().join("auth.json");
    let row = |label: &str, source: &str| {
        serde_json::json!({"id": "credlatch-1", "label": label, "auth_type": "api_key", "priority": 0, "source": source,
            "access_token": "sk-ant-api03-hermes-0123456789"})
    };
    let pools = serde_json::json!({"anthropic": [row(UNSEEN, HOSTILE)], format!("x{HOSTILE}"): [row("b", "manual")]});
    fs::write(&file, serde_json::json!({"version": 1, "credential_pool": pools}).to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let store = format!("hermes:{}", file.display());
    let on = |args: &[&str]| said(home.command(args).env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", &store));
    harmless(&on(&["status"]), 4);
    harmless_json(&on(&["status", "--json"]), UNSEEN);
    harmless_json(&on(&["status", "--json"]), HOSTILE);
    // What is skipped is named by its place.
    let file = file.to_str().unwrap();
    for said in [on(&["token", "anthropic"]), on(&["doctor"]), home.say(&["import", "hermes", "--path", file])] {
        harmless_or_silent(&said);
    }
}

#[test]
fn a_file_name_in_an_error_is_shown_escaped_and_in_its_line() {
    let home = Home::new();
    let file = home.folder().join(HOSTILE);
    let args = ["import", "dotenv", "--path", file.to_str().unwrap()];
    let absent = home.say(&args);
    absent.failed(3, r"a\u{1b}[2J\u{d}\u{a}b");
    harmless(&absent, 2);
    harmless_json(&home.say(&[&args[..], &["--json"]].concat()), HOSTILE);
    fs::write(&file, "MINIMAX_API_KEY=mm-key-1\n").unwrap();
    harmless(&home.say(&["clear", "--all", "--dotenv", file.to_str().unwrap()]), 2);
}

#[test]
fn a_variable_and_a_program_are_named_escaped() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let name = format!("X{HOSTILE}_API_KEY");
    let with = |args: &[&str]| said(home.command(args).env(&name, "sk-unknown-1"));
    let mut command = home.command(&["env", "minimax"]);
    let Some(terminal) = Terminal::start(command.env(&name, "sk-unknown-1"), 80) else { return };
    let (_, out) = terminal.end();
    let shown = Said { status: 0, out, err: String::new() };
    harmless(&shown, shown.out.lines().filter(|line| !line.is_empty()).count());
    assert_eq!(shown.out.lines().filter(|line| line.contains("_API_KEY") && line.contains(r"\u{a}")).count(), 1);
    harmless_json(&with(&["env", "minimax", "--json"]), HOSTILE);
    harmless(&with(&["run", "minimax", "--", "true"]), 2);
    harmless(&home.say(&["run", "minimax", "--", HOSTILE]), 2);
}

#[test]
fn a_provider_table_can_do_nothing_to_a_terminal() {
    let home = Home::new();
    let file = home.folder().join("providers.json");
    let row = serde_json::json!({"id": "acme", "name": HOSTILE, "env": {"api_key": ["ACME_API_KEY"]}});
    fs::write(&file, serde_json::json!({"providers": [row]}).to_string()).unwrap();
    let table = home.say(&["providers", "--json", "--providers", file.to_str().unwrap()]);
    harmless_json(&table, HOSTILE);
    // The name is in the question at a terminal.
    let mut command = Command::new("script");
    command.env_clear().envs(home.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ask = format!("{} set acme --providers {}", env!("CARGO_BIN_EXE_credlatch"), file.display());
    command.env("TERM", "xterm").args(["-qec", &ask, "/dev/null"]);
    let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        missing("`script`, to make a terminal with");
        return;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"ac-key-1\n").unwrap();
    let asked = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
    let asked = asked.replace("\r\n", "\n");
    assert!(asked.contains(r"\u{202e}") && !asked.chars().any(|c| c != '\n' && is_tricky(c)), "{asked:?}");
}
