//! `adopt`: this copy of a store is the one that lives on. Nothing is presented to anybody.

use credlatch::core::moving::{Moving, Stage};
use serde_json::json;

use crate::args::{Adopt, Global};
use crate::end::{Done, End};
use crate::output;

pub(crate) fn adopt(global: &Global, args: &Adopt) -> Done {
    if !args.alone {
        refuse_what_may_be_used_elsewhere(global)?;
    }
    global.builder()?.adopt_copy()?;
    let profile = global.profile();
    output::answer(global.json, &json!({"profile": profile.as_str()}), || {
        format!(
            "profile {profile} is this place's own: its logins are rotated here, and must not be used by another copy"
        )
    })
}

/// Refuses to use a profile here whose move was cut off, unless the other store says that it doesn't use it.
pub(super) fn refuse_what_may_be_used_elsewhere(global: &Global) -> Done {
    // A store that can't be read is looked at by what adopts it.
    let Ok(here) = global.latch().and_then(|latch| Ok(latch.status()?)) else { return Ok(()) };
    let Some(moving) = here.state.moving.as_ref().filter(|moving| moving.stage.is_frozen()) else { return Ok(()) };
    let (profile, other) = (global.profile(), &moving.other);
    let go_on = "run the same `credlatch move` again";
    let Ok(there) = global.at(other).latch().and_then(|latch| Ok(latch.status()?)) else {
        return Err(End::usage(
            format!("{other} can't be asked whether it uses profile {profile}, which was being moved"),
            format!("make it answer, or {go_on}; if it is gone for good: `credlatch adopt --alone`"),
        ));
    };
    match there.state.moving.as_ref().map_or(Answer::Nothing, |word| answer(moving, word)) {
        Answer::Unused => Ok(()),
        Answer::Used => Err(End::usage(
            format!("profile {profile} is used in {other} by now, so it can't be used here as well"),
            match moving.stage {
                Stage::SetAside => format!("{go_on}: it takes away what is left here"),
                _ => "forget what has arrived here: `credlatch clear --all`".to_owned(),
            },
        )),
        // A directory that isn't mounted, or that of another machine, looks like one to which nothing has come yet.
        Answer::Nothing => Err(End::usage(
            format!(
                "{other} says nothing of this move of profile {profile}: nothing has come there yet, or it isn't the store that it was"
            ),
            format!("{go_on}; if it is certain that nobody uses that store: `credlatch adopt --alone`"),
        )),
    }
}

enum Answer {
    /// It waits for the same move.
    Unused,
    /// It uses what was moved, or has moved it on.
    Used,
    /// It says nothing of this move.
    Nothing,
}

/// What the word that a move left in the other store says to the one that it left here.
fn answer(here: &Moving, there: &Moving) -> Answer {
    match (here.stage, there.stage) {
        _ if there.id == here.id && there.stage.is_frozen() => Answer::Unused,
        _ if there.id == here.id => Answer::Used,
        (Stage::SetAside, Stage::SetAside | Stage::Gone) => Answer::Used,
        _ => Answer::Nothing,
    }
}
