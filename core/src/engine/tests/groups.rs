//! Threads of one process that change the store at the same time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::super::{Engine, Grouped, TransactError};
use super::rig::{Here, Rig, error};
use crate::machine::{Event, Refusal, Verdict};
use crate::port::{CommitError, StoreErrorKind};
use crate::sample::{grant, key, label, named};
use crate::state::{Entry, MAX_ENTRIES, State};

type GroupResult = Result<Grouped, TransactError>;
type Threads = Arc<Mutex<Vec<JoinHandle<GroupResult>>>>;

/// A pool with space for one more.
fn rig() -> Rig {
    let rig = Rig::with([named("a", key("key-a"))]);
    let mut state = rig.state();
    let slot = state.providers.values_mut().next().unwrap();
    let one = slot.entries[0].clone();
    let more = (1..MAX_ENTRIES - 1).map(|n| (n as u64 + 10, label(&format!("e{n}"))));
    slot.entries.extend(more.map(|(version, label)| Entry { label, version, ..one.clone() }));
    state.last_version = 10_000;
    rig.restore(state);
    rig
}

fn put(name: &str, text: &str) -> Vec<Event> {
    vec![Event::Put(named(name, key(text)))]
}

/// Once somebody who leads has the store locked, these wait behind it, in this order.
fn behind(rig: &Rig, engine: &Arc<Engine<Here>>, all: Vec<Vec<Event>>) -> Threads {
    let threads = Threads::default();
    let (engine, put_there) = (Arc::clone(engine), Arc::clone(&threads));
    rig.when("lock", move || {
        for (before, events) in all.into_iter().enumerate() {
            let own = Arc::clone(&engine);
            put_there.lock().unwrap().push(thread::spawn(move || own.transact_in_group(&events)));
            while engine.waiting() <= before {
                thread::sleep(Duration::from_millis(1));
            }
        }
    });
    threads
}

fn ended(threads: &Threads) -> Vec<GroupResult> {
    threads.lock().unwrap().drain(..).map(|thread| thread.join().unwrap()).collect()
}

fn verdicts(outcome: &GroupResult) -> &[Verdict] {
    &outcome.as_ref().unwrap().verdicts
}

fn holds(state: &State, name: &str, text: &str) -> bool {
    let entry = state.entry("acme", name).and_then(|entry| entry.secret());
    entry.is_some_and(|secret| secret.expose_secret() == text)
}

#[test]
fn those_who_wait_share_a_commit_and_each_is_told_its_own_verdicts() {
    let (rig, nothing) = (rig(), Vec::new());
    let engine = rig.engine_with_patience(60_000);
    let both = [put("a", "key-a"), put("e1", "key-1")].concat();
    let threads = behind(&rig, &engine, vec![put("b", "key-b"), put("c", "key-c"), nothing, both]);
    let led = engine.transact_in_group(&put("a", "key-a"));
    let told = ended(&threads);
    assert_eq!(verdicts(&led), [Verdict::Nothing]);
    assert_eq!(verdicts(&told[0]), [Verdict::Done]);
    assert_eq!(verdicts(&told[1]), [Verdict::Refused(Refusal::Full)], "the one before took the last place");
    assert_eq!(verdicts(&told[2]), []);
    assert_eq!(verdicts(&told[3]), [Verdict::Nothing, Verdict::Done]);
    assert_eq!(rig.calls_of("commit").len(), 1);
    let is_new = |told: &GroupResult| told.as_ref().unwrap().is_new;
    assert_eq!([&led, &told[0], &told[1], &told[2], &told[3]].map(is_new), [false, true, false, false, true]);
    let state = rig.state();
    assert!(holds(&state, "b", "key-b") && holds(&state, "e1", "key-1") && state.entry("acme", "c").is_none());
    assert!(told.iter().all(|told| *told.as_ref().unwrap().after.state == state));
}

#[test]
fn what_cannot_be_saved_as_a_group_is_tried_one_by_one_and_nobody_fails_for_another() {
    let rig = rig();
    let engine = rig.engine_with_patience(60_000);
    rig.refuse([CommitError::NotSaved(error(StoreErrorKind::Full))]);
    let threads = behind(&rig, &engine, vec![put("b", "key-b"), put("e1", "key-1")]);
    let led = engine.transact_in_group(&put("a", "key-2"));
    assert_eq!(verdicts(&led), [Verdict::Done]);
    assert!(ended(&threads).iter().all(|told| verdicts(told) == [Verdict::Done]));
    assert_eq!(rig.calls_of("commit").len(), 4, "one for all, and one for each");
}

