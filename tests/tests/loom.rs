//! Loom explores every order of the turns of small scenarios: as processes with an engine each, and as threads of one.
#![cfg(feature = "loom")]
use std::collections::BTreeMap;
use std::io::Write as _;

use credlatch_tests::cases::{ACME, Act, against, codex};
use credlatch_tests::coverage::{CROWDS, Harness, LOGIN_DIES, PAIRS, ROTATION_DIES};
use credlatch_tests::run::explore::explore;
use credlatch_tests::scenario::{Scenario, Step, label, provider};
use credlatch_tests::world::server::Manner;

/// The counts of executions are the result, so they are said where the test harness doesn't swallow them.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The bound that is used: with `CREDLATCH_LOOM=full` none for up to three participants, and three for four.
fn in_force(scenario: &Scenario, bound: Option<usize>) -> Option<usize> {
    match std::env::var("CREDLATCH_LOOM").as_deref() {
        Ok("full") if scenario.participants.len() < 4 => None,
        Ok("full") => Some(3),
        _ => bound,
    }
}

/// Explores it and fails with the scenario, as JSON, if a law is broken.
fn check(scenario: &Scenario, bound: Option<usize>) -> BTreeMap<u8, usize> {
    let bound = in_force(scenario, bound);
    let explored = explore(scenario, bound);
    if let Some((broken, scenario)) = explored.broken.values().next() {
        panic!("{broken}\n{}", scenario.to_json());
    }
    let bound = bound.map_or_else(|| "unbounded".to_owned(), |bound| format!("{bound} preemptions"));
    say(&format!("{}: {} executions ({bound}), {} deaths", scenario.name, explored.executions, explored.deaths));
    assert!(explored.executions > 1, "{} has only one order", scenario.name);
    explored.witnessed
}

/// Adds up what several explorations witnessed.
#[derive(Default)]
struct Seen(BTreeMap<u8, usize>);

impl Seen {
    fn add(&mut self, more: BTreeMap<u8, usize>) {
        for (law, count) in more {
            *self.0.entry(law).or_default() += count;
        }
    }

    fn assert_claims_of(&self, harness: &Harness) {
        for law in harness.claims {
            assert!(self.0.contains_key(law), "{}: the witness of law {law} was never seen", harness.name);
        }
    }
}

/// Explores it once for each operation before which its first participant may die.
fn check_crashes(scenario: &Scenario, bound: Option<usize>) -> BTreeMap<u8, usize> {
    let mut seen = BTreeMap::new();
    let (mut executions, mut deaths) = (0, 0);
    for at in 1.. {
        let mut scenario = scenario.clone();
        scenario.participants[0].dies_at = Some(at);
        let explored = explore(&scenario, bound);
        if let Some((broken, scenario)) = explored.broken.values().next() {
            panic!("{broken}\n{}", scenario.to_json());
        }
        executions += explored.executions;
        deaths += explored.deaths;
        for (law, count) in explored.witnessed {
            *seen.entry(law).or_default() += count;
        }
        if explored.deaths == 0 {
            say(&format!("{}: {executions} executions with {deaths} deaths at {} points", scenario.name, at - 1));
            break;
        }
    }
    assert!(deaths > 1, "{} never saw a death", scenario.name);
    seen
}

fn pairs() -> impl Iterator<Item = [Act; 2]> {
    let others = |(at, one): (usize, Act)| Act::ALL[at..].iter().map(move |other| [one, *other]);
    Act::ALL.into_iter().enumerate().flat_map(others)
}

/// Every order, but for what looks at the store several times, such as a login before each poll: three preemptions must do.
#[test]
fn every_pair_of_processes() {
    let mut seen = Seen::default();
    for acts in pairs() {
        let is_long = acts.iter().any(|act| matches!(act, Act::Login | Act::Cancel | Act::Challenge));
        let bound = is_long.then_some(3);
        seen.add(check(&against(&acts), bound));
    }
    seen.assert_claims_of(&PAIRS);
}

