//! What no sequence of events makes: a state that makes no sense.

use super::*;

fn says(state: &State) -> String {
    check_state(state).unwrap_err().what
}

#[test]
fn labels_and_versions_are_given_once() {
    let good = stored([named("a", key("key-1")), named("b", key("key-2"))]);
    assert_eq!(check_state(&good), Ok(()));
    let with = |change: fn(&mut State)| {
        let mut state = good.clone();
        change(&mut state);
        state
    };
    let same_label = with(|state| state.slot_mut(&acme()).entries[1].label = label("a"));
    assert_eq!(says(&same_label), "acme has two entries of the label \"a\"");
    let twice = with(|state| state.slot_mut(&acme()).entries[1].version = 1);
    assert_eq!(says(&twice), "version 1 of acme/b was never given, or twice");
    let never = with(|state| state.slot_mut(&acme()).entries[1].version = 3);
    assert_eq!(says(&never), "version 3 of acme/b was never given, or twice");
    assert_eq!(check_state(&with(|state| state.last_version = 9)), Ok(()));
}

#[test]
fn no_flow_lives_longer_than_900_seconds() {
    let state = after(&State::default(), &at(0), &[start(5, 2)]);
    let ending = |asked_ms: u64, after_ms: u64| {
        let mut state = state.clone();
        state.slot_mut(&acme()).flow.as_mut().unwrap().ends = at(asked_ms).plus_ms(after_ms);
        state
    };
    for (asked_ms, after_ms) in [(0, 900_000), (50_000, 850_000)] {
        assert_eq!(check_state(&ending(asked_ms, after_ms)), Ok(()));
        assert!(says(&ending(asked_ms, after_ms + 1)).contains("would live longer than 900 s"));
    }
    assert!(says(&ending(1, u64::MAX)).contains("would live longer than 900 s"));
}
