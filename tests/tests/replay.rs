//! Plays the scenarios that were kept: what once broke a law, and what shows each wrong engine.
//!
//! `CREDLATCH_KEEP=1` writes the files of wrong engines that have none.

use std::path::{Path, PathBuf};

use credlatch_core::law::{LAWS, judge};
use credlatch_tests::conduct::Right;
use credlatch_tests::run::play::{play, play_interrupted};
use credlatch_tests::scenario::Scenario;
use credlatch_tests::wrong::{WRONG, Wrong};
use serde::{Deserialize, Serialize};

/// A scenario in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The wrong engine that it shows; none if the right one failed once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shows: Option<String>,
    scenario: Scenario,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn keep() {
    let file = |wrong: &Wrong| folder().join(format!("{}.json", wrong.name));
    for wrong in WRONG.iter().filter(|wrong| !file(wrong).exists()) {
        let played = play_interrupted(&(wrong.scenario)(), wrong.scripted);
        let scenario = played.broken[&wrong.law].1.clone();
        let kept = Kept { shows: Some(wrong.name.to_owned()), scenario };
        let json = serde_json::to_string_pretty(&kept).unwrap() + "\n";
        std::fs::write(file(wrong), json).unwrap();
    }
}

#[test]
fn what_was_kept_still_shows_what_it_showed() {
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        keep();
    }
    let mut shown = Vec::new();
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let kept: Kept = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if let Err(broken) = judge(&play(&kept.scenario, &Right).trace) {
            panic!("{}: {broken}", path.display());
        }
        if let Some(name) = kept.shows {
            let wrong = WRONG.iter().find(|wrong| wrong.name == name).expect("a wrong engine of that name");
            let trace = play(&kept.scenario, wrong.scripted).trace;
            let judged = LAWS[usize::from(wrong.law) - 1].judge(&trace);
            assert!(judged.is_err(), "{} no longer shows {name}", path.display());
            shown.push(name);
        }
    }
    for wrong in WRONG {
        assert!(shown.iter().any(|name| name == wrong.name), "no file shows {}", wrong.name);
    }
}

#[test]
fn the_same_file_gives_the_same_history() {
    for wrong in WRONG {
        let scenario = (wrong.scenario)();
        let first = play(&scenario, wrong.scripted);
        for _ in 0..20 {
            let again = play(&scenario, wrong.scripted);
            assert_eq!(again.turns, first.turns, "{}", wrong.name);
            assert_eq!(format!("{:?}", again.trace), format!("{:?}", first.trace), "{}", wrong.name);
        }
    }
}