/// Threads meet at the engine's own locks too, so four pairs more have too many orders.
#[test]
fn every_pair_of_threads() {
    let mut seen = Seen::default();
    for acts in pairs() {
        let bound = match acts {
            acts if acts.contains(&Act::Login) => Some(3),
            acts if acts.contains(&Act::Cancel) || acts.contains(&Act::Challenge) => Some(2),
            [Act::Start | Act::Rotate, Act::Rotate | Act::Read] => Some(4),
            _ => None,
        };
        seen.add(check(&against(&acts).as_threads(), bound));
    }
    seen.assert_claims_of(&PAIRS);
}

#[test]
fn triples_and_fours() {
    let mut seen = Seen::default();
    for (acts, processes, threads) in [
        (&[Act::Clear, Act::Purge, Act::Set][..], None, None),
        (&[Act::Start, Act::Clear, Act::Purge], None, Some(3)),
        (&[Act::Start, Act::Start, Act::Clear], Some(3), Some(3)),
        (&[Act::Rotate, Act::Rotate, Act::Clear], Some(3), Some(2)),
        (&[Act::Rotate, Act::Clear, Act::Read], Some(3), Some(2)),
        (&[Act::Login, Act::Login, Act::Clear], Some(2), Some(2)),
        (&[Act::Clear, Act::Set, Act::Read], Some(3), Some(2)),
        (&[Act::Start, Act::Rotate, Act::Purge], Some(3), Some(2)),
        (&[Act::Start, Act::Clear, Act::Purge, Act::Set], Some(3), Some(2)),
        (&[Act::Start, Act::Rotate, Act::Clear, Act::Purge], Some(2), Some(1)),
    ] {
        seen.add(check(&against(acts), processes));
        seen.add(check(&against(acts).as_threads(), threads));
    }
    seen.assert_claims_of(&CROWDS);
}

#[test]
fn a_rotation_dies() {
    let mut seen = Seen::default();
    for other in [Act::Rotate, Act::Clear, Act::Login, Act::Read] {
        for late_arrival in [false, true] {
            let mut scenario = against(&[Act::Rotate, other]);
            scenario.issuer.late_arrival = late_arrival;
            seen.add(check_crashes(&scenario, Some(2)));
        }
    }
    seen.assert_claims_of(&ROTATION_DIES);
}

#[test]
fn a_login_dies() {
    let mut seen = Seen::default();
    for other in [Act::Login, Act::Clear, Act::Rotate, Act::Read] {
        for issuer in [Manner::default(), codex()] {
            seen.add(check_crashes(&Scenario { issuer, ..against(&[Act::Login, other]) }, Some(2)));
        }
    }
    seen.assert_claims_of(&LOGIN_DIES);
}

/// Report 3972 (e): a cancel between any two steps of a login, with and without an exchange of its own. Whatever the issuer
/// still grants, nothing is stored over a cancelled login: law 6 says so of every step.
#[test]
fn a_cancel_meets_a_login_at_every_step() {
    let mut seen = Seen::default();
    for issuer in [Manner::default(), codex()] {
        seen.add(check(&Scenario { issuer, given: Vec::new(), ..against(&[Act::Login, Act::Cancel]) }, Some(3)));
    }
    assert!(seen.0.contains_key(&6), "no login went on after its cancel");
}

/// A limit, kept here so that the documents stay honest: what decides that a grant may be revoked is durable before the
/// revocation, but nothing keeps a new login from being stored between the two. An issuer that revokes per account then
/// takes the new login too. With an issuer that revokes what it is told to, nothing happens.
#[test]
fn a_revocation_may_meet_a_new_login_at_an_issuer_that_revokes_accounts() {
    let login_again = Step::SetGrant { provider: provider(ACME), label: label("default") };
    let mut scenario = against(&[Act::Clear, Act::Purge]);
    scenario.participants[1].steps = vec![login_again];
    check(&scenario, None);
    scenario.issuer.revokes_account = true;
    let explored = explore(&scenario, None);
    assert_eq!(explored.broken.keys().collect::<Vec<_>>(), [&5]);
}
