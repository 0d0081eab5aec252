//! Loom and the explorer agree: they explore the same scenarios by other means, and find the same ends.

use std::collections::BTreeSet;

use credlatch_tests::cases::{Act, against, choices};
use credlatch_tests::conduct::RIGHT_SCRIPTED;
use credlatch_tests::run::end::End;
use credlatch_tests::run::explore::{ends, ends_within};
use credlatch_tests::run::situations::{Explorer, Mistake};
use credlatch_tests::scenario::Scenario;

#[test]
fn loom_finds_the_same_ends() {
    // These have few enough orders for loom in a short run.
    let processes = [
        [Act::Start, Act::Clear],
        [Act::Start, Act::Set],
        [Act::Clear, Act::Set],
        [Act::Clear, Act::Read],
        [Act::Purge, Act::Read],
        [Act::Read, Act::Set],
    ];
    let threads = [[Act::Clear, Act::Purge], [Act::Clear, Act::Set], [Act::Purge, Act::Set]];
    let threads = threads.iter().map(|acts| against(acts).as_threads());
    for scenario in processes.iter().map(|acts| against(acts)).chain(threads) {
        assert_same(&scenario, &ends(&scenario));
    }
}

/// The explorer finds these ends of a scenario, and no others.
fn assert_same(scenario: &Scenario, loom: &BTreeSet<End>) {
    let found = Explorer::default().explore(scenario, RIGHT_SCRIPTED);
    found.assert_whole(&scenario.name);
    let missed: Vec<_> = loom.difference(&found.ends).collect();
    let more: Vec<_> = found.ends.difference(loom).collect();
    assert!(missed.is_empty() && more.is_empty(), "{}: {missed:#?} and {more:#?}", scenario.name);
}

/// More orders than this of one pair are too many for a run of minutes.
const MOST_ORDERS: usize = 20_000;

/// Of these pairs loom goes through every order within that bound.
const LEAST_EXHAUSTED: usize = 50;

#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn loom_finds_the_same_ends_of_every_pair_that_it_exhausts() {
    let pairs: Vec<_> = choices(2).iter().flat_map(|acts| [against(acts), against(acts).as_threads()]).collect();
    let mut exhausted = 0;
    for scenario in &pairs {
        if let Some(loom) = ends_within(scenario, MOST_ORDERS) {
            assert_same(scenario, &loom);
            exhausted += 1;
        }
    }
    super::orders::say(&format!("{exhausted} of {} pairs end alike in every order of loom's", pairs.len()));
    assert!(exhausted >= LEAST_EXHAUSTED, "loom exhausts only {exhausted} pairs");
}

/// A mistaken explorer finds other ends than loom.
#[test]
fn loom_tells_of_an_explorer_that_wakes_nobody() {
    let scenario = super::sound::one_between_two();
    assert_eq!(ends(&scenario), Explorer::default().explore(&scenario, RIGHT_SCRIPTED).ends);
    let found =
        Explorer { mistake: Some(Mistake::NeverWakes), ..Explorer::default() }.explore(&scenario, RIGHT_SCRIPTED);
    assert_ne!(ends(&scenario), found.ends);
}
