//! Plays the scenarios that were kept: what once broke a law, and the shortest counterexample of each wrong engine.

use credlatch_core::law::{LAWS, judge};
use credlatch_tests::conduct::RIGHT_SCRIPTED;
use credlatch_tests::kept::Kept;
use credlatch_tests::run::play::play;
use credlatch_tests::wrong::WRONG;

#[test]
fn what_was_kept_still_shows_what_it_showed() {
    let mut shown = Vec::new();
    for file in std::fs::read_dir(Kept::folder()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let kept = Kept::read(&name).unwrap();
        if let Err(broken) = judge(&play(&kept.scenario, RIGHT_SCRIPTED).trace) {
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
