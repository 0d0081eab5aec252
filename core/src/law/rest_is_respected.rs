//! Law 12: what rests is not chosen, and nobody is left without an answer.

use super::trace::Fact;
use super::trace::Trace;
use crate::state::{Entry, Material};

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    for fact in &trace.0 {
        let Fact::Chosen { now, state, provider, at, told_when } = fact else { continue };
        let entries = state.slot(provider.as_str()).map_or(&[][..], |slot| &slot.entries);
        let suspended = |entry: &Entry| matches!(&entry.material, Material::Link(link) if link.suspended);
        let over = |entry: &Entry| {
            let bare = entry.grant().filter(|grant| grant.refresh.is_none());
            bare.is_some_and(|grant| grant.expiry.left_ms(now) == 0)
        };
        let finished =
            |entry: &Entry| entry.health.dead.is_some() || entry.is_lost() || suspended(entry) || over(entry);
        let rests =
            |entry: &Entry| entry.health.rest.is_some_and(|rest| now.age_ms(&rest.until.from) < rest.until.after_ms);
        match at {
            Some(at) if entries.get(*at).is_none_or(|entry| finished(entry) || rests(entry)) => {
                return Err(format!(
                    "an entry of {provider} was chosen that rests, or is dead, lost, over or suspended"
                ));
            }
            None if !told_when && entries.iter().any(|entry| !finished(entry) && rests(entry)) => {
                return Err(format!("all entries of {provider} rest, and the answer didn't say until when"));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| matches!(fact, Fact::Chosen { at: None, told_when: true, .. }))
}
