//! Every wrong engine is caught, by the law that names it; the right one, in the same scenario, is not.

use std::collections::BTreeSet;

#[cfg(feature = "loom")]
use credlatch_tests::conduct::RIGHT_LOOMED;
use credlatch_tests::conduct::RIGHT_SCRIPTED;
use credlatch_tests::run::play::play_interrupted;
#[cfg(feature = "loom")]
use credlatch_tests::run::{explore::explore_all, play::play};
use credlatch_tests::wrong::{WRONG, Wrong};

/// The counts are the result, so they are said where the test harness doesn't swallow them.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// It breaks the law that names it and those that go with it, and no other.
fn assert_named(wrong: &Wrong, broken: impl IntoIterator<Item = u8>) {
    let named: BTreeSet<u8> = wrong.also.iter().copied().chain([wrong.law]).collect();
    let broken: BTreeSet<u8> = broken.into_iter().collect();
    assert!(broken.contains(&wrong.law), "{} was not caught by law {}, but by {broken:?}", wrong.name, wrong.law);
    assert!(broken.is_subset(&named), "{} broke {broken:?}, not only {named:?}", wrong.name);
}

#[test]
fn each_is_caught_when_somebody_is_interrupted() {
    for wrong in WRONG {
        let scenario = (wrong.scenario)();
        let played = play_interrupted(&scenario, wrong.scripted);
        say(&format!("{} ({}): law {} in {} orders", wrong.name, wrong.report, wrong.law, played.orders));
        assert_named(wrong, played.broken.into_keys());
        let right = play_interrupted(&scenario, RIGHT_SCRIPTED);
        if let Some((broken, scenario)) = right.broken.values().next() {
            panic!("the right engine: {broken}\n{}", scenario.to_json());
        }
    }
}

#[cfg(feature = "loom")]
#[test]
fn each_is_caught_by_loom_and_the_order_can_be_played_again() {
    for wrong in WRONG {
        let scenario = (wrong.scenario)();
        let explored = explore_all(&scenario, wrong.loomed);
        say(&format!("{} ({}): law {} in {} executions", wrong.name, wrong.report, wrong.law, explored.executions));
        assert_named(wrong, explored.broken.keys().copied());
        let (_, order) = &explored.broken[&wrong.law];
        let law = &credlatch_core::law::LAWS[usize::from(wrong.law) - 1];
        let caught = law.judge(&play(order, wrong.scripted).trace).is_err();
        assert!(caught, "{} is not caught again by\n{}", wrong.name, order.to_json());
        let right = explore_all(&scenario, RIGHT_LOOMED);
        if let Some((broken, scenario)) = right.broken.values().next() {
            panic!("the right engine: {broken}\n{}", scenario.to_json());
        }
    }
}
