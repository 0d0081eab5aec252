//! `adopt`: this copy of a store is the one that lives on. Nothing is presented to anybody.

use credlatch::core::moving::{Moving, Stage};
use serde_json::json;

use crate::args::Global;
use crate::end::{Done, End};
use crate::output;

pub(crate) fn adopt(global: &Global) -> Done {
    refuse_what_is_used_elsewhere(global)?;
    global.builder()?.adopt_copy()?;
    let profile = global.profile();
    output::answer(global.json, &json!({"profile": profile.as_str()}), || {
        format!(
            "profile {profile} is this place's own: its logins are rotated here, and must not be used by another copy"
        )
    })
}

/// What was set aside for a move isn't taken back where the other store uses it by now, if that can be asked.
fn refuse_what_is_used_elsewhere(global: &Global) -> Done {
    // A store that can't be read is looked at by what adopts it.
    let Ok(here) = global.latch().and_then(|latch| Ok(latch.status()?)) else { return Ok(()) };
    let Some(moving) = here.state.moving.as_ref().filter(|moving| moving.stage == Stage::SetAside) else {
        return Ok(());
    };
    let (profile, other) = (global.profile(), &moving.other);
    let Ok(there) = global.at(other).latch().and_then(|latch| Ok(latch.status()?)) else {
        output::warn(
            global.json,
            &format!("{other}, to which profile {profile} was being moved, can't be asked whether it uses it"),
            "if it does, sign in anew in one of the two before both renew the same login",
        );
        return Ok(());
    };
    let is_used = |it: &Moving| it.is(moving.id, Stage::Active) || it.is(moving.id, Stage::Done);
    if !there.state.moving.as_ref().is_some_and(is_used) {
        return Ok(());
    }
    Err(End::usage(
        format!("profile {profile} is used in {other} by now, so it can't be used here as well"),
        "run the same `credlatch move` again: it takes away what is left here",
    ))
}
