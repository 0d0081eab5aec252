//! Every wrong engine is caught by the law that names it, and its shortest counterexample is kept.

use credlatch_core::law::LAWS;
use credlatch_tests::explored::until;
use credlatch_tests::kept::Kept;
use credlatch_tests::run::play::play;
use credlatch_tests::run::situations::{Explorer, Order};
use credlatch_tests::wrong::WRONG;

/// With `CREDLATCH_KEEP=1` the files are written anew.
#[test]
fn each_is_caught_by_its_law_and_the_file_has_the_shortest_counterexample() {
    for wrong in WRONG {
        let (broken, shortest) = until(wrong).broken.unwrap_or_else(|| panic!("{} is not caught", wrong.name));
        assert_eq!(broken.number, wrong.law, "{}", wrong.name);
        let again = LAWS[usize::from(wrong.law) - 1].judge(&play(&shortest, wrong.scripted).trace);
        assert_eq!(again, Err(broken), "{}\n{}", wrong.name, shortest.to_json());
        let kept = Kept::showing(wrong.name, shortest);
        if std::env::var_os("CREDLATCH_KEEP").is_some() {
            kept.write(wrong.name).unwrap();
        }
        let written = Kept::read(wrong.name).unwrap_or_else(|error| panic!("{}: {error}", wrong.name));
        assert_eq!(written, kept, "tests/scenarios has another counterexample; write it anew with CREDLATCH_KEEP=1");
    }
}

/// Whoever enters each situation again whenever an order leads to it breaks the law no sooner.
#[test]
fn no_order_breaks_the_law_with_fewer_moves() {
    let mut tried = 0;
    for wrong in WRONG {
        let remembering = until(wrong);
        if remembering.moves > 9 {
            continue;
        }
        let explorer = Explorer {
            law: Some(wrong.law),
            order: Order::Forgetful,
            gathers: false,
            goes_on: false,
            ..Explorer::default()
        };
        let found = explorer.explore(&(wrong.scenario)(), wrong.scripted);
        assert_eq!(found.moves, remembering.moves, "{}", wrong.name);
        tried += 1;
    }
    assert!(tried > 10, "only {tried} engines were tried");
}

/// Those who come before anybody moves hide no breach.
#[test]
fn each_is_caught_by_its_law_where_those_have_come_whose_coming_nobody_can_tell() {
    for wrong in WRONG {
        let explorer = Explorer { law: Some(wrong.law), ..Explorer::default() };
        let found = explorer.explore(&(wrong.scenario)(), wrong.scripted);
        assert_eq!(found.broken.map(|(broken, _)| broken.number), Some(wrong.law), "{}", wrong.name);
    }
}
