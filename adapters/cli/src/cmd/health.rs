//! How an entry fares, in a word.

use credlatch::core::state::{Custody, Entry, Grant, Link, Material};
use credlatch::core::time::Stamp;
use credlatch::foreign::{ForeignErrorKind, Tool, live};

/// How an entry fares at this moment, the gravest first; and when its token ends, in milliseconds since 1970.
pub(super) fn health(entry: &Entry, now: &Stamp) -> (&'static str, Option<u64>) {
    let (own, ends_ms) = match &entry.material {
        Material::ApiKey(_) => ("ok", None),
        Material::Oauth(grant) => (of_grant(grant, now), grant.expiry.wall_ms()),
        Material::Link(link) => Tool::of(&entry.source).map_or(("unreadable", None), |tool| of_link(tool, link, now)),
    };
    let rests = entry.health.rest.is_some_and(|rest| !rest.until.is_reached(now));
    let word = match own {
        _ if entry.health.dead.is_some() => "dead",
        "ok" if rests => "resting",
        own => own,
    };
    (word, ends_ms)
}

fn of_grant(grant: &Grant, now: &Stamp) -> &'static str {
    match &grant.custody {
        Custody::Lost(_) => "lost",
        Custody::InDoubt(_) => "in_doubt",
        Custody::Rotating(_) => "rotating",
        // With a refresh token an end is only a rotation away.
        Custody::Settled if grant.expiry.left_ms(now) == 0 && grant.refresh.is_none() => "expired",
        Custody::Settled => "ok",
    }
}

/// What stands in the other tool's file now.
fn of_link(tool: Tool, link: &Link, now: &Stamp) -> (&'static str, Option<u64>) {
    if link.suspended {
        return ("suspended", None);
    }
    match live(tool, link, now) {
        Ok(token) => (if token.usable { "ok" } else { "expired" }, token.expires_at_ms),
        Err(error) => match error.kind {
            ForeignErrorKind::OtherAccount => ("suspended", None),
            ForeignErrorKind::SignedOut => ("signed_out", None),
            _ => ("unreadable", None),
        },
    }
}
