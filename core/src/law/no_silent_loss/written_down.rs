//! The other half of law 5: what was written down is what is stored, whoever settles it.

use crate::law::trace::{Fact, Stepped, Trace};
use crate::machine::exchanged::Exchanged;
use crate::machine::{Event, Verdict};
use crate::state::secret::Secret;
use crate::state::{Claim, Material, Nonce, State};

pub(super) fn is_stored(trace: &Trace) -> Result<(), String> {
    trace.0.iter().enumerate().try_for_each(|(at, fact)| match fact {
        Fact::WrittenDown { attempt, access, .. } => {
            trace.steps().try_for_each(|step| settles_it(step, *attempt, access))?;
            trace.0[at..].iter().try_for_each(|fact| is_not_forgotten(fact, *attempt))
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

fn is_not_forgotten(fact: &Fact, attempt: Nonce) -> Result<(), String> {
    match fact {
        Fact::Stepped(step)
            if step.verdict == Verdict::Done
                && matches!(step.event, Event::ActorGone { attempt: gone, .. } if gone == attempt) =>
        {
            Err("a grant was written down, and its act was taken for one that died without".to_owned())
        }
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
