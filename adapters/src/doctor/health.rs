//! How an entry fares, in a word.

use credlatch_core::state::{Custody, Entry, Grant, Link, Material};
use credlatch_core::time::Stamp;

use crate::foreign::{ForeignError, ForeignErrorKind, Tool, live};

/// How an entry fares at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Nothing stands against it.
    Ok,
    /// Its provider has declared it dead.
    Dead,
    /// Its issuer has rejected it.
    Lost,
    /// A renewal got no answer: its refresh token may be spent.
    InDoubt,
    /// Somebody is renewing it.
    Rotating,
    /// It has ended, and nothing renews it.
    Expired,
    /// It rests.
    Resting,
    /// Another account is behind the link.
    Suspended,
    /// The tool that owns the login holds none any more.
    SignedOut(ForeignError),
    /// The file behind the link can't be read; without an error, no tool is known that wrote it.
    Unreadable(Option<ForeignError>),
}

impl Health {
    /// The name that JSON output uses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Dead => "dead",
            Self::Lost => "lost",
            Self::InDoubt => "in_doubt",
            Self::Rotating => "rotating",
            Self::Expired => "expired",
            Self::Resting => "resting",
            Self::Suspended => "suspended",
            Self::SignedOut(_) => "signed_out",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Whether a request that comes to the entry goes on to the next.
    pub(super) fn is_passed_over(&self) -> bool {
        matches!(self, Self::Expired | Self::Suspended | Self::SignedOut(_) | Self::Unreadable(_))
    }
}

/// How an entry fares at this moment, the gravest first; and when its token ends, in milliseconds since 1970. Reads the
/// file of a linked login.
pub fn health(entry: &Entry, now: &Stamp) -> (Health, Option<u64>) {
    let (own, ends_ms) = match &entry.material {
        Material::ApiKey(_) => (Health::Ok, None),
        Material::Oauth(grant) => (of_grant(grant, now), grant.expiry.wall_ms()),
        Material::Link(link) => {
            Tool::of(&entry.source).map_or((Health::Unreadable(None), None), |tool| of_link(tool, link, now))
        }
    };
    let rests = entry.health.rest.is_some_and(|rest| !rest.until.is_reached(now));
    let health = match own {
        _ if entry.health.dead.is_some() => Health::Dead,
        Health::Ok if rests => Health::Resting,
        own => own,
    };
    (health, ends_ms)
}

fn of_grant(grant: &Grant, now: &Stamp) -> Health {
    match &grant.custody {
        Custody::Lost(_) => Health::Lost,
        Custody::InDoubt(_) => Health::InDoubt,
        Custody::Rotating(_) => Health::Rotating,
        // With a refresh token an end is only a rotation away.
        Custody::Settled if grant.expiry.left_ms(now) == 0 && grant.refresh.is_none() => Health::Expired,
        Custody::Settled => Health::Ok,
    }
}

/// What stands in the other tool's file now.
fn of_link(tool: Tool, link: &Link, now: &Stamp) -> (Health, Option<u64>) {
    if link.suspended {
        return (Health::Suspended, None);
    }
    match live(tool, link, now) {
        Ok(token) => (if token.usable { Health::Ok } else { Health::Expired }, token.expires_at_ms),
        Err(error) => match error.kind {
            ForeignErrorKind::OtherAccount => (Health::Suspended, None),
            ForeignErrorKind::SignedOut => (Health::SignedOut(error), None),
            _ => (Health::Unreadable(Some(error)), None),
        },
    }
}
