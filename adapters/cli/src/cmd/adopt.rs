//! `adopt`: this copy of a store is the one that lives on. Nothing is presented to anybody.

use credlatch::Error;
use credlatch::core::moving::{Answer, Stage, asked};
use credlatch::core::state::State;
use serde_json::json;

use super::at_work::saying_whom;
use crate::args::{Adopt, Global};
use crate::end::{Done, End};
use crate::output;

pub(crate) fn adopt(global: &Global, args: &Adopt) -> Done {
    if !args.alone {
        refuse_what_may_be_used_elsewhere(global)?;
    }
    saying_whom(global, || Ok(global.builder()?.adopt_copy()?))?;
    let profile = global.profile();
    warn_of_others(global);
    output::answer(global.json, &json!({"profile": profile.as_str()}), || {
        format!(
            "profile {profile} is this place's own: its logins are rotated here, and must not be used by another copy"
        )
    })
}

/// A move of a whole store is cut off in one of its profiles, and there may be more.
fn warn_of_others(global: &Global) {
    let own = global.profile();
    let Ok(all) = global.profiles().and_then(|profiles| Ok(profiles.list()?)) else { return };
    for other in all.iter().filter(|other| **other != own) {
        let status = global.of(other).latch().and_then(|latch| Ok(latch.status()?));
        let is_frozen = |state: &State| state.moving.as_ref().is_some_and(|moving| moving.stage.is_frozen());
        if status.is_ok_and(|status| is_frozen(&status.state)) {
            output::warn(
                global.json,
                &format!("profile {other} is in a move that was cut off, too"),
                &format!("`credlatch adopt --profile {other}`, or run the same `credlatch move` again"),
            );
        }
    }
}

/// Refuses to use a profile here whose move was cut off, unless the other store says that it doesn't use it.
pub(super) fn refuse_what_may_be_used_elsewhere(global: &Global) -> Done {
    // A store that can't be read is looked at by what adopts it.
    let Ok(here) = global.latch().and_then(|latch| Ok(latch.status()?)) else { return Ok(()) };
    let Some(moving) = here.state.moving.as_ref().filter(|moving| moving.stage.is_frozen()) else { return Ok(()) };
    let (profile, other) = (global.profile(), &moving.other);
    // Whether it was copied is noticed by whoever changes something there.
    let other_store = global.at(other);
    let status = other_store.latch().and_then(|latch| {
        if latch.status()?.state.moving.is_some() {
            saying_whom(&other_store, || Ok(latch.purge()?))?;
        }
        Ok(latch.status()?)
    });
    let there = match status {
        Ok(there) => there,
        Err(End::Failed { error, .. }) => {
            let what =
                format!("{other} can't be asked whether it uses profile {profile}, which was being moved: {error}");
            let remedy = format!(
                "{}; or run the same `credlatch move` again; if that store is gone for good: `credlatch adopt --alone`",
                error.remedy()
            );
            return Err(Error::new(error.kind(), what, remedy).into());
        }
        Err(quiet) => return Err(quiet),
    };
    match asked(&here.state, &there.state) {
        None | Some(Answer::Unused) => Ok(()),
        Some(Answer::Used) => Err(End::usage(
            format!("profile {profile} is used in {other} by now, so it can't be used here as well"),
            match moving.stage {
                Stage::SetAside => "run the same `credlatch move` again: it takes away what is left here",
                Stage::HandedOver => "forget what is left here: `credlatch clear --all`, which revokes nothing",
                _ => "forget what has arrived here: `credlatch clear --all`, which revokes nothing",
            },
        )),
        // A directory that isn't mounted, or that of another machine, looks like one to which nothing has come yet.
        Some(Answer::Unknown) => Err(End::usage(
            format!(
                "{other} can't say whether it uses profile {profile}: {}",
                match moving.stage {
                    Stage::SetAside => "nothing of this move has come there yet, or it isn't the store that it was",
                    Stage::HandedOver =>
                        "it was given all of it, and has moved that on, was copied or restored, or isn't the store that it was",
                    _ =>
                        "it knows nothing of this move any more: it was taken back there, was copied or restored, or isn't the store that it was",
                }
            ),
            match moving.stage {
                Stage::SetAside => {
                    "run the same `credlatch move` again; if it is certain that nobody uses it there: `credlatch adopt --alone`"
                }
                Stage::HandedOver => {
                    "if it is certain that nobody uses it there: `credlatch adopt --alone`; otherwise `credlatch clear --all` forgets what is left here, and revokes nothing"
                }
                _ => {
                    "if it is certain that nobody uses it there: `credlatch adopt --alone`; otherwise `credlatch clear --all` forgets what has arrived here, and revokes nothing"
                }
            },
        )),
    }
}
