//! Every wrong engine is caught by the law that names it, and its counterexample can be played again.

use credlatch_core::law::LAWS;
use credlatch_tests::run::play::play;
use credlatch_tests::run::situations::Explorer;
use credlatch_tests::wrong::WRONG;

#[test]
fn each_is_caught_with_a_counterexample_that_replays() {
    for wrong in WRONG {
        let scenario = (wrong.scenario)();
        let found =
            Explorer { law: Some(wrong.law), most: 100_000, ..Explorer::default() }.explore(&scenario, wrong.scripted);
        let (broken, shortest) = found.broken.unwrap_or_else(|| panic!("{} is not caught", wrong.name));
        assert_eq!(broken.number, wrong.law, "{}", wrong.name);
        let again = LAWS[usize::from(wrong.law) - 1].judge(&play(&shortest, wrong.scripted).trace);
        assert_eq!(again, Err(broken), "{}\n{}", wrong.name, shortest.to_json());
    }
}
