//! What stands against an entry, in a word.

use credlatch::core::state::{Custody, Entry, Material};
use credlatch::core::time::Stamp;

/// How an entry fares at this moment, the gravest first.
pub(super) fn health(entry: &Entry, now: &Stamp) -> &'static str {
    if entry.health.dead.is_some() {
        return "dead";
    }
    match &entry.material {
        Material::Link(link) if link.suspended => return "suspended",
        Material::Oauth(grant) => match &grant.custody {
            Custody::Lost(_) => return "lost",
            Custody::InDoubt(_) => return "in_doubt",
            Custody::Rotating(_) => return "rotating",
            // With a refresh token an end is only a rotation away.
            Custody::Settled if grant.expiry.left_ms(now) == 0 && grant.refresh.is_none() => return "expired",
            Custody::Settled => {}
        },
        _ => {}
    }
    let rests = entry.health.rest.is_some_and(|rest| !rest.until.is_reached(now));
    if rests { "resting" } else { "ok" }
}
