//! Pools: which of a provider's entries to use, and what an answer says about the one that was used.

pub use crate::state::health::*;
pub use crate::state::strategy::Strategy;
mod order;

use std::collections::BTreeMap;

use crate::machine::{Outcome, Verdict};
use crate::rotation::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS};
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;
use crate::state::{Entry, Slot, Source, State};
pub use order::{Choice, Standing, Unusable, constant, select};

/// Rest after a 401 that a rotation can't answer, in milliseconds.
pub const REST_UNAUTHORIZED_MS: u64 = 300_000;
/// Rest after a rate limit or a billing failure, unless the provider says until when.
pub const REST_LIMITED_MS: u64 = 3_600_000;
/// Rest of the only living entry, unless it is a billing matter: a long rest would be an outage.
pub const REST_SOLE_MS: u64 = 60_000;
/// Rest after a first failure that may be the request's as well; one that comes within an hour after it doubles it, up to
/// that hour.
pub const REST_UNEXPLAINED_MS: u64 = 60_000;
/// How long a dead entry that a person set is kept, so that its verdict can be read.
pub const DEAD_KEPT_MS: u64 = 86_400_000;

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
    pub answer: Answer,
    /// How long the provider wants this entry left alone, if it said so: this overrides every rule of ours.
    pub rest_ms: Option<u64>,
    /// The model the limit is about, if it is about one.
    pub model: Option<String>,
    /// Set if the reason means that no rest helps, such as `token_revoked`.
    pub dead: Option<String>,
}

/// How often readers used entries.
#[derive(Clone, Debug, PartialEq)]
pub struct CountUses {
    /// The provider.
    pub provider: ProviderId,
    /// Uses by label.
    pub uses: BTreeMap<Label, u64>,
}

/// Choose how a pool is used.
#[derive(Clone, Debug, PartialEq)]
pub struct SetStrategy {
    /// The provider.
    pub provider: ProviderId,
    /// How.
    pub strategy: Strategy,
}

impl Health {
    /// Counts a try that came to nothing, and says when the next may be made.
    pub(crate) fn back_off(&mut self, now: &Stamp, told_ms: Option<u64>) {
        let doubled = BACK_OFF_FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(BACK_OFF_MAX_MS);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now.plus_ms(told_ms.unwrap_or(doubled)));
    }
}

pub(crate) fn report(state: &mut State, now: &Stamp, report: &Report) -> Outcome {
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
    let is_unexplained = report.answer == Answer::Other && report.rest_ms.is_none();
    // Where nothing could take its place, a rest would only be an outage. Of one that rests already, this is an answer to a
    // request of before.
    if is_unexplained && (!is_replaceable || !entry.is_usable(now, None)) {
        return Verdict::Nothing.into();
    }
    let rest_ms = report.rest_ms.unwrap_or_else(|| match report.answer {
        Answer::Other => unexplained_ms(entry.health.rest, now),
        answer => rest_ms(answer, living == 1),
    });
    let until = now.plus_ms(rest_ms);
    match &report.model {
        Some(model) if report.answer == Answer::Limited => {
            entry.health.models.retain(|_, until| !until.is_reached(now));
            entry.health.models.insert(model.clone(), until);
        }
        _ => entry.health.rest = Some(Rest { until, cause: report.answer }),
    }
    Verdict::Done.into()
}

fn rest_ms(answer: Answer, is_sole: bool) -> u64 {
    match answer {
        Answer::Billing => REST_LIMITED_MS,
        _ if is_sole => REST_SOLE_MS,
        Answer::Unauthorized => REST_UNAUTHORIZED_MS,
        Answer::Limited | Answer::Other => REST_LIMITED_MS,
    }
}

/// Rest after a failure that may be the request's: twice the one before it, if that was for the same cause and ended less
/// than an hour ago.
fn unexplained_ms(before: Option<Rest>, now: &Stamp) -> u64 {
    let is_recent = |rest: &Rest| now.age_ms(&rest.until.from) < rest.until.after_ms.saturating_add(REST_LIMITED_MS);
    let before = before.filter(|rest| rest.cause == Answer::Other && is_recent(rest));
    let doubled = before.map_or(0, |rest| rest.until.after_ms.saturating_mul(2));
    doubled.clamp(REST_UNEXPLAINED_MS, REST_LIMITED_MS)
}

pub(crate) fn count_uses(state: &mut State, count: &CountUses) -> Outcome {
    let Some(slot) = state.providers.get_mut(&count.provider) else { return Verdict::Stale.into() };
    let mut found = false;
    for entry in &mut slot.entries {
        if let Some(uses) = count.uses.get(&entry.label).filter(|uses| **uses > 0) {
            entry.health.uses = entry.health.uses.saturating_add(*uses);
            found = true;
        }
    }
    if found { Verdict::Done.into() } else { Verdict::Nothing.into() }
}

pub(crate) fn set_strategy(state: &mut State, set: &SetStrategy) -> Outcome {
    let known = state.slot(set.provider.as_str()).map(|slot| slot.strategy).unwrap_or_default();
    if known == set.strategy {
        return Verdict::Nothing.into();
    }
    state.slot_mut(&set.provider).strategy = set.strategy;
    Verdict::Done.into()
}

/// Takes out the entries that a person set and a provider declared dead a day ago.
pub(crate) fn prune(slot: &mut Slot, now: &Stamp) -> Vec<Entry> {
    let is_over = |entry: &mut Entry| {
        let expired = entry.health.dead.as_ref().is_some_and(|dead| now.age_ms(&dead.at) >= DEAD_KEPT_MS);
        expired && entry.source == Source::Manual
    };
    slot.entries.extract_if(.., is_over).collect()
}

#[cfg(test)]
mod tests;
