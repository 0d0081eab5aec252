//! One entry of a pool: how it fares, whether it is used, and why.

use std::collections::BTreeMap;
use std::time::SystemTime;

use credlatch_core::name::Label;
use credlatch_core::pool::{Eligibility, Strategy};
use credlatch_core::rotation::Times;
use credlatch_core::state::{Custody, Entry, Source};

use super::Case;
use super::health::{Fares, Health};
use super::holder::Holder;
use crate::error::suspension::Suspension;
use crate::error::{RestCause, clock_time};
use crate::latch::Kind;
use crate::when::{rfc3339_ms, system_time};

/// An entry of a pool. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// Its label.
    pub label: Label,
    /// What kind of credential it is.
    pub kind: Kind,
    /// Where it came from.
    pub source: Source,
    /// How it fares.
    pub health: Health,
    /// Whether a request gets it now; with a strategy that takes turns, whether it is among those.
    pub is_used: bool,
    /// Why it is used, or why it isn't.
    pub why: String,
    /// When its token ends, by the wall clock.
    pub expires_at: Option<SystemTime>,
    /// When the login that it is linked to ends, however often it is renewed, if that is soon.
    pub login_ends_at: Option<SystemTime>,
    /// Until when it rests.
    pub rests_until: Option<SystemTime>,
    /// Models it rests for alone, and until when.
    pub model_rests: BTreeMap<String, SystemTime>,
    /// Of one in doubt: when its refresh token may be presented once more.
    pub presents_at: Option<SystemTime>,
    /// Who is renewing it.
    pub holder: Option<Holder>,
}

/// What decides between an entry and its neighbours.
pub(super) struct Turn<'a> {
    pub(super) strategy: Strategy,
    /// The entry that is taken, if one is taken again and again.
    pub(super) taken: Option<&'a Label>,
}

pub(super) fn examine(case: &Case<'_>, entry: &Entry, found: Fares, turn: &Turn<'_>, times: Times) -> EntryReport {
    let now = &case.now;
    // Read once, because another tool's file may change at any moment.
    let Fares { health, ends_ms, login_ends_ms } = found;
    let eligibility = entry.eligibility(now, None);
    let may_be_taken = eligibility == Eligibility::Usable && !health.is_passed_over();
    let is_taken = turn.taken.map_or(may_be_taken, |taken| *taken == entry.label);
    let grant = entry.grant();
    let presents_at = grant.and_then(|grant| match &grant.custody {
        Custody::InDoubt(doubt) => doubt.retry_at(grant.expiry, now, times),
        Custody::Settled | Custody::Rotating(_) | Custody::Lost(_) => None,
    });
    let rest = match eligibility {
        Eligibility::Resting(rest) => Some(rest.until.wall_ms()),
        _ => None,
    };
    let models = entry.health.models.iter().filter(|(_, until)| !until.is_reached(now));
    EntryReport {
        label: entry.label.clone(),
        kind: Kind::from(&entry.material),
        source: entry.source.clone(),
        is_used: is_taken,
        why: passed_over(&health, &eligibility, &entry.source)
            .unwrap_or_else(|| why(&eligibility, is_taken, turn, entry)),
        health,
        expires_at: ends_ms.map(system_time),
        login_ends_at: login_ends_ms.map(system_time),
        rests_until: rest.map(system_time),
        model_rests: models.map(|(model, until)| (model.clone(), system_time(until.wall_ms()))).collect(),
        presents_at: presents_at.map(|at| system_time(at.wall_ms())),
        holder: grant.and_then(|grant| grant.claim()).map(|claim| case.holder(claim)),
    }
}

/// Why an entry that nothing in the store stands against gets no requests all the same.
fn passed_over(health: &Health, eligibility: &Eligibility<'_>, source: &Source) -> Option<String> {
    let why = match health {
        _ if *eligibility != Eligibility::Usable => return None,
        Health::Expired => "it has ended, and the tool that owns it can't rotate it".to_owned(),
        Health::NotRenewed => "its token has ended, and the tool that owns it has not rotated it yet".to_owned(),
        Health::SignedOut(error) | Health::Unreadable(Some(error)) => error.to_string(),
        Health::Unreadable(None) => "it is linked to a tool that this version can't read".to_owned(),
        Health::Suspended => return Some(Suspension::for_source(source).what),
        _ => return None,
    };
    Some(format!("passed over: {why}"))
}

fn why(eligibility: &Eligibility<'_>, is_taken: bool, turn: &Turn<'_>, entry: &Entry) -> String {
    match eligibility {
        Eligibility::Usable if is_taken && turn.strategy.is_steady() => format!("used: {}", turn.strategy.rule()),
        Eligibility::Usable if is_taken => "used in its turn".to_owned(),
        Eligibility::Usable if turn.strategy == Strategy::LeastUsed => {
            "could be used, and was used more often".to_owned()
        }
        Eligibility::Usable => "could be used, and comes later".to_owned(),
        Eligibility::Dead(dead) => format!("dead since {}: {}", rfc3339_ms(dead.at.wall_ms), dead.reason),
        Eligibility::Lost(lost) => {
            format!("lost at {}: its issuer answered {}", rfc3339_ms(lost.at.wall_ms), lost.code)
        }
        Eligibility::Suspended => Suspension::for_source(&entry.source).what,
        Eligibility::Ended => "ended, and has no refresh token to rotate it with".to_owned(),
        Eligibility::Resting(rest) => {
            format!("rests until {} after {}", clock_time(&rest.until), RestCause::from(rest.cause))
        }
        Eligibility::RestingForModel(until) => format!("rests for this model until {}", clock_time(until)),
    }
}
