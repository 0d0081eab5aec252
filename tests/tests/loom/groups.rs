//! Threads of one engine that store at the same time, each something else.

use credlatch_core::rotation::Cause;
use credlatch_tests::cases::{ACME, grant, key};
use credlatch_tests::coverage::GROUPS;
use credlatch_tests::run::deepen::{Bound, Tally};
use credlatch_tests::scenario::{Scenario, Step, label, provider};

use super::apart::in_own_process;
use super::say;

/// A new key; what is there already; a login; and the token that was spent before they came, which is refused.
fn stores() -> [Step; 4] {
    let set = |called: &str, text: &str| {
        let (label, secret) = (label(called), text.to_owned());
        Step::Set { provider: provider(ACME), label, secret }
    };
    let login = Step::SetGrant { provider: provider(ACME), label: label("second") };
    let spent = Step::SetKnown { provider: provider(ACME), label: label("spare"), of: label("default"), anew: true };
    [set("other", "sk-new"), set("spare", "sk-spare"), login, spent]
}

fn threads(name: &str, steps: &[&Step]) -> Scenario {
    let steps: Vec<_> = steps.iter().map(|step| std::slice::from_ref(*step)).collect();
    let rotate = Step::Rotate { provider: provider(ACME), label: label("default"), cause: Cause::Asked };
    let given = vec![grant(ACME), key(ACME, "spare", "sk-spare")];
    Scenario { given, before: vec![rotate], ..Scenario::processes(name, &steps).as_threads() }
}

#[test]
fn each_thread_that_stores_is_told_its_own_verdict() {
    in_own_process(|| {
        let (mut tally, all) = (Tally::default(), stores());
        for (first, one) in all.iter().enumerate() {
            for (second, other) in all.iter().enumerate().skip(first + 1) {
                tally.check(&threads("two that store", &[one, other]), Bound::None);
                for third in &all[second + 1..] {
                    tally.check(&threads("three that store", &[one, other, third]), Bound::Preemptions(2));
                }
            }
        }
        say("threads that store", &tally);
        tally.seen.assert_claims(&GROUPS);
    });
}
