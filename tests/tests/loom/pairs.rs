//! Every pair of acts.

use credlatch_tests::cases::{Act, against, beside, choices, codex};
use credlatch_tests::coverage::{APART, PAIRS};
use credlatch_tests::run::deepen::{Bound, Tally};
use credlatch_tests::scenario::Scenario;

use super::apart::in_own_process;
use super::say;

/// What looks at the store several times, such as a login before each poll.
const LONG: [Act; 4] = [Act::Login, Act::Adopt, Act::Cancel, Act::Challenge];

fn has(acts: &[Act], some: &[Act]) -> bool {
    acts.iter().any(|act| some.contains(act))
}

/// Every order, but for long acts, for which three preemptions must do, and for a start beside a rotation, whose 116,000 orders
/// take longer than those of all other pairs: the explorer goes through that pair in every order.
#[test]
fn every_pair_of_processes() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(2) {
            let bound = match acts[..] {
                _ if has(&acts, &LONG) => Bound::Preemptions(3),
                [Act::Start, Act::Rotate] => Bound::Preemptions(6),
                _ => Bound::None,
            };
            tally.check(&against(&acts), bound);
        }
        say("pairs of processes", &tally);
        tally.seen.assert_claims(&PAIRS);
    });
}

/// Threads meet at the engine's own locks too, so some pairs more have too many orders.
#[test]
fn every_pair_of_threads() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(2) {
            let bound = match acts[..] {
                _ if has(&acts, &[Act::Login]) => Bound::Preemptions(3),
                _ if has(&acts, &LONG) => Bound::Preemptions(2),
                [Act::Start | Act::Rotate, Act::Rotate | Act::Read] => Bound::Preemptions(4),
                [Act::Rotate, Act::Clear] => Bound::Preemptions(6),
                _ => Bound::None,
            };
            tally.check(&against(&acts).as_threads(), bound);
        }
        say("pairs of threads", &tally);
        tally.seen.assert_claims(&PAIRS);
    });
}

/// Two providers share a store, its lock and its commits, and nothing else.
#[test]
fn every_pair_at_two_providers() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(2) {
            tally.check_both(&beside(&acts), Bound::Preemptions(1));
        }
        say("pairs at two providers", &tally);
        tally.seen.assert_claims(&APART);
    });
}

/// Report 3972 (e): a cancel between any two steps of a login, with and without an exchange of its own. Whatever the issuer
/// still grants, nothing is stored over a cancelled login: law 6 says so of every step.
#[test]
fn a_cancel_meets_a_login_at_every_step() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for issuer in [credlatch_tests::world::server::Manner::default(), codex()] {
            let scenario = Scenario { issuer, given: Vec::new(), ..against(&[Act::Login, Act::Cancel]) };
            tally.check(&scenario, Bound::Preemptions(3));
        }
        say("a cancel and a login", &tally);
        assert!(tally.seen.witnessed.contains_key(&6), "no login went on after its cancel");
    });
}
