//! What a provider's answer says of the entry that was used, and for how long that rests.

use crate::machine::outcome::{Output, Verdict};
use crate::state::State;
use crate::state::health::{Dead, FailureKind, Rest};
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;

/// Rest after a 401 that a rotation can't answer, in milliseconds.
pub const REST_UNAUTHORIZED_MS: u64 = 300_000;
/// Rest after a rate limit or a billing failure, unless the provider says until when.
pub const REST_LIMITED_MS: u64 = 3_600_000;
/// Rest of the only living entry, unless it is a billing matter: a long rest would be an outage.
pub const REST_SOLE_MS: u64 = 60_000;
/// Rest after a first failure that may be the request's as well; one that comes within an hour after it doubles it, up to
/// that hour.
pub const REST_UNEXPLAINED_MS: u64 = 60_000;

/// What a provider answered to a request that used an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The version that was used; a report about another changes nothing.
    pub version: u64,
    /// What kind of failure.
    pub answer: FailureKind,
    /// How long the provider wants this entry left alone, if it said so: this overrides every rule of ours.
    pub rest_ms: Option<u64>,
    /// The model the limit is about, if it is about one.
    pub model: Option<String>,
    /// Set if the reason means that no rest helps, such as `token_revoked`.
    pub dead: Option<String>,
}

pub(crate) fn report(state: &mut State, now: &Stamp, report: &Report) -> Output {
    let Some(slot) = state.providers.get_mut(&report.provider) else { return Verdict::Stale.into() };
    let living = slot.entries.iter().filter(|entry| !entry.is_finished(now)).count();
    let is_replaceable = slot.entries.iter().any(|entry| entry.label != report.label && entry.is_usable(now, None));
    let Some(entry) = slot.entry_mut(report.label.as_str()) else { return Verdict::Stale.into() };
    if entry.version != report.version {
        return Verdict::Stale.into();
    }
    if let Some(reason) = &report.dead {
        entry.health.dead = Some(Dead { at: *now, reason: reason.clone() });
        return Verdict::Done.into();
    }
    let is_unexplained = report.answer == FailureKind::Other && report.rest_ms.is_none();
    // Where nothing could take its place, a rest would only be an outage. Of one that rests already, this is an answer to a
    // request of before.
    if is_unexplained && (!is_replaceable || !entry.is_usable(now, None)) {
        return Verdict::Nothing.into();
    }
    let rest_ms = report.rest_ms.unwrap_or_else(|| match report.answer {
        FailureKind::Other => unexplained_ms(entry.health.rest, now),
        answer => rest_ms(answer, living == 1),
    });
    let until = now.plus_ms(rest_ms);
    match &report.model {
        Some(model) if report.answer == FailureKind::Limited => {
            entry.health.models.retain(|_, until| !until.is_reached(now));
            entry.health.models.insert(model.clone(), until);
        }
        _ => entry.health.rest = Some(Rest { until, cause: report.answer }),
    }
    Verdict::Done.into()
}

fn rest_ms(answer: FailureKind, is_sole: bool) -> u64 {
    match answer {
        FailureKind::Billing => REST_LIMITED_MS,
        _ if is_sole => REST_SOLE_MS,
        FailureKind::Unauthorized => REST_UNAUTHORIZED_MS,
        FailureKind::Limited | FailureKind::Other => REST_LIMITED_MS,
    }
}

/// Rest after a failure that may be the request's: twice the one before it, if that was for the same cause and ended less
/// than an hour ago.
fn unexplained_ms(before: Option<Rest>, now: &Stamp) -> u64 {
    let is_recent = |rest: &Rest| now.age_ms(&rest.until.from) < rest.until.after_ms.saturating_add(REST_LIMITED_MS);
    let before = before.filter(|rest| rest.cause == FailureKind::Other && is_recent(rest));
    let doubled = before.map_or(0, |rest| rest.until.after_ms.saturating_mul(2));
    doubled.clamp(REST_UNEXPLAINED_MS, REST_LIMITED_MS)
}
