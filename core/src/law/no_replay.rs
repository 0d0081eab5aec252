//! Law 4: nobody presents a refresh token beside another, or once its successor is durable.

use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::Event;
use crate::machine::Verdict;
use crate::state::State;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut flying: Vec<(&str, Who)> = Vec::new();
    let mut successor: BTreeMap<&str, &str> = BTreeMap::new();
    let mut durable: BTreeSet<&str> = BTreeSet::new();
    for fact in &trace.0 {
        match fact {
            Fact::ActBegan { who, deed: Deed::Present { token } } => {
                if flying.iter().any(|(other, _)| other == token) {
                    return Err("a refresh token was presented by two acts at a time".to_owned());
                }
                if successor.get(token.as_str()).is_some_and(|new| durable.contains(new)) {
                    return Err("a refresh token was presented although its successor was durable".to_owned());
                }
                flying.push((token, *who));
            }
            Fact::ActEnded { who, deed: Deed::Present { token } } => {
                flying.retain(|one| *one != (token.as_str(), *who));
            }
            Fact::Succession { old, new } => drop(successor.insert(old, new)),
            Fact::Durable { state } => durable.extend(refresh_tokens(state)),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    // Both were decided on one version: the second comes while the first is at it, or after it is through.
    trace.steps().any(|step| {
        matches!(step.event, Event::ClaimRotation(_)) && matches!(step.verdict, Verdict::Joined(_) | Verdict::Stale)
    })
}

fn refresh_tokens(state: &State) -> impl Iterator<Item = &str> {
    let entries = state.providers.values().flat_map(|slot| &slot.entries);
    entries.filter_map(|entry| Some(entry.grant()?.refresh.as_ref()?.expose_secret()))
}
