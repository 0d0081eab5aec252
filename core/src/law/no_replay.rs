//! Law 4: nobody presents a refresh token beside another, or once its successor is durable.

use super::monitor::{Outlook, Watch};
use super::trace::Deed;
use super::trace::Fact;
use super::trace::Who;
use super::trace::{Stepped, Trace};
use crate::machine::exchanged::Exchanged;
use crate::machine::moving::MoveStep;
use crate::machine::rotation::Settle;
use crate::machine::{Event, Verdict};
use crate::state::known::Fate;
use crate::state::{Custody, Nonce, State};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

#[derive(Default, Hash)]
pub(super) struct Memory {
    /// Which token each act that was permitted claimed.
    claimed: BTreeMap<Nonce, String>,
    /// Acts that have begun to present what they claimed.
    sent: BTreeSet<Nonce>,
    flying: BTreeSet<(String, Who)>,
    successor: BTreeMap<String, String>,
    /// Refresh tokens that were ever durable.
    durable: BTreeSet<String>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::ActBegan { who, deed: Deed::Present { token } } => return self.presents(*who, token),
            Fact::ActEnded { who, deed: Deed::Present { token } } => drop(self.flying.remove(&(token.clone(), *who))),
            // An issuer that gives the same token again has spent nothing.
            Fact::Succession { old, new } if old == new => {}
            Fact::Succession { old, new } => drop(self.successor.insert(old.clone(), new.clone())),
            Fact::Durable { state } => self.durable.extend(refresh_tokens(state).map(str::to_owned)),
            Fact::Stepped(step) => {
                keeps_custody(step)?;
                claims_alone(step)?;
                keeps_mark(step)?;
                return self.sent_is_sent(step);
            }
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

impl Memory {
    fn presents(&mut self, who: Who, token: &str) -> Result<(), String> {
        if self.flying.iter().any(|(other, _)| other == token) {
            return Err("a refresh token was presented by two acts at a time".to_owned());
        }
        if self.successor.get(token).is_some_and(|new| self.durable.contains(new)) {
            return Err("a refresh token was presented although its successor was durable".to_owned());
        }
        self.flying.insert((token.to_owned(), who));
        let by = self.claimed.iter().filter(|(_, claimed)| *claimed == token);
        self.sent.extend(by.map(|(attempt, _)| *attempt));
        Ok(())
    }

    /// Nobody is believed to have sent nothing who has begun to present what it claimed: when it dies that is in doubt.
    fn sent_is_sent(&mut self, step: &Stepped) -> Result<(), String> {
        match (&step.event, &step.verdict) {
            (Event::ClaimRotation(claim), Verdict::Done) => {
                let entry = step.before.entry(claim.provider.as_str(), claim.label.as_str());
                let token = entry.and_then(|entry| entry.material.refresh());
                self.claimed.extend(token.map(|token| (claim.act.attempt, token.expose_secret().to_owned())));
            }
            (Event::ActorGone { attempt, .. }, Verdict::Done)
                if self.sent.contains(attempt) && !step.after.awaits(*attempt) =>
            {
                return Err("an act that had presented its refresh token was believed to have sent nothing".to_owned());
            }
            // Whoever comes after it presents the same token.
            (Event::ActorGone { attempt, .. }, Verdict::Done) => drop(self.claimed.remove(attempt)),
            _ => {}
        }
        Ok(())
    }
}

/// Storing a token that somebody presents, or that is in doubt, doesn't free it: whoever presented it then would be the
/// second. Only its issuer ends a doubt, by giving it anew.
fn keeps_custody(step: &Stepped) -> Result<(), String> {
    let (provider, material, is_vouched) = match &step.event {
        Event::Put(put) => (&put.provider, &put.material, false),
        Event::FlowSucceeded(success) => (&success.step.provider, &success.material, true),
        _ => return Ok(()),
    };
    let Some(refresh) = material.refresh() else { return Ok(()) };
    let kept = match step.before.fate_of(refresh) {
        Some(Fate::Rotating(claim)) => Custody::Rotating(claim),
        Some(Fate::InDoubt(doubt)) if !is_vouched => Custody::InDoubt(doubt),
        _ => return Ok(()),
    };
    let entries = step.after.providers.values().flat_map(|slot| &slot.entries).filter_map(|entry| entry.grant());
    let mut holding = entries.filter(|grant| grant.refresh.as_ref() == Some(refresh));
    if holding.any(|grant| grant.custody != kept) {
        return Err(format!("a refresh token of {provider} that may be in flight was stored as a free one"));
    }
    Ok(())
}

/// Nobody may present a token that somebody else is presenting, under whatever label: not even if both requests happen to
/// travel one after the other. Whoever died is told to the machine first, and leaves a doubt.
fn claims_alone(step: &Stepped) -> Result<(), String> {
    let (Event::ClaimRotation(claim), Verdict::Done) = (&step.event, &step.verdict) else { return Ok(()) };
    let entry = step.before.entry(claim.provider.as_str(), claim.label.as_str());
    let fate = entry.and_then(|entry| step.before.fate_of(entry.material.refresh()?));
    match fate {
        Some(Fate::Rotating(_)) => Err(format!("a refresh token of {} was claimed beside a claim", claim.provider)),
        _ => Ok(()),
    }
}

/// What another copy of the store may hold is claimed by nobody, and stays marked whoever stores it again. Its issuer ends
/// that by giving it anew, a person by saying which copy lives on, and a move once the other store has set it aside (law 19).
fn keeps_mark(step: &Stepped) -> Result<(), String> {
    let given = match &step.event {
        Event::AdoptCopy | Event::Move(MoveStep::Activate(_) | MoveStep::TakeBack(..) | MoveStep::Adopt(..)) => {
            return Ok(());
        }
        Event::FlowSucceeded(success) => success.material.refresh(),
        Event::Settle(Settle { outcome: Exchanged::Granted(fresh), .. }) => fresh.refresh.as_ref(),
        _ => None,
    };
    let claimed = match &step.event {
        Event::ClaimRotation(claim) if step.verdict == Verdict::Done => Some((&claim.provider, &claim.label)),
        _ => None,
    };
    for (provider, slot) in &step.after.providers {
        for entry in &slot.entries {
            let Some(refresh) = entry.material.refresh().filter(|refresh| given != Some(*refresh)) else { continue };
            if step.before.shared_of(refresh).is_none() {
                continue;
            }
            if claimed == Some((provider, &entry.label)) {
                return Err(format!("a refresh token of {provider} that a copy may hold was claimed"));
            }
            if step.after.shared_of(refresh).is_none() {
                return Err(format!("a refresh token of {provider} that a copy may hold lost its mark"));
            }
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
