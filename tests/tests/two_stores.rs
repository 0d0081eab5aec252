//! A login that moves from one store to another, in every order, with deaths, rotations and a person beside it.

use credlatch_core::moving::next;
use credlatch_tests::coverage::TWO_STORES;
use credlatch_tests::judging::Seen;
use credlatch_tests::two_stores::{Adopting, Cast, Person, WRONG, adopting, casts, explore, larger_casts};

/// The counts are the result, so they are said where the test harness doesn't swallow them.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// No law is broken among any of these.
fn hold(casts: Vec<Cast>, adopting: Adopting) -> Seen {
    let mut seen = Seen::default();
    for cast in casts {
        let found = explore(cast, next, adopting);
        say(&format!(
            "{cast:?}: {} situations, {} steps, {} ends; {} deaths while both stores had it; stopped {:?}",
            found.situations, found.steps, found.ends, found.witnessed, found.stopped
        ));
        if let Some((broken, way)) = found.broken.values().next() {
            panic!("{broken}\n{way:#?}");
        }
        assert!(found.stuck.is_empty(), "{} of {}: {}", found.stuck.len(), found.ends, found.stuck[0]);
        // Whoever asks the other store before it adopts a copy makes no such mistake.
        let asks = cast.person != Some(Person::AdoptsSourceAsBefore);
        let faults = found.persons_faults;
        assert_eq!(asks, faults == 0, "{cast:?}: {faults} steps lead to two stores in use");
        assert!(found.witnessed > 0, "{cast:?}: the law could have been broken nowhere");
        seen.add(&found.seen);
    }
    seen
}

#[test]
fn a_login_is_in_one_store_at_a_time_in_every_order_and_with_every_death() {
    hold(casts(), Adopting::Right).assert_claims(&TWO_STORES);
}

#[test]
#[ignore = "minutes; `.ci/long` runs it"]
fn the_same_with_a_rotation_in_both_stores() {
    hold(larger_casts(), Adopting::Right).assert_claims(&TWO_STORES);
}

/// A mover on another machine may be stopped for longer than its lease. Where somebody adopts in both stores while it goes on, or a target
/// is lost and found again, a login may be used from two: the guide says so.
#[test]
fn whoever_adopts_one_of_the_stores_and_takes_a_living_mover_for_dead_breaks_nothing() {
    let is_of_one = |cast: &Cast| cast.person.is_none() && cast.adopts != [true, true, false];
    drop(hold(adopting(1).filter(is_of_one).collect(), Adopting::BesideAMover));
}

#[test]
fn each_wrong_mover_is_caught() {
    for wrong in WRONG {
        let found = explore(wrong.cast, wrong.decide, wrong.adopting);
        let Some((broken, way)) = found.broken.get(&wrong.law) else {
            panic!("{} is not caught: {found:?}", wrong.name)
        };
        say(&format!("{} in {} situations, {} steps: {broken}", wrong.name, found.situations, way.len() + 1));
        let right = explore(wrong.cast, next, Adopting::Right);
        assert!(right.broken.is_empty(), "the right mover: {:?}", right.broken);
    }
}
