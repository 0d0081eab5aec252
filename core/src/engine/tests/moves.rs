//! A move from one store to another: what a mover that fails or dies leaves, and who goes on.

use super::super::MoveError;
use super::rig::{Rig, error};
use crate::machine::Event;
use crate::machine::moving::{Obstacle, Route};
use crate::machine::pool::SetStrategy;
use crate::port::{Alive, CommitError, Store, StoreErrorKind};
use crate::sample::{acme, grant, key, label, named};
use crate::state::State;
use crate::state::moving::Stage;
use crate::state::strategy::Strategy;

const ROUTE: Route<'static> = Route { from: "file:///a", to: "file:///b" };

fn two() -> [Rig; 2] {
    let source = [named("default", grant("at-1", Some("rt-1"))), named("spare", key("key-1"))];
    let target = Rig::with([]);
    // Commits have other ids there: those of one store are never met in another.
    (0..50).for_each(|_| target.restore(State::default()));
    [Rig::with(source), target]
}

/// A move that the target stops once everything is there.
fn midway(source: &Rig, target: &Rig) -> Result<super::super::Moved, MoveError> {
    target.when("commit", || {});
    let refusing = target.clone();
    target.when("commit", move || refusing.refuse([CommitError::NotSaved(error(StoreErrorKind::Full))]));
    source.engine().move_to(&target.engine(), ROUTE)
}

fn stage(rig: &Rig) -> Option<Stage> {
    rig.state().moving.map(|moving| moving.stage)
}

/// How many stores would present the login.
fn presenting(rigs: &[Rig; 2]) -> usize {
    let is_free = |rig: &&Rig| {
        let state = rig.state();
        let grant = state.entry("acme", "default").and_then(|entry| entry.grant().cloned());
        grant.is_some_and(|grant| grant.shared.is_none())
    };
    rigs.iter().filter(is_free).count()
}

#[test]
fn a_move_that_fails_at_any_of_its_commits_is_gone_on_with_by_the_next() {
    for side in [0, 1] {
        for nth in 0..3 {
            let rigs = two();
            let [source, target] = &rigs;
            for _ in 0..nth {
                rigs[side].when("commit", || {});
            }
            let refusing = rigs[side].clone();
            let refuses = move || refusing.refuse([CommitError::NotSaved(error(StoreErrorKind::Full))]);
            rigs[side].when("commit", refuses);
            let first = source.engine().move_to(&target.engine(), ROUTE);
            assert!(presenting(&rigs) <= 1, "{side} {nth}: {first:?}");
            let moved = source.engine().move_to(&target.engine(), ROUTE).unwrap();
            assert_eq!(moved, [(acme(), label("default")), (acme(), label("spare"))]);
            assert_eq!(
                (stage(source), stage(target)),
                (Some(Stage::Gone), Some(Stage::Done)),
                "{side} {nth}: {first:?}"
            );
            assert_eq!(presenting(&rigs), 1);
            assert!(source.state().entry("acme", "spare").is_none());
        }
    }
}

#[test]
fn nobody_goes_on_in_the_place_of_a_mover_that_lives() {
    let [source, target] = two();
    let failed = midway(&source, &target);
    assert!(matches!(failed, Err(MoveError::Target(_))), "{failed:?}");
    let mut state = source.state();
    let engine = source.engine();
    let living = engine.store().enlist().unwrap();
    state.moving.as_mut().unwrap().actor = Some(living.actor().clone());
    source.restore(state);
    let pid = living.actor().pid;
    let stopped = source.engine().move_to(&target.engine(), ROUTE);
    assert_eq!(stopped, Err(MoveError::Stopped(Obstacle::AtWork { pid })));
    drop(living);
    source.engine().move_to(&target.engine(), ROUTE).unwrap();
    assert_eq!(stage(&target), Some(Stage::Done));
}

#[test]
fn what_an_unfinished_move_leaves_no_room_for_fails_and_says_how_it_goes_on() {
    let [source, target] = two();
    let _ = midway(&source, &target);
    let chosen = SetStrategy { provider: acme(), strategy: Strategy::Random };
    for event in [Event::Put(named("third", key("key-3"))), Event::SetStrategy(chosen)] {
        let refused = source.engine().transact(&[event]).unwrap_err();
        let told = refused.store_error();
        assert_eq!(told.kind, StoreErrorKind::Busy);
        assert!(
            told.what.contains("was handed over to file:///b") && told.remedy.contains("credlatch adopt"),
            "{told:?}"
        );
    }
    assert_eq!(stage(&source), Some(Stage::HandedOver));
}

#[test]
fn both_urls_of_one_store_are_noticed_before_anything_changes() {
    let [source, _] = two();
    let before = source.state();
    let stopped = source.engine().move_to(&source.engine(), ROUTE);
    assert_eq!(stopped, Err(MoveError::Stopped(Obstacle::Same)));
    assert_eq!(source.state(), before);
}

#[test]
fn what_the_target_did_not_take_is_used_in_the_source_again_unless_nobody_knows() {
    for (refusal, is_back) in [
        (CommitError::NotSaved(error(StoreErrorKind::Full)), true),
        (CommitError::Unknown(error(StoreErrorKind::Unreachable)), false),
    ] {
        let rigs = two();
        let [source, target] = &rigs;
        target.refuse([refusal]);
        let failed = source.engine().move_to(&target.engine(), ROUTE);
        assert!(matches!(failed, Err(MoveError::Target(_))), "{failed:?}");
        assert_eq!((stage(source), presenting(&rigs)), if is_back { (None, 1) } else { (Some(Stage::SetAside), 0) });
        source.engine().move_to(&target.engine(), ROUTE).unwrap();
        assert_eq!((stage(target), presenting(&rigs)), (Some(Stage::Done), 1));
    }
}
