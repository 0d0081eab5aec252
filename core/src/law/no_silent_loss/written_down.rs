//! The other half of law 5: what was written down is what is stored, whoever settles it.

use crate::law::trace::{Fact, Stepped, Trace};
use crate::machine::exchanged::Exchanged;
use crate::machine::{Event, Verdict};
use crate::state::flow::FlowEnd;
use crate::state::secret::Secret;
use crate::state::time::Stamp;
use crate::state::{Claim, Material, Nonce, State};

pub(super) fn is_stored(trace: &Trace) -> Result<(), String> {
    trace.0.iter().enumerate().try_for_each(|(at, fact)| match fact {
        Fact::WrittenDown { attempt, access, received, .. } => {
            trace.steps().try_for_each(|step| settles_it(step, *attempt, access))?;
            trace.0[at..].iter().try_for_each(|fact| is_not_forgotten(fact, *attempt, received))
        }
        _ => Ok(()),
    })
}

/// Whoever settles the act, before it is written down or after, settles it with the tokens that were granted to it.
fn settles_it(step: &Stepped, attempt: Nonce, access: &str) -> Result<(), String> {
    let settled = match &step.event {
        Event::Settle(settle) if settle.attempt == attempt => match &settle.outcome {
            Exchanged::Granted(fresh) => Some(&fresh.access),
            _ => None,
        },
        Event::FlowSucceeded(success) if success.step.attempt == attempt => match &success.material {
            Material::Oauth(grant) => Some(&grant.access),
            Material::ApiKey(_) | Material::Link(_) => None,
        },
        _ => return Ok(()),
    };
    if awaits(&step.before, attempt) && settled.map(Secret::expose_secret) != Some(access) {
        return Err("a grant was written down, and another outcome was settled in its place".to_owned());
    }
    Ok(())
}

/// A login whose tokens came in time doesn't end because its time is up by now.
fn does_not_lapse(step: &Stepped, attempt: Nonce, received: &Stamp) -> Result<(), String> {
    let slots = step.before.providers.iter().filter_map(|(provider, slot)| Some((provider, slot.flow.as_ref()?)));
    let mut waiting = slots.filter(|(_, flow)| {
        let is_held = flow.holder.as_ref().is_some_and(|claim| claim.attempt == attempt);
        is_held && !flow.ends.is_reached(received)
    });
    let lapsed = waiting.any(|(provider, flow)| {
        let ended = step.after.slot(provider.as_str()).map_or(&[][..], |slot| &slot.ended);
        ended.iter().any(|ended| ended.id == flow.id && ended.end == FlowEnd::Expired)
    });
    if lapsed { Err("a login was written down in time, and ended as one whose time is up".to_owned()) } else { Ok(()) }
}

fn is_not_forgotten(fact: &Fact, attempt: Nonce, received: &Stamp) -> Result<(), String> {
    match fact {
        Fact::Stepped(step)
            if step.verdict == Verdict::Done
                && matches!(step.event, Event::ActorGone { attempt: gone, .. } if gone == attempt) =>
        {
            Err("a grant was written down, and its act was taken for one that died without".to_owned())
        }
        Fact::Stepped(step) => does_not_lapse(step, attempt, received),
        Fact::Rested { state, .. } if awaits(state, attempt) => {
            Err("a grant was written down, and nobody stored it".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether an entry, a token that no entry holds any more, or a login waits for the outcome of this attempt.
fn awaits(state: &State, attempt: Nonce) -> bool {
    let is_holder = |claim: &Claim| claim.attempt == attempt;
    state.awaits(attempt) || state.claims().any(is_holder)
}
