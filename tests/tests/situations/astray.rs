//! What makes no difference to anybody is forgotten of what was observed: that is noticed where it does make one, by random plays, and it
//! leaves out no end.

use credlatch_tests::cases::{Act, against, beside, choices};
use credlatch_tests::conduct::RIGHT_SCRIPTED;
use credlatch_tests::run::astray::{Strolls, stroll};
use credlatch_tests::run::situations::{Explorer, Mistake};
use credlatch_tests::scenario::Scenario;
use credlatch_tests::world::situation::Blind;

use super::sound::{WATCHED, tells};

/// Whoever makes a move again in an equal situation comes to the same one by it.
pub(super) fn goes_astray(explorer: Explorer, scenario: &Scenario, plays: u32) -> usize {
    let Strolls { again, astray, unforeseen } = stroll(explorer, scenario, RIGHT_SCRIPTED, plays);
    assert_eq!(unforeseen, 0, "{}", scenario.name);
    assert!(again > plays as usize, "{}: {again} moves again", scenario.name);
    astray
}

/// Plays each pair so often, as processes and as threads, with a death and at two providers; and triples of threads of which one takes
/// what the others want with it.
fn nobody_goes_astray(plays: u32) {
    let triples = [
        vec![Act::Set, Act::Set, Act::Set],
        vec![Act::Rotate, Act::Login, Act::Clear],
        vec![Act::Start, Act::Challenge, Act::Clear],
        vec![Act::Start, Act::Challenge, Act::Challenge],
    ];
    for acts in choices(2).iter().chain(&triples) {
        for scenario in [against(acts), against(acts).as_threads(), beside(acts).as_threads()] {
            for dying in [None, Some(0)] {
                let explorer = Explorer { dying, ..WATCHED };
                assert_eq!(goes_astray(explorer, &scenario, plays), 0, "{} {dying:?}", scenario.name);
            }
        }
    }
}

#[test]
fn whoever_makes_a_move_again_in_an_equal_situation_comes_to_the_same_one() {
    nobody_goes_astray(20);
}

#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn whoever_makes_a_move_again_in_thousands_of_plays_comes_to_the_same_situation() {
    nobody_goes_astray(2_000);
}

#[test]
fn a_digest_without_what_makes_a_difference_of_what_was_observed_before_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::Blind(Blind::ToKept)), ..WATCHED };
    tells(mistaken, &against(&[Act::Read, Act::Set]).as_threads());
    assert!(goes_astray(mistaken, &against(&[Act::Read, Act::Set]).as_threads(), 200) > 0);
}

#[test]
fn a_digest_without_the_memory_of_processes_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::Blind(Blind::ToMemory)), ..WATCHED };
    tells(mistaken, &against(&[Act::Clear, Act::Read]));
    assert!(goes_astray(mistaken, &against(&[Act::Rotate, Act::Login]), 200) > 0);
}

#[test]
fn a_digest_that_takes_all_for_old_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::Blind(Blind::ToHands)), ..WATCHED };
    tells(mistaken, &against(&[Act::Clear, Act::Read]));
    assert!(goes_astray(mistaken, &against(&[Act::Rotate, Act::Login]), 200) > 0);
}

/// What makes no difference is forgotten: that leaves situations out, and no end.
fn assert_no_end_is_forgotten(scenarios: impl IntoIterator<Item = Scenario>) {
    for scenario in scenarios {
        let [less, all] =
            [true, false].map(|forgets| Explorer { forgets, ..WATCHED }.explore(&scenario, RIGHT_SCRIPTED));
        less.assert_whole(&scenario.name);
        assert_eq!(less.ends, all.ends, "{}", scenario.name);
        assert!(less.situations < all.situations, "{}: {} and {}", scenario.name, less.situations, all.situations);
        super::orders::say(&format!("{}: {} situations instead of {}", scenario.name, less.situations, all.situations));
    }
}

#[test]
fn to_forget_what_makes_no_difference_leaves_out_no_end() {
    let acts = [
        &[Act::Rotate, Act::Rotate][..],
        &[Act::Login, Act::Set],
        &[Act::Challenge, Act::Clear],
        &[Act::Rotate, Act::Clear, Act::Set],
    ];
    let threads = [[Act::Login, Act::Set], [Act::Rotate, Act::Clear]].map(|acts| against(&acts).as_threads());
    assert_no_end_is_forgotten(acts.iter().map(|acts| against(acts)).chain(threads));
}

#[test]
#[ignore = "for half a minute: `.ci/long` runs it"]
fn to_forget_what_makes_no_difference_leaves_out_no_end_where_threads_have_thousands_of_plays() {
    let threads = [[Act::Rotate, Act::Rotate], [Act::Challenge, Act::Clear]];
    assert_no_end_is_forgotten(threads.map(|acts| against(&acts).as_threads()));
}
