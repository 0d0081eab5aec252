//! A store that is out of its place while an act goes on: nothing follows from what stands there.

use std::sync::Arc;

use super::super::{Engine, Rotation, RotationRequest};
use super::rig::{Here, Rig};
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::Cause;
use crate::sample::{TIMES, acme, entry, fresh, grant, label, named};
use crate::state::Custody;

fn rig() -> (Rig, Arc<Engine<Here>>, RotationRequest) {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    let version = entry(&rig.state(), "a").version;
    let request = RotationRequest { provider: acme(), label: label("a"), version, cause: Cause::Asked, times: TIMES };
    let engine = rig.engine();
    (rig, engine, request)
}

#[test]
fn what_was_granted_while_the_store_was_away_is_neither_revoked_nor_stored_elsewhere() {
    let (rig, engine, request) = rig();
    rig.when("refresh", {
        let rig = rig.clone();
        move || rig.move_away()
    });
    let rotation = engine.rotate(&rig, &request, 700).unwrap();
    assert!(matches!(rotation, Rotation::Gone), "{rotation:?}");
    let calls = rig.calls();
    for kind in ["lock", "commit", "revoke", "wipe"] {
        let first = calls.iter().position(|call| call.starts_with("refresh")).unwrap();
        let after = calls[first..].iter().filter(|call| call.split(' ').next() == Some(kind)).count();
        assert_eq!(after, 0, "{kind}: {calls:?}");
    }
    assert!(engine.has_unsaved());
    assert!(engine.save_unsaved().is_err(), "nothing is made where the store isn't");
    assert_eq!(rig.state().generation, 0);
    rig.move_back();
    engine.save_unsaved().unwrap();
    let stored = rig.state();
    assert_eq!(entry(&stored, "a").secret().unwrap().expose_secret(), "at-2");
    assert_eq!(rig.calls_of("revoke").len(), 0);
}

#[test]
fn a_store_that_is_moved_away_while_its_lock_is_waited_for_is_not_taken_for_a_clear() {
    let (rig, engine, request) = rig();
    // The claim's own lock is the first.
    rig.when("lock", || {});
    rig.when("lock", {
        let rig = rig.clone();
        move || rig.move_away()
    });
    let _ = engine.rotate(&rig, &request, 700).unwrap();
    assert_eq!(rig.calls_of("revoke").len(), 0);
    rig.move_back();
    engine.save_unsaved().unwrap();
    assert_eq!(entry(&rig.state(), "a").grant().unwrap().custody, Custody::Settled);
}

#[test]
fn what_is_put_back_with_the_claim_is_the_store_wherever_its_signs_are() {
    let (rig, engine, request) = rig();
    rig.when("refresh", {
        let rig = rig.clone();
        move || {
            let state = rig.state();
            rig.move_away();
            rig.restore(state);
        }
    });
    let rotation = engine.rotate(&rig, &request, 700).unwrap();
    assert!(matches!(rotation, Rotation::Granted(_)), "{rotation:?}");
    assert_eq!(entry(&rig.state(), "a").secret().unwrap().expose_secret(), "at-2");
}
