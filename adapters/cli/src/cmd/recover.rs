//! `recover`: the newest commit stands again, where somebody else has put something over it.

use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn recover(global: &Global) -> Done {
    let is_recovered = global.builder()?.recover()?;
    let profile = global.profile();
    output::answer(global.json, &json!({"profile": profile.as_str(), "recovered": is_recovered}), || {
        if is_recovered {
            format!("profile {profile} is again what was committed last")
        } else {
            format!("profile {profile} is what was committed last; nothing was changed")
        }
    })
}
