//! Entries that rest after an answer, and for how long.

use super::*;

#[test]
fn what_rests_comes_back_and_is_passed_over_meanwhile() {
    let state = three();
    let state = after(&state, &at(0), &[Event::Report(answered(&state, "a", FailureKind::Limited))]);
    assert_eq!(first(&state, &at(REST_LIMITED_MS - 1)).unwrap(), "b");
    assert!(
        matches!(entry(&state, "a").eligibility(&at(1), None), Eligibility::Resting(rest) if rest.cause == FailureKind::Limited)
    );
    assert_eq!(first(&state, &at(REST_LIMITED_MS)).unwrap(), "a");
    assert_eq!(entry(&state, "a").eligibility(&at(REST_LIMITED_MS), None), Eligibility::Usable);
}

#[test]
fn a_limit_on_one_model_rests_that_model_alone() {
    let state = three();
    let report = Report { model: Some("big".to_owned()), ..answered(&state, "a", FailureKind::Limited) };
    let state = after(&state, &at(0), &[Event::Report(report)]);
    let of_model = |model, ms| chosen(&state, &at(ms), &Choice { model, ..Choice::default() }).unwrap();
    assert_eq!(of_model(Some("big"), 1), "b");
    assert_eq!(of_model(Some("small"), 1), "a");
    assert_eq!(of_model(None, 1), "a");
    assert_eq!(of_model(Some("big"), REST_LIMITED_MS), "a");
    assert!(matches!(entry(&state, "a").eligibility(&at(1), Some("big")), Eligibility::RestingForModel(_)));
    // What isn't a limit concerns the entry as a whole, whatever model the request was for.
    let report = Report { model: Some("big".to_owned()), ..answered(&state, "b", FailureKind::Billing) };
    let state = after(&state, &at(0), &[Event::Report(report)]);
    assert!(!entry(&state, "b").is_usable(&at(1), Some("small")));
}

#[test]
fn failure_25_the_only_living_entry_rests_a_minute_unless_it_is_about_money() {
    let state = after(&State::default(), &at(0), &[put("a", Source::Manual)]);
    for (answer, ms) in [
        (FailureKind::Unauthorized, REST_SOLE_MS),
        (FailureKind::Limited, REST_SOLE_MS),
        (FailureKind::Billing, REST_LIMITED_MS),
    ] {
        let rested = after(&state, &at(0), &[Event::Report(answered(&state, "a", answer))]);
        assert_eq!(first(&rested, &at(0)), Err(Unusable::Resting(at(0).plus_ms(ms))), "{answer:?}");
    }
    let pool = three();
    let rested = after(&pool, &at(0), &[Event::Report(answered(&pool, "a", FailureKind::Unauthorized))]);
    assert_eq!(entry(&rested, "a").health.rest.unwrap().until, at(0).plus_ms(REST_UNAUTHORIZED_MS));
    let told = Report { rest_ms: Some(5), ..answered(&pool, "a", FailureKind::Billing) };
    let rested = after(&pool, &at(0), &[Event::Report(told)]);
    assert_eq!(first(&rested, &at(5)).unwrap(), "a", "what the provider says goes before every rule");
}

#[test]
fn a_bare_403_does_not_rest_the_only_key() {
    let state = after(&State::default(), &at(0), &[put("a", Source::Manual)]);
    let bare = answered(&state, "a", FailureKind::Other);
    let left = after(&state, &at(0), &[Event::Report(bare.clone())]);
    assert_eq!(first(&left, &at(0)).unwrap(), "a");
    let told = Report { rest_ms: Some(5), ..bare };
    let rested = after(&state, &at(0), &[Event::Report(told)]);
    assert_eq!(first(&rested, &at(0)), Err(Unusable::Resting(at(0).plus_ms(5))), "but it does as long as it is told");
    let pool = three();
    let rested = after(&pool, &at(0), &[Event::Report(answered(&pool, "a", FailureKind::Other))]);
    assert_eq!(first(&rested, &at(0)).unwrap(), "b", "another may do better");
}

#[test]
fn a_bare_403_rests_a_key_for_a_minute_and_longer_if_it_comes_again() {
    let mut state = three();
    let answer = |state: &State, now: &Stamp, label| {
        after(state, now, &[Event::Report(answered(state, label, FailureKind::Other))])
    };
    let until = |state: &State| entry(state, "a").health.rest.unwrap().until;
    let mut now_ms = 0;
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        state = answer(&state, &at(now_ms), "a");
        assert_eq!(until(&state), at(now_ms).plus_ms(minutes * REST_UNEXPLAINED_MS));
        let late = answer(&state, &at(now_ms + 1), "a");
        assert_eq!(until(&late), until(&state), "a crowd's answers to the same refusal are one");
        now_ms += minutes * REST_UNEXPLAINED_MS + REST_LIMITED_MS - 1;
    }
    let state = answer(&state, &at(now_ms + 1), "a");
    assert_eq!(until(&state), at(now_ms + 1).plus_ms(REST_UNEXPLAINED_MS), "an hour without one");
}

#[test]
fn a_bare_403_takes_no_entry_that_nothing_could_stand_in_for_and_no_rest_from_one_that_rests() {
    let mut state = three();
    let limited = Report { rest_ms: Some(REST_LIMITED_MS), ..answered(&state, "a", FailureKind::Limited) };
    state = after(&state, &at(0), &[Event::Report(limited)]);
    for label in ["a", "b", "c", "c"] {
        state = after(&state, &at(1), &[Event::Report(answered(&state, label, FailureKind::Other))]);
    }
    assert_eq!(first(&state, &at(1)).unwrap(), "c", "one bad request must not shut the pool");
    assert_eq!(first(&state, &at(1 + REST_UNEXPLAINED_MS)).unwrap(), "b");
    assert_eq!(entry(&state, "a").health.rest.unwrap().until, at(0).plus_ms(REST_LIMITED_MS));
}
