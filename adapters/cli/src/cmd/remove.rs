//! `remove`: forget one credential.

use credlatch::Error;
use serde_json::json;

use crate::args::{Global, Remove};
use crate::end::Done;
use crate::output;

pub(crate) fn remove(global: &Global, args: &Remove) -> Done {
    let latch = global.latch()?;
    let row = latch.providers().resolve(&args.of.provider).map_err(Error::from)?;
    let label = &args.label;
    let removed = latch.remove(row.id.as_str(), label)?;
    let revoked = super::clear::revoke(&latch, &removed);
    let object = json!({
        "profile": latch.profile().as_str(),
        "provider": row.id,
        "label": label,
        "generation": removed.generation(),
        "revoked": revoked.as_str(),
        "held_by": super::clear::held_by(&removed),
    });
    output::answer(global.json, &object, || {
        format!("removed from {}: {label}\n{}", row.id, super::clear::what_was_revoked(revoked, &removed))
    })
}
