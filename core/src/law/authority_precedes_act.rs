//! Law 3: what permits an outside act was durable before the act.

use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::{Event, Verdict};
use crate::state::flow::Phase;
use crate::state::{Custody, State};

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    for (at, fact) in trace.0.iter().enumerate() {
        let Fact::ActBegan { deed, .. } = fact else { continue };
        let mut durable = trace.before(at).filter_map(|fact| match fact {
            Fact::Durable { state } => Some(&**state),
            _ => None,
        });
        let permitted = match deed {
            Deed::Revoke { token } => is_let_go(durable, token),
            deed => durable.any(|state| permits(state, deed)),
        };
        if !permitted {
            return Err(format!("{} began before its claim was durable", name(deed)));
        }
    }
    Ok(())
}

/// Whether a token was taken out of what is stored, or never stood there: only then may it be revoked.
fn is_let_go<'a>(durable: impl Iterator<Item = &'a State>, token: &str) -> bool {
    let mut was_held = false;
    for state in durable {
        let is_held = holds_token(state, token);
        if was_held && !is_held {
            return true;
        }
        was_held |= is_held;
    }
    !was_held
}

fn holds_token(state: &State, token: &str) -> bool {
    let mut grants = state.providers.values().flat_map(|slot| &slot.entries).filter_map(|entry| entry.grant());
    grants.any(|grant| grant.refresh.as_ref().unwrap_or(&grant.access).expose_secret() == token)
}

fn permits(state: &State, deed: &Deed) -> bool {
    let mut slots = state.providers.values();
    match deed {
        Deed::RequestPrompt { flow, .. } | Deed::Poll { flow } => {
            slots.any(|slot| slot.flow.as_ref().is_some_and(|live| live.id == *flow))
        }
        Deed::ExchangeCode { flow } => slots.any(|slot| {
            slot.flow.as_ref().is_some_and(|live| live.id == *flow && matches!(live.phase, Phase::Exchanging(_)))
        }),
        // Whose permission is what is not there: see `is_let_go`.
        Deed::Revoke { .. } => false,
        Deed::Present { token } => slots.flat_map(|slot| &slot.entries).any(|entry| {
            let grant = entry.grant().filter(|grant| matches!(grant.custody, Custody::Rotating(_)));
            grant.and_then(|grant| grant.refresh.as_ref()).is_some_and(|secret| secret.expose_secret() == token)
        }),
    }
}

fn name(deed: &Deed) -> &'static str {
    match deed {
        Deed::RequestPrompt { .. } => "the request of a device code",
        Deed::Poll { .. } => "a poll",
        Deed::Present { .. } => "the presentation of a refresh token",
        Deed::ExchangeCode { .. } => "the exchange of a code",
        Deed::Revoke { .. } => "a revocation",
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let committed = |at: usize, who: Who| {
        let claims = |fact: &Fact| match fact {
            Fact::Stepped(step) if step.who == who => {
                matches!(step.event, Event::ClaimRotation(_) | Event::StartFlow(_)) && step.verdict == Verdict::Done
            }
            _ => false,
        };
        trace.before(at).any(claims)
    };
    let acted = |at: usize, who: Who| {
        trace.before(at).any(|fact| matches!(fact, Fact::ActBegan { who: actor, .. } if *actor == who))
    };
    trace.0.iter().enumerate().any(|(at, fact)| match fact {
        Fact::Died { who } => committed(at, *who) && !acted(at, *who),
        _ => false,
    })
}
