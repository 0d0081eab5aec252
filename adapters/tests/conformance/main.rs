//! The suite of the store's contract: over a sample store, over the stores that ship, and over stores that each break one clause.

#[cfg(unix)]
mod folder;
mod sample;
#[cfg(all(feature = "file", unix))]
mod shipped;
mod whole;
mod wrong;

use std::sync::Arc;

use credlatch::conformance::{Clause, Report, Suite};
use credlatch::store::{StoreErrorKind, StoreHome};

use sample::Sample;
use wrong::Fault;

/// The suite over a sample store, told all that the sample can be made to do.
fn suite(sample: &Sample) -> Suite<'_> {
    Suite::new(|| Arc::new(sample.clone()) as Arc<dyn StoreHome>)
        .failing(|profile| sample.fail_next(profile))
        .filling(|profile, is_full| sample.fill(profile, is_full))
        .copying(|profile| sample.make_copy(profile))
        .troubling(StoreErrorKind::Unreachable, |profile, is_on| {
            sample.trouble(profile, is_on.then_some(StoreErrorKind::Unreachable));
        })
        .troubling(StoreErrorKind::Unreadable, |profile, is_on| {
            sample.trouble(profile, is_on.then_some(StoreErrorKind::Unreadable));
        })
}

fn broken(sample: &Sample, left_out: Option<Clause>) -> Vec<Clause> {
    let suite = suite(sample);
    left_out.into_iter().fold(suite, Suite::without).run().broken()
}

#[track_caller]
fn assert_kept(report: &Report, not_asked: &[Clause]) {
    assert!(report.is_kept(), "{report}");
    assert_eq!(report.not_asked(), not_asked, "{report}");
}

#[test]
fn a_sound_store_keeps_every_clause() {
    let report = suite(&Sample::default()).run();
    assert_kept(&report, &[Clause::Processes, Clause::EndsWithProcess]);
}

#[test]
fn each_wrong_store_is_caught_by_the_clause_that_it_breaks_and_by_no_other() {
    std::thread::scope(|scope| {
        for fault in Fault::ALL {
            scope.spawn(move || assert_eq!(broken(&Sample::with(*fault), None), [fault.breaks()], "{fault:?}"));
        }
    });
}

#[test]
fn whichever_clause_is_left_out_some_wrong_store_passes() {
    std::thread::scope(|scope| {
        for clause in Clause::ALL {
            scope.spawn(move || {
                let passes = |fault: &&Fault| broken(&Sample::with(**fault), Some(*clause)).is_empty();
                let of_it = Fault::ALL.iter().filter(|fault| fault.breaks() == *clause);
                let let_through = of_it.filter(passes).count();
                // Those of processes are in `folder`.
                let is_of_processes = matches!(clause, Clause::Processes | Clause::EndsWithProcess);
                assert!(let_through > 0 || is_of_processes, "no wrong store needs {clause}");
            });
        }
    });
}

#[test]
fn a_report_names_each_clause_and_what_was_found() {
    let report = suite(&Sample::with(Fault::NeverCompares)).without(Clause::Lives).run();
    let text = report.to_string();
    assert!(Clause::ALL.iter().all(|clause| text.contains(clause.name()) && text.contains(clause.says())), "{text}");
    assert!(text.contains("BROKEN    Compares") && text.contains("not asked Lives"), "{text}");
}
