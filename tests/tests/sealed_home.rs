//! Arbitrary histories of a sealed home: what lies there says nothing, and nothing is taken for it that wasn't sealed for its place.

use std::cell::RefCell;

use credlatch_core::law::LAWS;
use credlatch_tests::coverage::SEALED_HOME;
use credlatch_tests::judging::{Seen, judge};
use credlatch_tests::sealed_home::{LAW, Right, Seals, WRONG, histories, play};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

const CASES: u32 = 600;

/// The counts are the result, so they are said where the test harness doesn't swallow them.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn runner() -> TestRunner {
    let asked = std::env::var("CREDLATCH_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config { cases: asked.unwrap_or(CASES), failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if asked.is_some() { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) }
}

#[test]
fn what_is_sealed_stays_sealed_and_nothing_else_is_taken_for_it() {
    let seen = RefCell::new(Seen::default());
    let result = runner().run(&histories(), |moves| {
        let trace = play(&Right, &moves);
        seen.borrow_mut().look(&trace);
        judge(&trace).map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    if let Err(TestError::Fail(why, moves)) = result {
        panic!("{why}\n{moves:#?}");
    }
    let seen = seen.into_inner();
    say(&format!("{}: witnesses by law: {:?}", SEALED_HOME.name, seen.witnessed));
    seen.assert_claims(&SEALED_HOME);
}

#[test]
fn each_way_to_seal_with_a_mistake_is_caught() {
    let law = &LAWS[usize::from(LAW) - 1];
    for wrong in WRONG {
        let mut runner = runner();
        let breaks = |seals: &dyn Seals, moves: &[_]| law.judge(&play(seals, moves)).is_err();
        let found = (1..=CASES).find_map(|case| {
            let moves = histories().new_tree(&mut runner).expect("a history").current();
            breaks(wrong.seals, &moves).then_some((case, moves))
        });
        let (case, moves) = found.unwrap_or_else(|| panic!("{} is never caught", wrong.name));
        assert!(!breaks(&Right, &moves), "the right way breaks it too: {moves:#?}");
        say(&format!("{}: {} is caught in case {case}", SEALED_HOME.name, wrong.name));
    }
}
