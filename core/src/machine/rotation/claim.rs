//! Claiming a refresh token: who may present it, and when.

use serde::{Deserialize, Serialize};

use crate::machine::outcome::{Act, Effect, Output, Refusal, Verdict};
use crate::state::custody::Watched;
use crate::state::known::Fate;
use crate::state::name::{Label, ProviderId};
use crate::state::origin::Reach;
use crate::state::time::{Deadline, Stamp, later};
use crate::state::times::Times;
use crate::state::{Claim, Custody, Doubt, Entry, Freshness, Grant, State};

/// The least time between two rotations of one entry that an answer of 401 causes.
pub const CHALLENGE_SPACING_MS: u64 = 300_000;

/// An actor wants to present a grant's refresh token.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimRotation {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The version it was decided on; if another is stored by now, that one is to be used.
    pub version: u64,
    /// Why.
    pub cause: Cause,
    /// Who.
    pub act: Act,
    /// The provider's times.
    pub times: Times,
    /// Where the refresh token would be sent; none if the caller of the rotation sends it, and not a row.
    pub reach: Option<Box<Reach>>,
    /// How long this process has watched the doubt that it would resolve; it counts where no clock tells that doubt's age.
    pub watched: Option<Watched>,
}

/// Why a rotation is wanted. Where an exchange is made by another process, it is told in these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The access token has ended, or will within the advisory window.
    Due,
    /// The provider answered 401 to it.
    Challenged,
    /// A person asks.
    Asked,
    /// A person asks, and won't wait until the issuer's time to be left alone is over.
    Insisted,
}

pub(crate) fn claim(state: &mut State, now: &Stamp, want: &ClaimRotation) -> Output {
    let held = state.entry(want.provider.as_str(), want.label.as_str());
    let fate = held.and_then(|entry| state.fate_of(entry.material.refresh()?));
    let shared = held.and_then(|entry| state.shared_of(entry.material.refresh()?));
    let slot = state.providers.get_mut(&want.provider);
    let Some(entry) = slot.and_then(|slot| slot.entry_mut(want.label.as_str())) else {
        return Refusal::NoEntry.into();
    };
    if entry.version != want.version {
        return Verdict::Stale.into();
    }
    let Some(grant) = entry.grant() else {
        return (if entry.secret().is_none() { Refusal::Borrowed } else { Refusal::NotRotatable }).into();
    };
    let Some(refresh) = grant.refresh.clone() else { return Refusal::NotRotatable.into() };
    // What stands against the token stands against it under every label.
    let doubt = match fate {
        Some(Fate::Rotating(claim)) => return Verdict::Joined(claim.attempt).into(),
        Some(Fate::Lost(_)) => return Refusal::Lost.into(),
        Some(Fate::InDoubt(doubt)) => Some(doubt),
        Some(Fate::Unspent | Fate::Spent) | None => None,
    };
    if let Some(why) = shared {
        return Refusal::Shared(why).into();
    }
    if let Some(reach) = want.reach.as_ref().filter(|reach| !reach.admits_token(grant.origins.as_ref())) {
        let from = grant.origins.as_ref().unwrap_or(&reach.usual);
        return Refusal::Elsewhere(from.token.clone()).into();
    }
    if let Some(refusal) = objection(entry, grant, doubt.as_ref(), now, want) {
        return refusal.into();
    }
    let origins = want.reach.as_ref().map(|reach| reach.remembered_after(grant.origins.as_ref()));
    if want.cause == Cause::Challenged {
        entry.health.challenged = Some(*now);
    }
    let claim = Claim { attempt: want.act.attempt, actor: want.act.actor.clone(), at: *now, doubt };
    if let (Some(grant), Some(origins)) = (entry.grant_mut(), origins) {
        grant.origins = Some(origins);
    }
    state.set_custody(&refresh, &Custody::Rotating(claim));
    state.count_move();
    Output::permits(Effect::Refresh {
        provider: want.provider.clone(),
        label: want.label.clone(),
        attempt: want.act.attempt,
        refresh,
    })
}

fn objection(
    entry: &Entry,
    grant: &Grant,
    doubt: Option<&Doubt>,
    now: &Stamp,
    want: &ClaimRotation,
) -> Option<Refusal> {
    if want.cause == Cause::Due && grant.freshness(now, want.times.skew_ms) == Freshness::Good {
        return Some(Refusal::NotDue);
    }
    let in_doubt = doubt.and_then(|doubt| doubt_objection(grant, doubt, now, want)).map(Refusal::InDoubtUntil);
    let challenged = entry.health.challenged.filter(|_| want.cause == Cause::Challenged);
    let too_soon = challenged.map(|at| at.plus_ms(CHALLENGE_SPACING_MS)).map(Refusal::TooSoon);
    let back_off = entry.health.retry_at.filter(|_| want.cause != Cause::Insisted).map(Refusal::BackOff);
    // Whoever waits for one of them would only be told of the next: the last is told at once, and of equals the gravest.
    let open = [back_off, too_soon, in_doubt].into_iter().flatten().filter(|refusal| refusal.left_ms(now) > 0);
    open.max_by_key(|refusal| refusal.left_ms(now))
}

impl Refusal {
    /// For how long it stands; zero for what time doesn't change.
    fn left_ms(&self, now: &Stamp) -> u64 {
        match self {
            Self::InDoubtUntil(until) | Self::BackOff(until) | Self::TooSoon(until) => until.left_ms(now),
            _ => 0,
        }
    }
}

/// A token in doubt is presented again only when it is needed (its access token ended or was refused) and no request of
/// the earlier act can still be in flight; an issuer with a grace time forgives an early second presentation.
fn doubt_objection(grant: &Grant, doubt: &Doubt, now: &Stamp, want: &ClaimRotation) -> Option<Deadline> {
    if doubt.is_forgiven(now, want.times) {
        return None;
    }
    let watched = want.watched.filter(|watched| watched.attempt == doubt.attempt);
    let quiet = doubt.quiet(now, want.times, watched.map_or(0, |watched| watched.for_ms));
    let left_ms = grant.expiry.left_ms(now);
    let needed = left_ms == 0 || want.cause == Cause::Challenged;
    let ends = (!needed).then(|| now.plus_ms(left_ms));
    later(Some(quiet), ends, now)
}
