//! `docs/record.md` says what is so: each failure has what rules it out, each edit is where it says, each figure is measured.

use std::fs;

use credlatch_core::law::LAWS;
use credlatch_tests::coverage::HARNESSES;
use credlatch_tests::edits::{self, Trial};
use credlatch_tests::failures::FAILURES;
use credlatch_tests::names::{root, tests};
use credlatch_tests::record::{REPORTS, record_document};

#[test]
fn every_failure_is_ruled_out_by_something_that_is_there() {
    assert!(FAILURES.iter().map(|failure| failure.number).eq(1..=37));
    let tests = tests().unwrap();
    for failure in FAILURES {
        assert!(!failure.tests.is_empty(), "nothing shows that failure {} is ruled out", failure.number);
        for law in failure.laws {
            assert!(LAWS.iter().any(|known| known.number == *law));
        }
        for name in failure.tests {
            assert!(tests.contains(*name), "failure {} names the test {name}, and there is none", failure.number);
        }
    }
}

#[test]
fn every_case_of_the_five_reports_has_a_test() {
    let tests = tests().unwrap();
    for (report, _, letters) in REPORTS {
        assert!(tests.iter().any(|name| name.starts_with(&format!("report_{report}_"))), "report {report}");
        for letter in letters.chars() {
            let start = format!("report_{report}_{letter}_");
            assert!(tests.iter().any(|name| name.starts_with(&start)), "report {report}, case {letter}");
        }
    }
}

#[test]
fn every_edit_is_one_place_in_its_file() {
    for edit in edits::all() {
        let text = fs::read_to_string(root().join(edit.file)).unwrap();
        assert_eq!(text.matches(edit.right).count(), 1, "`{}` in {}", edit.name, edit.file);
    }
}

/// So that the table of the laws claims nothing that no edit breaks.
#[test]
fn for_each_law_and_each_harness_that_claims_it_there_is_an_edit() {
    for harness in HARNESSES {
        for law in harness.claims {
            let tries = |(trial, laws): &(Trial, &[u8])| {
                trial.judges_alone && trial.harness == harness.name && laws.contains(law)
            };
            let is_tried = edits::all().any(|edit| edit.trials.iter().any(tries));
            assert!(is_tried, "no edit breaks law {law} in {}", harness.name);
        }
    }
}

#[test]
fn the_document_is_what_is_so() {
    let path = root().join("docs/record.md");
    let document = record_document();
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        fs::write(&path, &document).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == document, "docs/record.md differs from the code; write it anew with CREDLATCH_KEEP=1");
}
