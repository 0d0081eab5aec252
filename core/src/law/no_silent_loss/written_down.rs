//! The other half of law 5: what was written down is what is stored, whoever settles it.

use crate::law::trace::{Fact, Stepped};
use crate::machine::exchanged::Exchanged;
use crate::machine::{Event, Verdict};
use crate::state::flow::FlowEnd;
use crate::state::time::Stamp;
use crate::state::{Claim, Material, Nonce, State};
use std::collections::BTreeSet;

/// What was written down, and what was settled while it was waited for.
#[derive(Default, Hash)]
pub(super) struct Memory {
    written: BTreeSet<Written>,
    /// The access token of each outcome that an attempt was settled with; none where nothing was granted.
    settled: BTreeSet<(Nonce, Option<String>)>,
}

/// A grant that was written down: of which attempt, its access token, and when it came.
type Written = (Nonce, String, (u64, u64, u64));

impl Memory {
    pub(super) fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::WrittenDown { attempt, access, received, .. } => {
                self.written.insert((*attempt, access.clone(), (received.wall_ms, received.up_ms, received.boot)));
            }
            Fact::Stepped(step) => self.settled.extend(settled(step)),
            _ => {}
        }
        for (attempt, access, (wall_ms, up_ms, boot)) in &self.written {
            self.is_settled_so(*attempt, access)?;
            let received = Stamp { wall_ms: *wall_ms, up_ms: *up_ms, boot: *boot };
            is_not_forgotten(fact, *attempt, &received)?;
        }
        Ok(())
    }

    /// Whoever settles the act, before it is written down or after, settles it with the tokens that were granted to it.
    fn is_settled_so(&self, attempt: Nonce, access: &str) -> Result<(), String> {
        let mut outcomes = self.settled.iter().filter(|(of, _)| *of == attempt);
        if outcomes.any(|(_, settled)| settled.as_deref() != Some(access)) {
            return Err("a grant was written down, and another outcome was settled in its place".to_owned());
        }
        Ok(())
    }
}

/// What a step settles an attempt with that something waits for.
fn settled(step: &Stepped) -> Option<(Nonce, Option<String>)> {
    let (attempt, access) = match &step.event {
        Event::Settle(settle) => match &settle.outcome {
            Exchanged::Granted(fresh) => (settle.attempt, Some(&fresh.access)),
            _ => (settle.attempt, None),
        },
        Event::FlowSucceeded(success) => match &success.material {
            Material::Oauth(grant) => (success.step.attempt, Some(&grant.access)),
            Material::ApiKey(_) | Material::Link(_) => (success.step.attempt, None),
        },
        _ => return None,
    };
    awaits(&step.before, attempt).then(|| (attempt, access.map(|secret| secret.expose_secret().to_owned())))
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
