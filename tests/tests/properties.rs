//! Arbitrary histories: of the machine alone, and of programs that share a store. Every law judges every one of them.
//!
//! The default run is small and always the same. `CREDLATCH_CASES=100000` makes it long, with other numbers each time.

use std::cell::RefCell;

use credlatch_core::law::LAWS;
use credlatch_tests::conduct::RIGHT_SCRIPTED;
use credlatch_tests::coverage::{HARNESSES, Harness, MACHINE, PROGRAMS};
use credlatch_tests::judging::{Seen, judge};
use credlatch_tests::run::play::play;
use credlatch_tests::wrong::{NO_NOTE_IS_PROOF, WAITS_BY_WALL_CLOCK, WRONG};
use credlatch_tests::{arbitrary, moves};
use proptest::strategy::{Strategy, ValueTree};
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
    test: impl Fn(&T::Value, &mut Seen) -> Result<(), String>,
    json: impl Fn(&T::Value) -> String,
    harness: &Harness,
) {
    let asked = std::env::var("CREDLATCH_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(default_cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = if asked.is_some() { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) };
    let seen = RefCell::new(Seen::default());
    let result = runner.run(strategy, |case| test(&case, &mut seen.borrow_mut()).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(why, case)) = result {
        panic!("{why}\n{}", json(&case));
    }
    let seen = seen.into_inner();
    say(&format!("{}: {cases} cases; witnesses by law: {:?}", harness.name, seen.witnessed));
    seen.assert_claims(harness);
}

#[test]
fn the_machine_keeps_the_laws() {
    run(
        3_000,
        &arbitrary::moves(),
        |moves, seen| {
            let trace = moves::Machine::run(moves).map_err(|broken| broken.to_string())?;
            seen.look(&trace);
            judge(&trace).map_err(|broken| broken.to_string())
        },
        |moves| serde_json::to_string_pretty(moves).unwrap_or_default(),
        &MACHINE,
    );
}

#[test]
fn copy_not_noticed_is_caught_by_law_4_where_a_harness_can_bring_a_store_back() {
    let wrong = WRONG.iter().find(|wrong| wrong.name == "copy_not_noticed").unwrap();
    let law = &LAWS[usize::from(wrong.law) - 1];
    assert!(PROGRAMS.claims.contains(&law.number));
    let cases = caught_after(4_000, &arbitrary::scenario(), |scenario| {
        law.judge(&play(scenario, wrong.scripted).trace).is_err()
            && law.judge(&play(scenario, RIGHT_SCRIPTED).trace).is_ok()
    });
    let cases = cases.unwrap_or_else(|| panic!("{} never caught {}", PROGRAMS.name, wrong.name));
    say(&format!("{}: {} is caught in case {cases}", PROGRAMS.name, wrong.name));
}

/// How many arbitrary cases it takes until somebody is caught; none if it never does.
fn caught_after<T: Strategy>(cases: u32, strategy: &T, breaks: impl Fn(&T::Value) -> bool) -> Option<u32> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (1..=cases).find(|_| strategy.new_tree(&mut runner).is_ok_and(|tree| breaks(&tree.current())))
}

#[test]
fn waits_by_wall_clock_is_caught_by_law_14_in_each_harness_that_claims_it() {
    let claims = HARNESSES.iter().filter(|harness| harness.claims.contains(&14)).map(|harness| harness.name);
    assert_eq!(claims.collect::<Vec<_>>(), [MACHINE.name, PROGRAMS.name]);
    let wrong = WRONG.iter().find(|wrong| wrong.name == "waits_by_wall_clock").unwrap();
    let law = &LAWS[usize::from(wrong.law) - 1];
    let machine = caught_after(3_000, &arbitrary::moves(), |moves| {
        let run = moves::Machine::run_as(WAITS_BY_WALL_CLOCK, moves);
        run.map_or_else(|broken| broken.number == law.number, |trace| law.judge(&trace).is_err())
    });
    let programs = caught_after(6_000, &arbitrary::scenario(), |scenario| {
        law.judge(&play(scenario, wrong.scripted).trace).is_err()
    });
    for (harness, cases) in [(MACHINE, machine), (PROGRAMS, programs)] {
        let cases = cases.unwrap_or_else(|| panic!("{} never caught {}", harness.name, wrong.name));
        say(&format!("{}: {} is caught in case {cases}", harness.name, wrong.name));
    }
}

#[test]
fn no_note_is_proof_is_caught_by_law_4_in_each_harness_whose_actors_write_no_notes() {
    let wrong = WRONG.iter().find(|wrong| wrong.name == "no_note_is_proof").unwrap();
    let law = &LAWS[usize::from(wrong.law) - 1];
    let machine = caught_after(3_000, &arbitrary::moves(), |moves| {
        let run = moves::Machine::run_as(NO_NOTE_IS_PROOF, moves);
        run.map_or_else(|broken| broken.number == law.number, |trace| law.judge(&trace).is_err())
    });
    let programs = caught_after(6_000, &arbitrary::scenario(), |scenario| {
        law.judge(&play(scenario, wrong.scripted).trace).is_err()
    });
    for (harness, cases) in [(MACHINE, machine), (PROGRAMS, programs)] {
        assert!(harness.claims.contains(&law.number));
        let cases = cases.unwrap_or_else(|| panic!("{} never caught {}", harness.name, wrong.name));
        say(&format!("{}: {} is caught in case {cases}", harness.name, wrong.name));
    }
}

#[test]
fn what_is_wrong_about_notes_and_answers_is_caught_by_arbitrary_programs_too() {
    for name in ["trusts_a_torn_answer", "answer_of_another_claim", "note_after_send"] {
        let wrong = WRONG.iter().find(|wrong| wrong.name == name).unwrap();
        let law = &LAWS[usize::from(wrong.law) - 1];
        let cases = caught_after(20_000, &arbitrary::scenario(), |scenario| {
            law.judge(&play(scenario, wrong.scripted).trace).is_err()
        });
        let cases = cases.unwrap_or_else(|| panic!("{} never caught {name}", PROGRAMS.name));
        say(&format!("{}: {name} is caught in case {cases}", PROGRAMS.name));
    }
}

#[test]
fn programs_that_share_a_store_keep_the_laws() {
    run(
        6_000,
        &arbitrary::scenario(),
        |scenario, seen| {
            let history = play(scenario, RIGHT_SCRIPTED);
            seen.look(&history.trace);
            judge(&history.trace).map_err(|broken| broken.to_string())
        },
        credlatch_tests::scenario::Scenario::to_json,
        &PROGRAMS,
    );
}
