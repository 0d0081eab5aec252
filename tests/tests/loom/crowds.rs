//! Triples and fours: all of them with few preemptions, some with more.

use credlatch_tests::cases::{Act, against, beside, choices};
use credlatch_tests::coverage::{APART, CROWDS};
use credlatch_tests::run::deepen::{Bound, Tally, is_long};

use super::apart::in_own_process;
use super::say;

#[test]
fn every_triple() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(3) {
            tally.check_both(&against(&acts), Bound::Preemptions(1));
        }
        say("triples", &tally);
        tally.seen.assert_claims(&CROWDS);
    });
}

/// As processes; a long run takes threads, too.
#[test]
fn every_triple_at_two_providers() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(2) {
            for other in Act::ALL {
                let scenario = beside(&[acts[0], acts[1], other]);
                if is_long() {
                    tally.check_both(&scenario, Bound::Preemptions(1));
                } else {
                    tally.check(&scenario, Bound::Preemptions(1));
                }
            }
        }
        say("triples at two providers", &tally);
        tally.seen.assert_claims(&APART);
    });
}

/// Different acts, as processes; a long run takes all, and threads.
#[test]
fn every_four() {
    in_own_process(|| {
        let mut tally = Tally::default();
        for acts in choices(4) {
            let are_different = acts.windows(2).all(|two| two[0] != two[1]);
            if is_long() {
                tally.check_both(&against(&acts), Bound::Preemptions(1));
            } else if are_different {
                tally.check(&against(&acts), Bound::Preemptions(1));
            }
        }
        say("fours", &tally);
        tally.seen.assert_claims(&CROWDS);
    });
}

/// Those in which most can go wrong.
#[test]
fn some_triples_and_fours_with_more_preemptions() {
    in_own_process(|| {
        use Bound::{None, Preemptions};
        let mut tally = Tally::default();
        for (acts, processes, threads) in [
            (&[Act::Clear, Act::Purge, Act::Set][..], None, None),
            (&[Act::Start, Act::Clear, Act::Purge], Preemptions(3), Preemptions(3)),
            (&[Act::Start, Act::Start, Act::Clear], Preemptions(3), Preemptions(3)),
            (&[Act::Rotate, Act::Rotate, Act::Clear], Preemptions(3), Preemptions(2)),
            (&[Act::Rotate, Act::Clear, Act::Read], Preemptions(3), Preemptions(2)),
            (&[Act::Login, Act::Login, Act::Clear], Preemptions(2), Preemptions(2)),
            (&[Act::Clear, Act::Set, Act::Read], Preemptions(3), Preemptions(2)),
            (&[Act::Start, Act::Rotate, Act::Purge], Preemptions(3), Preemptions(2)),
            (&[Act::Start, Act::Clear, Act::Purge, Act::Set], Preemptions(2), Preemptions(2)),
            (&[Act::Start, Act::Rotate, Act::Clear, Act::Purge], Preemptions(2), Preemptions(1)),
        ] {
            tally.check(&against(acts), processes);
            tally.check(&against(acts).as_threads(), threads);
        }
        say("some triples and fours", &tally);
        tally.seen.assert_witnesses(&CROWDS);
    });
}
