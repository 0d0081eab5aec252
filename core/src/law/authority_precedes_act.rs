//! Law 3: what permits an outside act was durable before the act.

use super::monitor::{Outlook, Watch};
use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::{Event, Verdict};
use crate::state::flow::Phase;
use crate::state::{Custody, Nonce, State};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// What was ever durable, as far as it permits an act.
#[derive(Default, Hash)]
pub(super) struct Memory {
    flows: BTreeSet<Nonce>,
    exchanging: BTreeSet<Nonce>,
    /// Refresh tokens that somebody had claimed.
    claimed: BTreeSet<String>,
    /// Each token that was stored, and whether it was taken out of what is stored: only then, or if it never stood there, may
    /// it be revoked.
    held: BTreeMap<String, bool>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Durable { state } => self.is_durable(state),
            Fact::ActBegan { deed, .. } if !self.permits(deed) => {
                return Err(format!("{} began before its claim was durable", name(deed)));
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
    fn is_durable(&mut self, state: &State) {
        let flows = || state.providers.values().filter_map(|slot| slot.flow.as_ref());
        self.flows.extend(flows().map(|live| live.id));
        self.exchanging.extend(flows().filter(|live| matches!(live.phase, Phase::Exchanging(_))).map(|live| live.id));
        let grants = || state.grants();
        let rotating = grants().filter(|grant| matches!(grant.custody, Custody::Rotating(_)));
        let claimed = rotating.filter_map(|grant| grant.refresh.as_ref());
        self.claimed.extend(claimed.map(|secret| secret.expose_secret().to_owned()));
        let held = grants().map(|grant| grant.refresh.as_ref().unwrap_or(&grant.access).expose_secret());
        let held: BTreeSet<&str> = held.collect();
        for (token, is_let_go) in &mut self.held {
            *is_let_go |= !held.contains(token.as_str());
        }
        for token in held {
            self.held.entry(token.to_owned()).or_default();
        }
    }

    fn permits(&self, deed: &Deed) -> bool {
        match deed {
            Deed::RequestPrompt { flow, .. } | Deed::Poll { flow } => self.flows.contains(flow),
            Deed::ExchangeCode { flow } => self.exchanging.contains(flow),
            Deed::Present { token } => self.claimed.contains(token),
            Deed::Revoke { token } => self.held.get(token).is_none_or(|is_let_go| *is_let_go),
        }
    }
}

fn name(deed: &Deed) -> &'static str {
    match deed {
        Deed::RequestPrompt { .. } => "the request of a device code",
        Deed::Poll { .. } => "a poll",
        Deed::Present { .. } => "the presentation of a refresh token",
        Deed::ExchangeCode { .. } => "the exchange of a code",
        Deed::Revoke { .. } => "a revocation",
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let committed = |at: usize, who: Who| {
        let claims = |fact: &Fact| match fact {
            Fact::Stepped(step) if step.who == who => {
                matches!(step.event, Event::ClaimRotation(_) | Event::StartFlow(_)) && step.verdict == Verdict::Done
            }
            _ => false,
        };
        trace.before(at).any(claims)
    };
    let acted = |at: usize, who: Who| {
        trace.before(at).any(|fact| matches!(fact, Fact::ActBegan { who: actor, .. } if *actor == who))
    };
    trace.0.iter().enumerate().any(|(at, fact)| match fact {
        Fact::Died { who } => committed(at, *who) && !acted(at, *who),
        _ => false,
    })
}
