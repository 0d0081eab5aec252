//! Law 15: what is cleared is remembered, and an import brings none of it back.

use super::monitor::Each;
use super::step;
use super::trace::{Fact, Stepped, Trace};
use crate::machine::Event;
use crate::machine::clear::Clear;
use crate::machine::moving::MoveStep;
use crate::machine::put::{Put, PutMode};
use crate::state::{Entry, MAX_TOMBSTONES, Material, Slot, State, Tombstone};

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    step(fact, |step| {
        is_remembered(step)?;
        match &step.event {
            Event::Put(put) if put.how == PutMode::Bulk && step.before != step.after && is_cleared(step, put) => {
                Err(format!("a cleared secret of {} came back by an import", put.provider))
            }
            _ => Ok(()),
        }
    })
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace
        .steps()
        .any(|step| matches!(&step.event, Event::Put(put) if put.how == PutMode::Bulk && is_cleared(step, put)))
}

/// Whether the memory of what was cleared says that this is to stay away: the secret, or the source of a link, or a source of
/// which something was cleared that nobody can recognise any more.
fn is_cleared(step: &Stepped, put: &Put) -> bool {
    let is_link = matches!(put.material, Material::Link(_));
    let means = |tombstone: &Tombstone| {
        let is_source =
            tombstone.source == put.source && (tombstone.link || is_link || is_nobodys(&step.before, tombstone));
        is_of(&step.before, tombstone, &put.material) || is_source
    };
    step.before.slot(put.provider.as_str()).is_some_and(|slot| slot.cleared.iter().any(means))
}

/// Whether a tombstone is that of a credential: by its plain digest, or by the keyed one under the key that is at hand.
fn is_of(state: &State, tombstone: &Tombstone, material: &Material) -> bool {
    let plain = material.fingerprint();
    match (tombstone.mark.key, &state.at_hand.0) {
        (None, _) => tombstone.mark.fingerprint == plain,
        (Some(id), Some(key)) if key.id() == id => tombstone.mark.fingerprint == key.keyed(plain),
        (Some(_), _) => false,
    }
}

/// Whether the key of a tombstone isn't at hand.
fn is_nobodys(state: &State, tombstone: &Tombstone) -> bool {
    tombstone.mark.key.is_some_and(|id| state.at_hand.0.as_ref().is_none_or(|key| key.id() != id))
}

/// What goes by a person's wish has its tombstone, and tombstones stay until somebody names what is in them.
fn is_remembered(step: &Stepped) -> Result<(), String> {
    for (provider, before) in &step.before.providers {
        let Some(after) = step.after.providers.get(provider) else { continue };
        if after.cleared.len() >= MAX_TOMBSTONES {
            // The oldest are forgotten.
            continue;
        }
        let is_wished = match &step.event {
            Event::Clear(Clear::Everything) | Event::Move(MoveStep::LetGo(..)) => true,
            Event::Clear(Clear::Provider(of)) => of == provider,
            Event::Remove(remove) => remove.provider == *provider,
            _ => false,
        };
        if let Some(entry) = gone(before, after).find(|entry| is_wished && !has_grave(&step.after, after, entry)) {
            return Err(format!("{provider}/{} was cleared and is not remembered", entry.label));
        }
        let is_named = matches!(&step.event, Event::Put(_) | Event::FlowSucceeded(_));
        // Who moves a credential home names it.
        let comes_home = matches!(&step.event, Event::Move(MoveStep::Receive(_)));
        let is_back = |tombstone: &Tombstone| {
            comes_home && after.entries.iter().any(|entry| is_of(&step.before, tombstone, &entry.material))
        };
        let forgotten = |tombstone: &Tombstone| !after.cleared.contains(tombstone) && !is_back(tombstone);
        if !is_named && before.cleared.iter().any(forgotten) {
            return Err(format!("{provider} forgot what was cleared"));
        }
    }
    Ok(())
}

fn gone<'a>(before: &'a Slot, after: &'a Slot) -> impl Iterator<Item = &'a Entry> {
    before.entries.iter().filter(|entry| after.entry(entry.label.as_str()).is_none())
}

fn has_grave(state: &State, slot: &Slot, entry: &Entry) -> bool {
    slot.cleared.iter().any(|tombstone| is_of(state, tombstone, &entry.material) && tombstone.source == entry.source)
}
