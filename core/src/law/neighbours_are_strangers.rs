//! Law 11: an event changes what it is about, and nothing else.

use super::kind;
use super::monitor::Each;
use super::step;
use super::trace::{Fact, Stepped, Trace};
use crate::machine::Event;
use crate::machine::clear::Clear;
use crate::machine::flow::Step;
use crate::machine::moving::MoveStep;
use crate::state::name::{Label, ProviderId};
use crate::state::{Custody, Entries, Entry, Slot};

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    step(fact, |step| {
        let files = matches!(step.event, Event::OweRewrite(_) | Event::RewriteDone(_));
        if !files && step.before.rewrites != step.after.rewrites {
            return Err(format!("{:?} changed what is owed to a file", kind(&step.event)));
        }
        if files && step.before.providers != step.after.providers {
            return Err(format!("{:?} changed what is stored", kind(&step.event)));
        }
        let is_list = matches!(step.event, Event::Allow(_));
        let comes_along = matches!(step.event, Event::Move(MoveStep::Receive(_)));
        if !is_list && !comes_along && step.before.allowed != step.after.allowed {
            return Err(format!("{:?} changed which variables are allowed", kind(&step.event)));
        }
        if is_list && step.before.providers != step.after.providers {
            return Err(format!("{:?} changed what is stored", kind(&step.event)));
        }
        let Some((provider, label)) = subject(&step.event) else { return Ok(()) };
        for (other, slot) in step.before.providers.iter().filter(|(other, _)| **other != provider) {
            let after = step.after.slot(other.as_str()).map(without_entries);
            if after != Some(without_entries(slot)) {
                return Err(format!("{:?} of {provider} changed {other}", kind(&step.event)));
            }
            if let Some(entry) = changed(step, other, &slot.entries) {
                return Err(format!("{:?} of {provider} changed {other}/{}", kind(&step.event), entry.label));
            }
        }
        let Some(label) = label else { return Ok(()) };
        let entries = step.before.pool(provider.as_str());
        match changed(step, &provider, entries.iter().filter(|entry| entry.label != label)) {
            Some(entry) => Err(format!("{:?} of {provider}/{label} changed {}", kind(&step.event), entry.label)),
            None => Ok(()),
        }
    })
}

/// The first of these that the event changed. Entries that hold the refresh token the event is about are no strangers: the
/// issuer knows nothing of labels.
fn changed<'a>(
    step: &Stepped,
    provider: &ProviderId,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Option<&'a Entry> {
    let is_same = |entry: &Entry| step.after.entry(provider.as_str(), entry.label.as_str()) == Some(entry);
    entries.into_iter().find(|entry| !shares_token(step, entry) && !is_same(entry))
}

/// A provider's part without its entries.
fn without_entries(slot: &Slot) -> Slot {
    Slot { entries: Entries::default(), ..slot.clone() }
}

fn shares_token(step: &Stepped, entry: &Entry) -> bool {
    let Some(refresh) = entry.material.refresh() else { return false };
    let held = |provider: &ProviderId, label: &Label| {
        step.before.entry(provider.as_str(), label.as_str()).and_then(|entry| entry.material.refresh()) == Some(refresh)
    };
    match &step.event {
        Event::Put(put) => put.material.refresh() == Some(refresh),
        Event::FlowSucceeded(success) => success.material.refresh() == Some(refresh),
        Event::ClaimRotation(claim) => held(&claim.provider, &claim.label),
        Event::Settle(settle) => {
            let custody = entry.grant().map(|grant| &grant.custody);
            custody.and_then(Custody::attempt) == Some(settle.attempt)
        }
        _ => false,
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace
        .steps()
        .any(|step| step.before.providers.len() > 1 && subject(&step.event).is_some() && step.before != step.after)
}

/// Whose event it is: the provider, and the entry if it is about one.
fn subject(event: &Event) -> Option<(ProviderId, Option<Label>)> {
    let of = |step: &Step| Some((step.provider.clone(), None));
    match event {
        Event::Put(put) => Some((put.provider.clone(), Some(put.label.clone()))),
        Event::Remove(remove) => Some((remove.provider.clone(), Some(remove.label.clone()))),
        Event::Clear(Clear::Provider(provider)) => Some((provider.clone(), None)),
        Event::ClaimRotation(claim) => Some((claim.provider.clone(), Some(claim.label.clone()))),
        Event::Settle(settle) => Some((settle.provider.clone(), Some(settle.label.clone()))),
        Event::Report(report) => Some((report.provider.clone(), Some(report.label.clone()))),
        Event::SuspendLink(suspend) => Some((suspend.provider.clone(), Some(suspend.label.clone()))),
        Event::NameOrigins(name) => Some((name.provider.clone(), Some(name.label.clone()))),
        Event::CountUses(count) => Some((count.provider.clone(), None)),
        Event::SetStrategy(set) => Some((set.provider.clone(), None)),
        Event::StartFlow(start) => Some((start.provider.clone(), None)),
        Event::AdoptFlow(adopt) => Some((adopt.provider.clone(), None)),
        Event::CancelFlow(cancel) => Some((cancel.provider.clone(), None)),
        Event::FlowPrompted(prompted) => of(&prompted.step),
        Event::FlowSlowedDown(step) => of(step),
        Event::ClaimCode(claim) => of(&claim.step),
        Event::FlowSucceeded(success) => of(&success.step),
        Event::FlowFailed(failed) => of(&failed.step),
        Event::Clear(Clear::Everything)
        | Event::ActorGone { .. }
        | Event::OweRewrite(_)
        | Event::RewriteDone(_)
        | Event::Allow(_)
        | Event::MarkShared(_)
        | Event::AdoptCopy
        | Event::Move(_)
        | Event::Purge => None,
    }
}
