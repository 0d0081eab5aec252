//! A clear, and waiting until nobody holds what it took away.

use std::sync::Arc;

use super::rig::{Rig, commit};
use crate::machine::Event;
use crate::machine::clear::Clear;
use crate::machine::pool::Choice;
use crate::machine::put::Put;
use crate::sample::{acme, grant, key, label, link, named};
use crate::state::name::ProviderId;

fn other() -> ProviderId {
    ProviderId::new("other").unwrap()
}

#[test]
fn a_clear_names_what_it_took_away_and_nothing_else() {
    let rig = Rig::with([named("a", key("key-1")), named("b", key("key-2"))]);
    let engine = rig.engine();
    commit(&engine, Event::Put(Put { provider: other(), ..named("a", key("key-3")) }));
    let removed = engine.remove(acme(), label("b")).unwrap();
    assert_eq!(removed.entries, [(acme(), label("b"))]);
    let cleared = engine.clear(Clear::Provider(acme())).unwrap();
    assert_eq!((cleared.entries, cleared.generation), (vec![(acme(), label("a"))], 4));
    assert_eq!(engine.clear(Clear::Everything).unwrap().entries, [(other(), label("a"))]);
}

#[test]
fn a_clear_names_the_entries_that_go_on_holding_what_it_took_away() {
    for secret in [key("key-1"), grant("at-1", Some("rt-1")), grant("at-1", None), link("me")] {
        let rig = Rig::with([named("a", secret.clone()), named("b", secret.clone()), named("c", key("key-2"))]);
        let engine = rig.engine();
        commit(&engine, Event::Put(Put { provider: other(), ..named("d", secret.clone()) }));
        let removed = engine.remove(acme(), label("a")).unwrap();
        assert_eq!(removed.held, [(acme(), label("b")), (other(), label("d"))], "{secret:?}");
        assert!(removed.effects.is_empty());
        assert_eq!(engine.clear(Clear::Provider(acme())).unwrap().held, [(other(), label("d"))]);
        assert!(engine.clear(Clear::Everything).unwrap().held.is_empty());
    }
}

#[test]
fn a_clear_is_drained_when_the_last_holder_lets_go() {
    let rig = Rig::with([named("a", key("key-1")), named("b", key("key-2"))]);
    let engine = rig.engine();
    let held = engine.current("acme", &Choice::default()).unwrap();
    let second = Arc::clone(&held.live);
    let cleared = engine.clear(Clear::Provider(acme())).unwrap();
    assert!(!engine.is_drained(&cleared));
    drop(held);
    // It looks every 5 ms, and not beyond the time it was given.
    rig.calls();
    assert!(!engine.drain(&cleared, 7));
    assert_eq!(rig.calls(), ["pause 5", "pause 2"]);
    rig.when("pause", || {});
    rig.when("pause", move || drop(second));
    assert!(engine.drain(&cleared, 60_000));
    assert_eq!(rig.calls(), ["pause 5", "pause 5"]);
    assert!(engine.drain(&cleared, 0));
}

#[test]
fn a_clear_is_not_drained_while_a_reader_may_come_up_with_what_it_took() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let engine = rig.engine();
    let (clearing, asking) = (Arc::clone(&engine), Arc::clone(&engine));
    let (send, cleared) = std::sync::mpsc::channel();
    // The reader has opened the old document; nobody holds a record of it yet.
    rig.when("loaded", move || {
        let cleared = clearing.clear(Clear::Provider(acme())).unwrap();
        assert!(!clearing.is_drained(&cleared));
        send.send(cleared).unwrap();
    });
    let read = engine.snapshot().unwrap();
    let cleared = cleared.recv().unwrap();
    assert!(read.live("acme", "a").is_some() && !asking.is_drained(&cleared));
    drop(read);
    assert!(asking.is_drained(&cleared));
}

#[test]
fn a_reader_that_is_through_does_not_hide_one_that_is_not() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let (engine, clearing) = (rig.engine(), rig.engine());
    let asking = Arc::clone(&engine);
    rig.when("loaded", move || {
        drop(asking.snapshot().unwrap());
        let cleared = asking.clear(Clear::Provider(acme())).unwrap();
        assert!(!asking.is_drained(&cleared), "the first still reads");
    });
    drop(engine.snapshot().unwrap());
    assert!(clearing.snapshot().unwrap().live("acme", "a").is_none());
}

#[test]
fn readers_that_came_after_a_clear_are_not_waited_for() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let (engine, writer) = (rig.engine(), rig.engine());
    engine.snapshot().unwrap();
    let cleared = engine.clear(Clear::Provider(acme())).unwrap();
    commit(&writer, Event::Put(named("b", key("key-2"))));
    let asking = Arc::clone(&engine);
    rig.when("loaded", move || assert!(asking.is_drained(&cleared)));
    assert!(engine.snapshot().unwrap().live("acme", "b").is_some());
}
