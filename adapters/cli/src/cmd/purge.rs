//! `purge`: forget what is past its time. Every change does this too.

use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn purge(global: &Global) -> Done {
    let latch = global.latch()?;
    let purged = latch.purge()?;
    let object = json!({"profile": latch.profile().as_str(), "purged": purged});
    output::answer(global.json, &object, || {
        let what = if purged { "forgot what was past its time" } else { "there was nothing past its time" };
        what.to_owned()
    })
}
