//! Loom and the explorer agree: they explore the same scenarios by other means, and find the same ends.

use credlatch_tests::cases::{Act, against};
use credlatch_tests::conduct::Right;
use credlatch_tests::run::explore::ends;
use credlatch_tests::run::situations::{Explorer, Mistake};

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
        let (loom, found) = (ends(&scenario), Explorer::default().explore(&scenario, &Right));
        found.assert_whole(&scenario.name);
        let missed: Vec<_> = loom.difference(&found.ends).collect();
        let more: Vec<_> = found.ends.difference(&loom).collect();
        assert!(missed.is_empty() && more.is_empty(), "{}: {missed:#?} and {more:#?}", scenario.name);
    }
}

/// A mistaken explorer finds other ends than loom.
#[test]
fn loom_tells_of_an_explorer_that_wakes_nobody() {
    let scenario = super::sound::one_between_two();
    assert_eq!(ends(&scenario), Explorer::default().explore(&scenario, &Right).ends);
    let found = Explorer { mistake: Some(Mistake::NeverWakes), ..Explorer::default() }.explore(&scenario, &Right);
    assert_ne!(ends(&scenario), found.ends);
}