#[test]
fn whoever_goes_on_alone_has_the_time_that_is_left() {
    let rig = rig();
    let engine = rig.engine_with_patience(60_000);
    rig.refuse([CommitError::NotSaved(error(StoreErrorKind::Full))]);
    let threads = behind(&rig, &engine, vec![put("b", "key-b")]);
    let later = rig.clone();
    rig.when("commit", move || later.pass(20_000));
    assert_eq!(verdicts(&engine.transact_in_group(&put("a", "key-2"))), [Verdict::Done]);
    assert!(ended(&threads).iter().all(|told| verdicts(told) == [Verdict::Done]));
    assert_eq!(rig.patiences_ms(), [60_000, 40_000, 40_000]);
}

#[test]
fn what_a_recovery_alone_changed_is_news_for_whoever_led() {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    let engine = rig.engine();
    let claim = crate::sample::claim(&rig.state(), "a", 1, crate::machine::rotation::Cause::Asked);
    engine.transact(&[Event::ClaimRotation(claim)]).unwrap();
    let told = engine.transact_in_group(&[Event::Purge]);
    assert!(told.as_ref().unwrap().is_new && verdicts(&told) == [Verdict::Nothing], "its actor has no sign of life");
}

#[test]
fn of_a_commit_whose_outcome_is_unknown_all_are_told_that_it_is() {
    let rig = rig();
    let engine = rig.engine_with_patience(60_000);
    rig.refuse([CommitError::Unknown(error(StoreErrorKind::Failed))]);
    let threads = behind(&rig, &engine, vec![put("b", "key-b"), put("e1", "key-1")]);
    let led = engine.transact_in_group(&put("a", "key-2"));
    for outcome in ended(&threads).into_iter().chain([led]) {
        assert!(matches!(outcome, Err(TransactError::Unknown(_))), "{outcome:?}");
    }
    assert_eq!(rig.calls_of("commit").len(), 1, "nobody tries again what may be there");
}

#[test]
fn whoever_is_not_taken_in_time_leaves_and_nothing_of_it_is_done() {
    let rig = rig();
    let (engine, hurried) = (rig.engine(), rig.engine_with_patience(1));
    let late = Arc::clone(&hurried);
    rig.when("lock", move || {
        let error = late.transact_in_group(&put("b", "key-b")).unwrap_err();
        assert!(matches!(&error, TransactError::NotSaved(error) if error.kind == StoreErrorKind::Busy), "{error}");
    });
    assert_eq!(verdicts(&hurried.transact_in_group(&put("a", "key-2"))), [Verdict::Done]);
    assert!(rig.state().entry("acme", "b").is_none());
    assert_eq!(
        verdicts(&hurried.transact_in_group(&put("b", "key-b"))),
        [Verdict::Done],
        "nobody is left in its place"
    );
    assert_eq!(engine.waiting(), 0);
}

#[test]
fn a_thread_that_panics_while_it_leads_leaves_who_waits_to_go_on() {
    let rig = rig();
    let engine = rig.engine_with_patience(60_000);
    // One alone: this rig's lock keeps nobody out, so that of two what one stores could be lost.
    let threads = behind(&rig, &engine, vec![put("b", "key-b")]);
    rig.when("commit", || panic!("the test says so"));
    let led = catch_unwind(AssertUnwindSafe(|| engine.transact_in_group(&put("a", "key-2"))));
    assert!(led.is_err());
    assert!(ended(&threads).iter().all(|told| verdicts(told) == [Verdict::Done]));
    assert!(holds(&rig.state(), "a", "key-a") && holds(&rig.state(), "b", "key-b"));
    assert_eq!(verdicts(&engine.transact_in_group(&put("a", "key-3"))), [Verdict::Done]);
}

#[test]
fn whoever_comes_while_a_commit_is_made_leads_the_next_one() {
    let rig = rig();
    let engine = rig.engine_with_patience(60_000);
    let threads = Threads::default();
    let (late, put_there) = (Arc::clone(&engine), Arc::clone(&threads));
    rig.when("commit", move || {
        for (before, name) in ["b", "e1", "e2"].into_iter().enumerate() {
            let own = Arc::clone(&late);
            put_there.lock().unwrap().push(thread::spawn(move || own.transact_in_group(&put(name, "key-4"))));
            while late.waiting() <= before {
                thread::sleep(Duration::from_millis(1));
            }
        }
    });
    assert_eq!(verdicts(&engine.transact_in_group(&put("a", "key-2"))), [Verdict::Done]);
    assert!(ended(&threads).iter().all(|told| verdicts(told) == [Verdict::Done]));
    assert_eq!(rig.calls_of("commit").len(), 2, "one for the first, and one for all others");
}

#[test]
fn a_grant_that_waits_for_nobody_is_changed_as_by_any_transaction() {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    let told = rig.engine().transact_in_group(&put("a", "key-1")).unwrap();
    assert!(told.is_new && told.verdicts == [Verdict::Done] && *told.after.state == rig.state());
    assert!(!rig.engine().transact_in_group(&put("a", "key-1")).unwrap().is_new);
}
