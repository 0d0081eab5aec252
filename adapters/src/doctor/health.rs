//! How an entry fares, in a word.

use credlatch_core::provider::Provider;
use credlatch_core::state::{Custody, Entry, Grant, Link, Material};
use credlatch_core::time::Stamp;

use crate::error::issuer::Trouble;
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
    /// A link whose token has ended, and the tool that owns the login has not renewed it yet.
    NotRenewed,
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
            Self::NotRenewed => "not_renewed",
            Self::Resting => "resting",
            Self::Suspended => "suspended",
            Self::SignedOut(_) => "signed_out",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Whether a request that comes to the entry goes on to the next.
    pub(super) fn is_passed_over(&self) -> bool {
        matches!(self, Self::Expired | Self::NotRenewed | Self::Suspended | Self::SignedOut(_) | Self::Unreadable(_))
    }
}

/// How an entry fares, and its ends, in milliseconds since 1970.
pub(super) struct Fares {
    pub(super) health: Health,
    /// When its token ends.
    pub(super) ends_ms: Option<u64>,
    /// When a linked login ends, however often it is renewed, if that is soon.
    pub(super) login_ends_ms: Option<u64>,
}

impl Fares {
    fn new(health: Health, ends_ms: Option<u64>) -> Self {
        Self { health, ends_ms, login_ends_ms: None }
    }
}

/// How an entry fares at this moment, the gravest first; and when its token ends, in milliseconds since 1970. Reads the
/// file of a linked login.
pub fn health(entry: &Entry, now: &Stamp) -> (Health, Option<u64>) {
    let Fares { health, ends_ms, .. } = fares(entry, now);
    (health, ends_ms)
}

pub(super) fn fares(entry: &Entry, now: &Stamp) -> Fares {
    let Fares { health: own, ends_ms, login_ends_ms } = match &entry.material {
        Material::ApiKey(_) => Fares::new(Health::Ok, None),
        Material::Oauth(grant) => Fares::new(of_grant(grant, now), grant.expiry.wall_ms()),
        Material::Link(link) => match Tool::from_source(&entry.source) {
            Some(tool) => of_link(tool, link, now),
            None => Fares::new(Health::Unreadable(None), None),
        },
    };
    let rests = entry.health.rest.is_some_and(|rest| !rest.until.is_reached(now));
    let health = match own {
        _ if entry.health.dead.is_some() => Health::Dead,
        Health::Ok if rests => Health::Resting,
        own => own,
    };
    Fares { health, ends_ms, login_ends_ms }
}

/// Why the last try to renew it came to nothing, if the issuer or what stands before it said so; kept until a try succeeds.
pub fn trouble(provider: Option<&Provider>, entry: &Entry) -> Option<String> {
    Trouble::from_health(provider, &entry.health).map(|trouble| trouble.what)
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
fn of_link(tool: Tool, link: &Link, now: &Stamp) -> Fares {
    if link.suspended {
        return Fares::new(Health::Suspended, None);
    }
    let error = match live(tool, link, now) {
        Ok(token) => {
            let health = match token.usable {
                true => Health::Ok,
                false if token.is_over(now) => Health::Expired,
                false => Health::NotRenewed,
            };
            return Fares { health, ends_ms: token.expires_at_ms, login_ends_ms: token.ends_soon(now) };
        }
        Err(error) => error,
    };
    let health = match error.kind {
        ForeignErrorKind::OtherAccount => Health::Suspended,
        ForeignErrorKind::SignedOut | ForeignErrorKind::InKeychain(_) => Health::SignedOut(error),
        _ => Health::Unreadable(Some(error)),
    };
    Fares::new(health, None)
}
