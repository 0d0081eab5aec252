//! Law 12: what rests is not chosen, nobody is left without an answer, and in a pool that is used in turn a request is one
//! turn.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::{Fact, Trace, Who};
use crate::state::name::Label;
use crate::state::strategy::Strategy;
use crate::state::time::Stamp;
use crate::state::{Entry, Material, Slot};

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    for fact in &trace.0 {
        let Fact::Chosen { now, state, provider, at, told_when } = fact else { continue };
        let entries = state.slot(provider.as_str()).map_or(&[][..], |slot| &slot.entries);
        match at {
            Some(at) if entries.get(*at).is_none_or(|entry| finished(entry, now) || rests(entry, now)) => {
                return Err(format!(
                    "an entry of {provider} was chosen that rests, or is dead, lost, over or suspended"
                ));
            }
            None if !told_when && entries.iter().any(|entry| !finished(entry, now) && rests(entry, now)) => {
                return Err(format!("all entries of {provider} rest, and the answer didn't say until when"));
            }
            _ => {}
        }
    }
    takes_turns(trace)
}

fn finished(entry: &Entry, now: &Stamp) -> bool {
    let suspended = matches!(&entry.material, Material::Link(link) if link.suspended);
    let bare = entry.grant().filter(|grant| grant.refresh.is_none());
    let over = bare.is_some_and(|grant| grant.expiry.left_ms(now) == 0);
    entry.health.dead.is_some() || entry.is_lost() || suspended || over
}

fn rests(entry: &Entry, now: &Stamp) -> bool {
    entry.health.rest.is_some_and(|rest| now.age_ms(&rest.until.from) < rest.until.after_ms)
}

/// A request that returned.
struct Draw {
    provider: String,
    /// Where it began in the trace.
    began: usize,
    /// Those that could have been drawn, if the pool is used in turn and they stayed the same meanwhile.
    usable: Option<Vec<Label>>,
    got: Option<Label>,
}

/// Two requests of one process, one after the other, don't get the same entry while there is another: what is spent is
/// renewed when its turn comes. Judged where one participant draws alone and nobody changes the pool between.
fn takes_turns(trace: &Trace) -> Result<(), String> {
    for who in alone(trace) {
        let mut last: Option<Draw> = None;
        let mut open = None;
        for (at, fact) in trace.0.iter().enumerate() {
            match fact {
                Fact::DrawBegan { who: by, provider, now, state, .. } if *by == who => {
                    let slot = state.slot(provider.as_str());
                    open = Some((at, provider, slot, slot.and_then(|slot| in_turn(slot, now))));
                }
                Fact::DrawEnded { who: by, now, label } if *by == who => {
                    let Some((began, provider, slot, usable)) = open.take() else { continue };
                    let same = slot.and_then(|slot| in_turn(slot, now)) == usable;
                    let usable = usable.filter(|_| same);
                    let draw = Draw { provider: provider.to_string(), began, usable, got: label.clone() };
                    if let Some(last) =
                        last.filter(|last| twice(last, &draw) && !is_disturbed(trace, who, last.began, at))
                    {
                        let got = last.got.map(|label| label.to_string()).unwrap_or_default();
                        return Err(format!(
                            "two requests for {provider}, one after the other, got {got}, though another was to have its turn"
                        ));
                    }
                    last = Some(draw);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The participants that draw, and share their process with none that does.
fn alone(trace: &Trace) -> Vec<Who> {
    let mut drawing: BTreeMap<u32, BTreeSet<Who>> = BTreeMap::new();
    for fact in &trace.0 {
        if let Fact::DrawBegan { who, process, .. } = fact {
            drawing.entry(*process).or_default().insert(*who);
        }
    }
    drawing.into_values().filter(|all| all.len() == 1).flatten().collect()
}

/// The entries among which turns are taken; none where they aren't, or where one can't be renewed when its turn comes.
fn in_turn(slot: &Slot, now: &Stamp) -> Option<Vec<Label>> {
    let usable: Vec<_> = slot.entries.iter().filter(|entry| !finished(entry, now) && !rests(entry, now)).collect();
    let stays = |entry: &&Entry| match &entry.material {
        Material::ApiKey(_) => true,
        Material::Oauth(grant) => grant.refresh.is_some(),
        Material::Link(_) => false,
    };
    let takes = slot.strategy == Strategy::RoundRobin && usable.iter().all(stays);
    takes.then(|| usable.into_iter().map(|entry| entry.label.clone()).collect())
}

fn twice(last: &Draw, draw: &Draw) -> bool {
    let same = last.provider == draw.provider && last.usable == draw.usable && last.got == draw.got;
    same && last.got.is_some() && last.usable.as_ref().is_some_and(|usable| usable.len() > 1)
}

/// Whether somebody else changed something between two places.
fn is_disturbed(trace: &Trace, who: Who, from: usize, to: usize) -> bool {
    let between = trace.0.iter().take(to).skip(from);
    between.into_iter().any(|fact| matches!(fact, Fact::Stepped(step) if step.who != who && step.before != step.after))
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| matches!(fact, Fact::Chosen { at: None, told_when: true, .. }))
}
