//! `adopt`: this copy of a store, or this one of two between which a move was cut off, is the one that lives on. Nothing is presented to
//! anybody.

use credlatch::core::moving::Stage;
use credlatch::core::state::State;
use credlatch::{Latch, Profile};
use serde_json::json;

use super::at_work::saying_whom;
use crate::args::{Adopt, Global};
use crate::end::{Done, End};
use crate::output;

pub(crate) fn adopt(global: &Global, args: &Adopt) -> Done {
    lives_on(global, args)?;
    let profile = global.profile();
    warn_of_others(global);
    let state = global.latch()?.status()?.state;
    let moved_to = state.moving.as_ref().filter(|moving| moving.stage == Stage::Gone).map(|moving| &moving.other);
    let is_empty = state.providers.values().all(|slot| slot.entries.is_empty());
    output::answer(global.json, &json!({"profile": profile.as_str()}), || match moved_to {
        Some(other) if is_empty => format!("profile {profile} holds nothing here: it was moved to {other}"),
        None if is_empty => format!("profile {profile} holds nothing here"),
        _ => format!(
            "profile {profile} is this place's own: its logins are rotated here, and must not be used by another copy"
        ),
    })
}

/// This copy is the one that lives on.
pub(super) fn lives_on(global: &Global, args: &Adopt) -> Done {
    if args.alone || !ends_a_move(global, args)? {
        saying_whom(global, || Ok(global.builder()?.adopt_copy()?))?;
    }
    Ok(())
}

/// Uses a profile here whose move was cut off, if the other store doesn't. Returns whether there was such a move.
fn ends_a_move(global: &Global, args: &Adopt) -> Done<bool> {
    let opened = global.latch().and_then(|latch| Ok((latch.status()?, latch)));
    // A store that can't be read is looked at by what adopts it.
    let Ok((status, latch)) = opened else { return Ok(false) };
    let Some(moving) = status.state.moving.as_ref().filter(|moving| moving.stage.is_frozen()) else { return Ok(false) };
    let other = match other(global, args, &moving.other) {
        Ok(other) => Ok(other),
        Err(End::Failed { error, .. }) => Err(error),
        Err(quiet) => return Err(quiet),
    };
    saying_whom(global, || Ok(latch.adopt_moved(other.as_ref().map_err(Clone::clone))?))
}

/// The same profile of the other store. It may be sealed with a key of its own, which was remembered then.
fn other(global: &Global, args: &Adopt, url: &str) -> Done<Latch> {
    let other = global.at(url);
    let keyed =
        Global { seal_key: args.other_seal_key.clone(), seal_key_command: None, seal_key_store: None, ..other.clone() };
    let readable = |global: &Global| global.latch().and_then(|latch| latch.status().map(|_| latch).map_err(Into::into));
    if args.other_seal_key.is_some() {
        return readable(&keyed);
    }
    readable(&other).or_else(|error| readable(&keyed).map_err(|_| error))
}

/// A move of a whole store is cut off in one of its profiles, and there may be more.
fn warn_of_others(global: &Global) {
    for (what, remedy) in others_in_a_move(global) {
        output::warn(global.json, &what, &remedy);
    }
}

/// What is to be said of each other profile that waits for a move, and what to do.
pub(super) fn others_in_a_move(global: &Global) -> Vec<(String, String)> {
    let own = global.profile();
    let is_frozen = |state: &State| state.moving.as_ref().is_some_and(|moving| moving.stage.is_frozen());
    let waits = |other: &Profile| {
        let status = global.of(other).latch().and_then(|latch| Ok(latch.status()?));
        *other != own && status.is_ok_and(|status| is_frozen(&status.state))
    };
    let all = global.profiles().and_then(|profiles| Ok(profiles.list()?)).unwrap_or_default();
    let said = |other: &Profile| {
        (
            format!("profile {other} is in a move that isn't through, and nothing is renewed there until it is"),
            format!("`credlatch adopt --profile {other}`, or run the same `credlatch move` again"),
        )
    };
    all.iter().filter(|other| waits(other)).map(said).collect()
}
