//! What those are told who store something: law 18.

use super::*;
use crate::machine::Refusal;
use crate::machine::put::{Put, PutMode};

fn put(text: &str) -> Put {
    named("a", key(text))
}

/// Somebody takes the step that stores this in this state.
fn stores(who: Who, before: &State, put: &Put) -> Fact {
    let event = Event::Put(put.clone());
    let step = crate::apply(before, &at(1), &event);
    stepped_by(who, before, &event, &step.state, step.verdict)
}

fn told(who: Who, put: &Put, verdict: Verdict) -> Fact {
    Fact::Told { who, put: Box::new(put.clone()), verdict: Some(verdict) }
}

fn shown(who: Who) -> Fact {
    Fact::Shown { who, state: Arc::default() }
}

#[test]
fn law_18_each_is_told_what_was_said_of_what_it_stores() {
    let there = stored([put("key-1")]);
    let (same, new) = (put("key-1"), put("key-2"));
    // One thread leads, and takes the steps of both in one commit.
    let led = [stores(1, &there, &same), stores(1, &there, &new), shown(1)];
    let then = |more: &[Fact]| [&led[..], more].concat();
    let (of_same, of_new) = (told(1, &same, Verdict::Nothing), told(2, &new, Verdict::Done));
    keeps(18, &then(&[of_same.clone(), of_new.clone()]));
    keeps(18, &then(&[of_new.clone(), of_same]));
    breaks(18, &then(&[told(1, &same, Verdict::Done)]), "Done was told of acme/a");
    breaks(18, &then(&[told(2, &new, Verdict::Nothing)]), "Nothing was told of acme/a");
    breaks(18, &then(&[told(2, &new, Verdict::Refused(Refusal::Full))]), "Refused(Full) was told of acme/a");
    breaks(18, &then(&[of_new.clone(), of_new.clone()]), "Done was told");
    // Whoever stores the same under another label, or by an import, is somebody else.
    breaks(18, &then(&[told(2, &named("b", key("key-2")), Verdict::Done)]), "Done was told of acme/b");
    let swept = Put { how: PutMode::Bulk, ..new.clone() };
    breaks(18, &[stores(1, &State::default(), &swept), shown(1), of_new], "Done was told");
}

#[test]
fn law_18_what_changed_something_is_told_once_it_is_shown() {
    let there = stored([put("key-1")]);
    let (same, new) = (put("key-1"), put("key-2"));
    let (step, of_new) = (stores(1, &there, &new), told(2, &new, Verdict::Done));
    breaks(18, &[step.clone(), of_new.clone()], "nothing that is shown");
    breaks(18, &[step.clone(), shown(2), of_new.clone()], "nothing that is shown");
    breaks(18, &[step, Fact::Died { who: 1 }, shown(1), of_new], "nothing that is shown");
    keeps(18, &[stores(1, &there, &same), told(2, &same, Verdict::Nothing)]);
}

#[test]
fn law_18_nobody_fails_but_where_the_store_refuses() {
    let failed = Fact::Told { who: 1, put: Box::new(put("key-2")), verdict: None };
    breaks(18, std::slice::from_ref(&failed), "the store had refused nobody");
    keeps(18, &[Fact::Refused { who: 2 }, failed]);
}

#[test]
fn law_18_is_witnessed_where_one_is_told_of_what_another_thread_stored() {
    let (new, step) = (put("key-2"), |who| stores(who, &State::default(), &put("key-2")));
    let told = |who| told(who, &new, Verdict::Done);
    assert!(witnesses(18, &[step(1), shown(1), told(2)]));
    assert!(!witnesses(18, &[step(1), shown(1), told(1)]));
    assert!(!witnesses(18, &[step(1), step(2), shown(1), told(2)]), "it stored the same itself");
    assert!(!witnesses(18, &[told(2)]));
}
