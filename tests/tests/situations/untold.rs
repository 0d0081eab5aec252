//! Accesses to the memory of a process of which nobody can tell when they were made take no turn: that leaves situations out, and no end.

use credlatch_tests::cases::{Act, against, beside, choices};
use credlatch_tests::run::situations::{Explorer, Mistake};
use credlatch_tests::scenario::Scenario;

use super::sound::{WATCHED, assert_leaves_out_no_end, tells};

/// Such accesses take turns, or not.
pub(super) fn assert_skipping_adds_nothing(scenario: &Scenario, explorer: Explorer) -> Option<[usize; 2]> {
    assert_leaves_out_no_end(scenario, explorer, Explorer { skips: false, ..explorer })
}

#[test]
fn accesses_of_which_nobody_can_tell_when_they_were_made_leave_out_no_end() {
    let (mut less, mut all) = (0, 0);
    for acts in choices(2) {
        for scenario in [against(&acts).as_threads(), beside(&acts).as_threads()] {
            for dying in [None, Some(0)] {
                let explorer = Explorer { most: 120, dying, ..WATCHED };
                if let Some([one, other]) = assert_skipping_adds_nothing(&scenario, explorer) {
                    (less, all) = (less + one, all + other);
                }
            }
        }
    }
    super::orders::say(&format!("{less} situations instead of {all}"));
    assert!(less < all);
}

#[test]
fn an_explorer_in_which_nothing_in_memory_takes_a_turn_is_noticed() {
    let scenario = against(&[Act::Start, Act::Login]).as_threads();
    tells(Explorer { mistake: Some(Mistake::SkipsAll), dying: Some(0), ..WATCHED }, &scenario);
}
