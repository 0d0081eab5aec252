//! Of two moves that commute one order is gone through: wherever they can be made, both lead to the same situation.

use credlatch_tests::cases::{Act, against, beside, choices};
use credlatch_tests::run::diamonds::{Diamonds, diamonds};
use credlatch_tests::run::situations::{Explorer, Mistake};
use credlatch_tests::scenario::Scenario;

/// In so many situations of a scenario.
fn assert_commuting(scenario: &Scenario, most: usize) -> Diamonds {
    let found = diamonds(scenario, Explorer { most, ..Explorer::NEW });
    assert_eq!(found.broken, 0, "{}: {found:?}", scenario.name);
    found
}

/// Tries the moves of all pairs, as processes and as threads, and at two providers.
fn all_pairs(most: usize) {
    let mut tried = [0, 0];
    for acts in choices(2) {
        tried[0] += assert_commuting(&against(&acts), most).tried;
        for scenario in [against(&acts).as_threads(), beside(&acts).as_threads()] {
            tried[1] += assert_commuting(&scenario, most).tried;
        }
    }
    super::orders::say(&format!("{tried:?} times two moves commuted, of processes and of threads"));
    assert!(tried[0] > 100 && tried[1] > 100, "{tried:?}");
}

#[test]
fn moves_that_commute_lead_to_the_same_situation_in_either_order() {
    all_pairs(60);
    let triples = [[Act::Rotate, Act::Login, Act::Clear], [Act::Start, Act::Challenge, Act::Set]];
    for acts in triples {
        assert_commuting(&against(&acts).as_threads(), 300);
    }
}

#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn moves_that_commute_lead_to_the_same_situation_in_tens_of_thousands() {
    all_pairs(20_000);
    for acts in choices(3) {
        assert_commuting(&against(&acts).as_threads(), 200);
    }
}

#[test]
fn moves_that_only_seem_to_commute_are_noticed() {
    let mistaken = |mistake, acts: [Act; 2]| {
        let explorer = Explorer { mistake: Some(mistake), most: 2_000, ..Explorer::NEW };
        diamonds(&against(&acts), explorer).broken
    };
    assert!(mistaken(Mistake::CommutesAlways, [Act::Rotate, Act::Clear]) > 0);
    assert!(mistaken(Mistake::CommutesTelling, [Act::Cancel, Act::Challenge]) > 0);
}
