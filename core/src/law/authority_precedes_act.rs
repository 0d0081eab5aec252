//! Law 3: what permits an outside act was durable before the act.

use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::Event;
use crate::machine::Verdict;
use crate::state::Custody;
use crate::state::State;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    for (at, fact) in trace.0.iter().enumerate() {
        let Fact::ActBegan { deed, .. } = fact else { continue };
        let permitted = trace.before(at).any(|fact| match fact {
            Fact::Durable { state } => permits(state, deed),
            _ => false,
        });
        if !permitted {
            return Err(format!("{} began before its claim was durable", name(deed)));
        }
    }
    Ok(())
}

fn permits(state: &State, deed: &Deed) -> bool {
    let mut slots = state.providers.values();
    match deed {
        Deed::RequestPrompt { flow, .. } | Deed::Poll { flow } => {
            slots.any(|slot| slot.flow.as_ref().is_some_and(|live| live.id == *flow))
        }
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
