//! Law 12: what rests is not chosen, nobody is left without an answer, and in a pool that is used in turn a request is one
//! turn.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::monitor::{Outlook, Watch};
use super::trace::{Fact, Trace, Who};
use crate::state::name::{Label, ProviderId};
use crate::state::strategy::Strategy;
use crate::state::time::Stamp;
use crate::state::{Entry, Material, Slot, State};

#[derive(Default)]
pub(super) struct Memory {
    /// Who draws, in each process.
    drawing: BTreeMap<u32, BTreeSet<Who>>,
    /// The request of each participant that is under way.
    open: BTreeMap<Who, Drawing>,
    /// The last one of each that returned.
    last: BTreeMap<Who, Draw>,
    /// Who got the same twice: no breach if another participant of the process draws too.
    twice: BTreeMap<Who, String>,
}

/// A request that is under way.
struct Drawing {
    provider: ProviderId,
    state: Arc<State>,
    usable: Option<Vec<Label>>,
    is_disturbed: bool,
}

/// A request that returned.
#[derive(Hash)]
struct Draw {
    provider: ProviderId,
    /// Those that could have been drawn, if the pool is used in turn and they stayed the same meanwhile.
    usable: Option<Vec<Label>>,
    got: Option<Label>,
    /// Whether somebody else changed something since it began.
    is_disturbed: bool,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Chosen { now, state, provider, at, told_when } => chosen(now, state, provider, *at, *told_when),
            Fact::DrawBegan { who, process, provider, now, state } => {
                self.drawing.entry(*process).or_default().insert(*who);
                let usable = state.slot(provider.as_str()).and_then(|slot| in_turn(slot, now));
                let (provider, state) = (provider.clone(), Arc::clone(state));
                self.open.insert(*who, Drawing { provider, state, usable, is_disturbed: false });
                Ok(())
            }
            Fact::DrawEnded { who, now, label } => {
                self.draws(*who, now, label.as_ref());
                Ok(())
            }
            Fact::Stepped(step) if step.before != step.after => {
                self.disturbs(step.who);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Judged where one participant draws alone.
    fn end(&self) -> Result<(), String> {
        let mut alone = self.drawing.values().filter(|all| all.len() == 1).flatten();
        alone.find_map(|who| self.twice.get(who)).map_or(Ok(()), |what| Err(what.clone()))
    }

    fn keep(&self, mut into: &mut dyn Hasher, outlook: Outlook<'_>) {
        (&self.drawing, &self.last, &self.twice).hash(&mut into);
        for (who, open) in &self.open {
            // Where no turns are taken at the start, nothing is compared at the end.
            let state = open.usable.as_ref().map(|_| (outlook.digest)(&open.state));
            (who, &open.provider, &open.usable, open.is_disturbed, state).hash(&mut into);
        }
    }
}

impl Memory {
    /// Two requests of one process, one after the other, don't get the same entry while there is another: what is spent is
    /// renewed when its turn comes. Judged where nobody changes the pool between.
    fn draws(&mut self, who: Who, now: &Stamp, label: Option<&Label>) {
        let Some(Drawing { provider, state, usable, is_disturbed }) = self.open.remove(&who) else { return };
        let same = state.slot(provider.as_str()).and_then(|slot| in_turn(slot, now)) == usable;
        let draw = Draw { provider, usable: usable.filter(|_| same), got: label.cloned(), is_disturbed };
        if let Some(last) = self.last.get(&who).filter(|last| !last.is_disturbed && twice(last, &draw)) {
            let (provider, got) = (&draw.provider, last.got.as_ref().map(ToString::to_string).unwrap_or_default());
            self.twice.entry(who).or_insert_with(|| {
                format!(
                    "two requests for {provider}, one after the other, got {got}, though another was to have its turn"
                )
            });
        }
        self.last.insert(who, draw);
    }

    fn disturbs(&mut self, who: Who) {
        for (_, open) in self.open.iter_mut().filter(|(drawer, _)| **drawer != who) {
            open.is_disturbed = true;
        }
        for (_, draw) in self.last.iter_mut().filter(|(drawer, _)| **drawer != who) {
            draw.is_disturbed = true;
        }
    }
}

fn chosen(now: &Stamp, state: &State, provider: &ProviderId, at: Option<usize>, told_when: bool) -> Result<(), String> {
    let entries = state.pool(provider.as_str());
    match at {
        Some(at) if entries.get(at).is_none_or(|entry| finished(entry, now) || rests(entry, now)) => {
            Err(format!("an entry of {provider} was chosen that rests, or is dead, lost, over or suspended"))
        }
        None if !told_when && entries.iter().any(|entry| !finished(entry, now) && rests(entry, now)) => {
            Err(format!("all entries of {provider} rest, and the answer didn't say until when"))
        }
        _ => Ok(()),
    }
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

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| matches!(fact, Fact::Chosen { at: None, told_when: true, .. }))
}
