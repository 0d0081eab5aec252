//! What a store remembers of a secret that is gone: enough to leave it out of an import, and nothing to guess it by.

use std::fs;
use std::path::PathBuf;

use credlatch::{Secret, fingerprint};
use serde_json::Value;

use crate::helper::{Home, Said};

const PASSWORD: &str = "Tr0ub4dor&3";
const GUESSES: [&str; 4] = ["123456", "correct horse battery staple", PASSWORD, "letmein"];

/// What somebody finds who has the document and a list of passwords.
pub(crate) fn guessed(document: &str, guesses: &[&str]) -> Vec<String> {
    let digest = |guess: &str| fingerprint(&Secret::try_from(guess).unwrap()).to_string();
    guesses.iter().filter(|guess| document.contains(&digest(guess))).map(|guess| (*guess).to_owned()).collect()
}

fn key(home: &Home) -> PathBuf {
    home.folder().join("fingerprint-key")
}

fn text(home: &Home) -> String {
    fs::read_to_string(home.document()).unwrap()
}

/// A home in which a password from the environment was imported and cleared.
fn cleared() -> Home {
    let home = Home::new();
    assert_eq!(import(&home, &[]).status, 0);
    assert_eq!(guessed(&text(&home), &GUESSES), [PASSWORD], "as long as it is stored its digest is no secret");
    assert_eq!(home.say(&["clear", "minimax"]).status, 0);
    home
}

fn import(home: &Home, more: &[&str]) -> Said {
    let args: Vec<&str> = ["import", "env"].iter().chain(more).copied().collect();
    Said::from(home.command(&args).env("MINIMAX_API_KEY", PASSWORD).output().unwrap())
}

fn doctor(home: &Home) -> String {
    // Lines are broken where a terminal ends.
    home.say(&["doctor"]).out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_cleared_password_cannot_be_guessed_from_what_is_remembered_and_stays_cleared() {
    let home = cleared();
    assert_eq!(guessed(&text(&home), &GUESSES), [""; 0]);
    assert!(key(&home).is_file());
    assert!(import(&home, &[]).out.contains("it was cleared"));
    assert!(!doctor(&home).contains("fingerprint"), "{}", doctor(&home));
    // A copy of the store on this machine goes on with the same key.
    let (store, copy) = (home.path().join("profiles"), home.folder().join("copy/profiles"));
    fs::create_dir_all(&copy).unwrap();
    fs::copy(store.join("default.json"), copy.join("default.json")).unwrap();
    let args = ["--home", copy.parent().unwrap().to_str().unwrap(), "import", "env"];
    let mut there = home.command(&args);
    private(&copy);
    let said = Said::from(there.env_remove("CREDLATCH_HOME").env("MINIMAX_API_KEY", PASSWORD).output().unwrap());
    assert!(said.out.contains("it was cleared"), "{} {}", said.out, said.err);
    assert!(import(&home, &["--provider", "minimax", "--again"]).out.contains("stored"));
}

fn private(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    for folder in [folder, folder.parent().unwrap()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn where_no_key_can_be_had_that_is_said_and_what_was_cleared_stays_so() {
    for (place, why) in [("", "CREDLATCH_FINGERPRINT_KEY is empty"), ("store/key", "the store's own directory")] {
        let home = Home::new();
        let place = if place.is_empty() { String::new() } else { home.folder().join(place).display().to_string() };
        let run = |args: &[&str]| {
            let mut command = home.command(args);
            command.env("CREDLATCH_FINGERPRINT_KEY", &place).env("MINIMAX_API_KEY", PASSWORD);
            Said::from(command.output().unwrap())
        };
        assert_eq!((run(&["import", "env"]).status, run(&["clear", "minimax"]).status), (0, 0));
        assert_eq!(guessed(&text(&home), &GUESSES), [PASSWORD], "{place}");
        assert!(run(&["import", "env"]).out.contains("it was cleared"), "{place}");
        let said = run(&["doctor"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("digests without a key") && said.contains("CREDLATCH_FINGERPRINT_KEY"), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_lost_key_brings_nothing_back_and_naming_it_does() {
    let home = cleared();
    fs::remove_file(key(&home)).unwrap();
    let said = import(&home, &[]);
    assert!(said.out.contains("something from there was cleared, and the key"), "{}", said.out);
    assert!(doctor(&home).contains("their fingerprint key isn't at hand"), "{}", doctor(&home));
    // Nothing else is in the way.
    assert_eq!(home.feed(&["set", "minimax"], "mm-other-1").status, 0);
    assert_eq!(home.say(&["clear", "minimax"]).status, 0);
    assert!(import(&home, &["--provider", "minimax", "--again"]).out.contains("stored"));
    let document: Value = serde_json::from_str(&text(&home)).unwrap();
    let tombstones = document["profile"]["providers"]["minimax"]["cleared"].as_array().unwrap();
    assert_eq!(tombstones.len(), 1, "naming it lifted what could not be told from it: {tombstones:?}");
    assert!(tombstones[0]["fingerprint_key"].is_string(), "the newer memory has the newer key");
}
