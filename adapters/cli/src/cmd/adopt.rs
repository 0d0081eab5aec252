//! `adopt`: this copy of a store is the one that lives on. Nothing is presented to anybody.

use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn adopt(global: &Global) -> Done {
    global.builder()?.adopt_copy()?;
    let profile = global.profile();
    output::answer(global.json, &json!({"profile": profile.as_str()}), || {
        format!(
            "profile {profile} is this place's own: its logins are rotated here, and must not be used by another copy"
        )
    })
}
