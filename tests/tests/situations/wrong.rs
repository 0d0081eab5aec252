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
            skips: false,
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

/// So many breaches are enough to see that they are told.
const ENOUGH: usize = 3;

/// Breadth first there may be too many situations before the first breach: then the one that a walk found is told, however long.
#[test]
fn a_breach_that_a_walk_found_is_told_where_there_are_too_many_situations_breadth_first() {
    let mut told = 0;
    for wrong in WRONG {
        let explore = |explorer: Explorer| explorer.explore(&(wrong.scenario)(), wrong.scripted);
        let fewest = Explorer { law: Some(wrong.law), order: Order::FewestMoves, ..Explorer::default() };
        let bounded = Explorer { most: explore(fewest).situations / 2, ..fewest };
        if explore(bounded).broken.is_some() {
            continue;
        }
        let Some((broken, found)) = explore(Explorer { order: Order::Quickest, ..bounded }).broken else { continue };
        let again = LAWS[usize::from(wrong.law) - 1].judge(&play(&found, wrong.scripted).trace);
        assert_eq!(again, Err(broken), "{}", wrong.name);
        told += 1;
        if told == ENOUGH {
            return;
        }
    }
    panic!("only {told} walks found a breach sooner");
}
