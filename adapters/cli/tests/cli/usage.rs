//! Arguments that don't fit: exit status 2, the reason, what to do, and never a secret.

use std::process::Command;

use super::helper::{Home, Said, said};
use super::needs::{is_root, missing};

const SECRET: &str = "sk-ant-api03-in-the-arguments-0123456789";

#[test]
fn a_secret_in_the_arguments_is_refused_and_never_repeated() {
    let home = Home::new();
    let with_value = format!("--key={SECRET}");
    for args in [
        vec!["set", "anthropic", SECRET],
        vec!["set", "anthropic", "--", SECRET],
        vec!["set", "anthropic", "--key", SECRET],
        vec!["set", "anthropic", &with_value],
        vec!["set", "anthropic", "--secret", SECRET],
        vec!["set", "anthropic", "--token", SECRET],
        vec!["set", "anthropic", "--api-key", SECRET],
        vec!["set", "anthropic", "--password", SECRET],
        vec!["set", "anthropic", "--label", SECRET],
        vec!["--profile", SECRET, "status"],
        vec!["token", "--token", SECRET],
    ] {
        let refused = home.say(&args);
        refused.failed(2, "a secret can't be given as an argument");
        assert!(refused.err.contains("standard input"), "{}", refused.err);
        assert!(!refused.err.contains("in-the-arguments"), "{}", refused.err);
    }
    for args in [vec!["set", SECRET], vec![SECRET], vec!["status", SECRET], vec!["env", "minimax", "--as", SECRET]] {
        let refused = home.say(&args);
        assert_eq!(refused.status, 2);
        assert!(!refused.err.contains("in-the-arguments"), "{}", refused.err);
    }
    assert!(!home.path().exists());
}

#[test]
fn an_unknown_provider_is_answered_with_the_nearest() {
    let home = Home::new();
    for args in [vec!["set", "minmax"], vec!["token", "minmax"], vec!["clear", "minmax"], vec!["env", "minmax"]] {
        home.say(&args).failed(2, "did you mean `minimax`?");
    }
    let far = home.say(&["token", "zzz"]);
    far.failed(2, "`zzz`");
    assert!(far.err.contains("anthropic") && !far.err.contains("did you mean"), "{}", far.err);
}

#[test]
fn a_profile_name_is_never_a_path() {
    let home = Home::new();
    for name in ["..", ".", "../x", "a/b", "A", "", "-a", &"a".repeat(65)] {
        let args = [&format!("--profile={name}"), "status"];
        let refused = home.say(&args);
        assert_eq!(refused.status, 2, "{name:?}: {}", refused.err);
        assert!(refused.err.contains("profile"), "{}", refused.err);
    }
    said(home.command(&["status"]).env("CREDLATCH_PROFILE", "../x")).failed(2, "profile name");
    assert!(!home.path().exists());
}

#[test]
fn mistakes_are_named_and_help_is_offered() {
    let home = Home::new();
    home.say(&["stauts"]).failed(2, "did you mean `status`?");
    home.say(&["status", "--jsn"]).failed(2, "did you mean `--json`?");
    home.say(&["clear"]).failed(2, "`credlatch clear --help`");
    home.say(&["clear", "minimax", "--all"]).failed(2, "don't go together");
    home.say(&["env", "minimax", "--as", "cohere"]).failed(2, "own, anthropic, openai");
    home.say(&["import", "claude-code", "--again"]).failed(2, "--provider");
    home.say(&["--home", "", "status"]).failed(2, "has no value");
    home.say(&["--store", "redis://user:hush@host/", "--home", "x", "status"]).failed(2, "leave one of them out");
    home.say(&["--store", "etcd://user:hush@host/", "status"]).failed(2, "etcd+https://HOST");
    let store = said(home.command(&["--store", "redis://user:hush@host/", "status"]).env_remove("CREDLATCH_HOME"));
    store.failed(2, "--store file:///DIR");
    assert!(!store.err.contains("hush"));
    assert_eq!(home.say(&[]).status, 2);
}

#[test]
fn a_programs_errors_are_json() {
    let home = Home::new();
    for (args, status, kind) in [
        (vec!["--json", "stauts"], 2, "usage"),
        (vec!["set", "minimax", SECRET, "--json"], 2, "usage"),
        (vec!["token", "minmax", "--json"], 2, "usage"),
        (vec!["token", "minimax", "--json"], 3, "no_credential"),
        (vec!["run", "minimax", "--json", "--", "env"], 3, "no_credential"),
        (vec!["--json"], 2, "usage"),
    ] {
        let failed = home.say(&args);
        assert_eq!((failed.status, failed.out.as_str()), (status, ""), "{args:?}");
        let error: serde_json::Value = serde_json::from_str(&failed.err).unwrap();
        assert_eq!(error["error"]["kind"], kind);
        for field in ["message", "remedy"] {
            assert!(!error["error"][field].as_str().unwrap().is_empty(), "{error}");
        }
    }
}

#[test]
fn the_variables_say_the_same_as_the_options() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let url = format!("file://{}", home.path().display());
    let by_store = said(home.command(&["token", "minimax"]).env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", url));
    assert_eq!(by_store.out, "mm-key-1\n");
    let mut by_option = home.command(&["token", "minimax", "--home", home.path().to_str().unwrap()]);
    assert_eq!(said(by_option.env("CREDLATCH_HOME", "/nonexistent")).out, "mm-key-1\n");

    let file = home.folder().join("providers.json");
    std::fs::write(&file, r#"{"providers":[{"id":"acme","env":{"api_key":["ACME_API_KEY"]}}]}"#).unwrap();
    let shown = said(home.command(&["providers"]).env("CREDLATCH_PROVIDERS", &file));
    assert!(shown.out.contains("ACME_API_KEY"), "{}", shown.out);
    let none = said(home.command(&["token", "minimax"]).env("CREDLATCH_PROVIDERS", ""));
    assert_eq!(none.out, "mm-key-1\n", "an empty variable is none");
    home.say(&["--providers", "", "status"]).failed(2, "--providers has no value");
    std::fs::write(&file, "{").unwrap();
    said(home.command(&["providers"]).env("CREDLATCH_PROVIDERS", &file)).failed(2, "provider file");
}

#[test]
fn a_home_that_is_the_root_directory_is_told_as_that() {
    if !is_root("can become another user") {
        return;
    }
    let home = Home::new();
    let command = home.command(&[]);
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(command.get_program()).arg("status");
    let Ok(output) = other.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/").output() else {
        return missing("`setpriv`, to become another user");
    };
    let refused = Said::from(output);
    refused.failed(2, "HOME is /");
    assert!(refused.err.contains("set HOME or CREDLATCH_HOME"), "{}", refused.err);
}

#[test]
fn what_cannot_be_a_label_is_refused_with_the_reason_and_an_example() {
    let home = Home::new();
    let long = "l".repeat(129);
    for command in [&["set", "minimax"][..], &["rotate", "minimax"], &["remove", "minimax"]] {
        for (label, why) in [(" ", "a label can't be blank"), (&long, "a label has at most 128 characters")] {
            let refused = home.say(&[command, &["--label", label]].concat());
            refused.failed(2, why);
            assert!(refused.err.contains("as in: --label work"), "{}", refused.err);
        }
    }
    assert!(!home.path().exists());
}

#[test]
fn a_strategy_is_one_of_those_that_are_listed() {
    let home = Home::new();
    let refused = home.say(&["pool", "minimax", "--strategy", "best"]);
    refused.failed(2, "--strategy");
    assert!(refused.err.contains("fill-first, round-robin, random, least-used"), "{}", refused.err);
}
