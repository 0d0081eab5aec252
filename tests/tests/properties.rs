//! Arbitrary histories: of the machine alone, and of programs that share a store. Every law judges every one of them.
//!
//! The default run is small and always the same. `CREDLATCH_CASES=100000` makes it long, with other numbers each time.

use std::cell::RefCell;
use std::collections::BTreeMap;

use credlatch_core::law::judge;
use credlatch_tests::conduct::Right;
use credlatch_tests::coverage::{Harness, MACHINE, PROGRAMS};
use credlatch_tests::run::play::{play, witnessed};
use credlatch_tests::{arbitrary, moves};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// The counts are the result, so they are said where the test harness doesn't swallow them.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Runs cases, prints how many there were and what they witnessed, and fails with the smallest one that breaks a law.
fn run<T: Strategy>(
    default_cases: u32,
    strategy: &T,
    test: impl Fn(&T::Value, &mut BTreeMap<u8, usize>) -> Result<(), String>,
    json: impl Fn(&T::Value) -> String,
    harness: &Harness,
) {
    let asked = std::env::var("CREDLATCH_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(default_cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = if asked.is_some() { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) };
    let seen = RefCell::new(BTreeMap::new());
    let result = runner.run(strategy, |case| test(&case, &mut seen.borrow_mut()).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(why, case)) = result {
        panic!("{why}\n{}", json(&case));
    }
    let seen = seen.into_inner();
    say(&format!("{}: {cases} cases; witnesses by law: {seen:?}", harness.name));
    for law in harness.claims {
        assert!(seen.contains_key(law), "the witness of law {law} was never seen");
    }
}

#[test]
fn the_machine_keeps_the_laws() {
    run(
        3_000,
        &arbitrary::moves(),
        |moves, seen| {
            let trace = moves::Machine::run(moves).map_err(|broken| broken.to_string())?;
            witnessed(&trace, seen);
            judge(&trace).map_err(|broken| broken.to_string())
        },
        |moves| serde_json::to_string_pretty(moves).unwrap_or_default(),
        &MACHINE,
    );
}

#[test]
fn programs_that_share_a_store_keep_the_laws() {
    run(
        4_000,
        &arbitrary::scenario(),
        |scenario, seen| {
            let history = play(scenario, &Right);
            witnessed(&history.trace, seen);
            judge(&history.trace).map_err(|broken| broken.to_string())
        },
        credlatch_tests::scenario::Scenario::to_json,
        &PROGRAMS,
    );
}
