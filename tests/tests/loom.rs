//! Loom explores every order of the turns of small scenarios: as processes with an engine each, and as threads of one.
#![cfg(feature = "loom")]
// The counts of executions are the harness's result.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use credlatch_tests::cases::{ACME, Act, against};
use credlatch_tests::coverage::{CROWDS, Harness, LOGIN_DIES, PAIRS, ROTATION_DIES};
use credlatch_tests::run::explore::explore;
use credlatch_tests::scenario::{Scenario, Step, label, provider};

/// Preemptions that are explored where the full exploration takes longer than seconds.
const BOUND: usize = 3;

/// Explores it and fails with the scenario, as JSON, if a law is broken.
fn check(scenario: &Scenario, bound: Option<usize>) -> BTreeMap<u8, usize> {
    let explored = explore(scenario, bound);
    if let Some((broken, scenario)) = explored.broken.values().next() {
        panic!("{broken}\n{}", scenario.to_json());
    }
    let bound = bound.map_or_else(|| "unbounded".to_owned(), |bound| format!("{bound} preemptions"));
    println!("{}: {} executions ({bound}), {} deaths", scenario.name, explored.executions, explored.deaths);
    assert!(explored.executions > 1, "{} has only one order", scenario.name);
    explored.witnessed
}

fn check_both(acts: &[Act], processes: Option<usize>, threads: Option<usize>) -> BTreeMap<u8, usize> {
    let mut seen = check(&against(acts), processes);
    for (law, count) in check(&against(acts).as_threads(), threads) {
        *seen.entry(law).or_default() += count;
    }
    seen
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
            println!("{}: {executions} executions with {deaths} deaths at {} points", scenario.name, at - 1);
            break;
        }
    }
    assert!(deaths > 1, "{} never saw a death", scenario.name);
    seen
}

fn assert_witnessed(seen: &BTreeMap<u8, usize>, harness: &Harness) {
    for law in harness.claims {
        assert!(seen.contains_key(law), "the witness of law {law} was never seen");
    }
}

#[test]
fn every_pair() {
    let mut seen = BTreeMap::new();
    for (at, one) in Act::ALL.into_iter().enumerate() {
        for other in &Act::ALL[at..] {
            for (law, count) in check_both(&[one, *other], Some(BOUND), Some(BOUND)) {
                *seen.entry(law).or_default() += count;
            }
        }
    }
    assert_witnessed(&seen, &PAIRS);
}

#[test]
fn a_rotation_dies() {
    let mut seen = BTreeMap::new();
    for other in [Act::Rotate, Act::Clear, Act::Login, Act::Read] {
        for late_arrival in [false, true] {
            let mut scenario = against(&[Act::Rotate, other]);
            scenario.issuer.late_arrival = late_arrival;
            for (law, count) in check_crashes(&scenario, Some(2)) {
                *seen.entry(law).or_default() += count;
            }
        }
    }
    assert_witnessed(&seen, &ROTATION_DIES);
}

#[test]
fn a_login_dies() {
    let mut seen = BTreeMap::new();
    for other in [Act::Login, Act::Clear, Act::Rotate, Act::Read] {
        for issuer in [credlatch_tests::world::server::Manner::default(), credlatch_tests::cases::codex()] {
            let scenario = Scenario { issuer, ..against(&[Act::Login, other]) };
            for (law, count) in check_crashes(&scenario, Some(2)) {
                *seen.entry(law).or_default() += count;
            }
        }
    }
    assert_witnessed(&seen, &LOGIN_DIES);
}

#[test]
fn triples_and_fours() {
    let mut seen = BTreeMap::new();
    for acts in [
        &[Act::Start, Act::Start, Act::Clear][..],
        &[Act::Rotate, Act::Rotate, Act::Clear],
        &[Act::Rotate, Act::Clear, Act::Read],
        &[Act::Login, Act::Login, Act::Clear],
        &[Act::Clear, Act::Set, Act::Read],
        &[Act::Start, Act::Rotate, Act::Purge],
        &[Act::Start, Act::Rotate, Act::Clear, Act::Purge],
    ] {
        for (law, count) in check_both(acts, Some(2), Some(2)) {
            *seen.entry(law).or_default() += count;
        }
    }
    assert_witnessed(&seen, &CROWDS);
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
