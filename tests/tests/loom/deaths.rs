//! Somebody dies before each of its operations on the disk and at the issuer, while somebody else acts.

use credlatch_tests::cases::{Act, against, codex};
use credlatch_tests::coverage::{LOGIN_DIES, ROTATION_DIES};
use credlatch_tests::run::deepen::{Bound, Tally};
use credlatch_tests::scenario::Scenario;
use credlatch_tests::world::server::Manner;

use super::apart::in_own_process;
use super::say;

/// Two preemptions beside what meets a dying act most; one beside the others.
fn bound(other: Act) -> Bound {
    Bound::Preemptions(if matches!(other, Act::Rotate | Act::Clear | Act::Login | Act::Read) { 2 } else { 1 })
}

#[test]
fn a_rotation_dies() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for other in Act::ALL {
            for late_arrival in [false, true] {
                let mut scenario = against(&[Act::Rotate, other]);
                scenario.issuer.late_arrival = late_arrival;
                tally.check_deaths(&scenario, bound(other));
            }
        }
        say("a rotation dies", &tally);
        tally.seen.assert_claims(&ROTATION_DIES);
    });
}

#[test]
fn a_rotation_for_a_401_dies() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for other in Act::ALL {
            tally.check_deaths(&against(&[Act::Challenge, other]), Bound::Preemptions(1));
        }
        say("a rotation for a 401 dies", &tally);
        tally.seen.assert_claims(&ROTATION_DIES);
    });
}

#[test]
fn a_login_dies() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for other in Act::ALL {
            for issuer in [Manner::default(), codex()] {
                tally.check_deaths(&Scenario { issuer, ..against(&[Act::Login, other]) }, bound(other));
            }
        }
        say("a login dies", &tally);
        tally.seen.assert_claims(&LOGIN_DIES);
    });
}

/// What begins, takes over or ends a flow.
#[test]
fn another_step_of_a_flow_dies() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for dying in [Act::Start, Act::Adopt, Act::Cancel] {
            for other in Act::ALL {
                tally.check_deaths(&against(&[dying, other]), Bound::Preemptions(1));
            }
        }
        say("another step of a flow dies", &tally);
        tally.seen.assert_witnesses(&LOGIN_DIES);
    });
}
