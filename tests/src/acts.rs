//! What the machine permits is done at once, as an engine would do it: so that the laws that speak of acts judge its histories
//! too. The issuer that the acts reach keeps no books; what it answers is the history's to say.

use std::collections::BTreeSet;
use std::sync::Arc;

use credlatch_core::law::{Deed, Fact, Who};
use credlatch_core::machine::Step;
use credlatch_core::rotation::Exchanged;
use credlatch_core::state::{Nonce, State};
use credlatch_core::{Effect, Event};

use crate::world::issuer::HTTP_TIMEOUT_MS;

/// The acts that were begun, and how much time has really passed, whatever the clocks say.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    elapsed_ms: u64,
    commits: u64,
    presenting: Vec<Presenting>,
    withheld: BTreeSet<Nonce>,
    polling: Vec<(Nonce, Nonce)>,
}

/// A refresh token that is on its way.
#[derive(Debug)]
struct Presenting {
    attempt: Nonce,
    token: String,
    /// When its request can no longer be in flight, though its sender is dead: twice the time one may take.
    until_ms: u64,
}

impl Acts {
    /// This act will send nothing, whatever it is permitted.
    pub(crate) fn withhold(&mut self, attempt: Nonce) {
        self.withheld.insert(attempt);
    }

    /// Time passes, and requests of the dead with it.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<Fact> {
        self.elapsed_ms = self.elapsed_ms.saturating_add(ms);
        let now_ms = self.elapsed_ms;
        self.end(|one| one.until_ms <= now_ms)
    }

    /// The machine restarts: nothing of before is on its way any more, and nobody polls.
    pub(crate) fn restart(&mut self) -> Vec<Fact> {
        let mut facts = self.end(|_| true);
        facts.extend(self.polling.drain(..).map(|(_, attempt)| Fact::Died { who: who(attempt) }));
        facts
    }

    /// An answer arrived, or an actor died, before the machine is told.
    pub(crate) fn before(&mut self, event: &Event) -> Vec<Fact> {
        match event {
            // Of an answer that was lost nobody knows whether its request still travels.
            Event::Settle(settle) if settle.outcome != Exchanged::Unknown => {
                let mut facts = Vec::new();
                if let (Exchanged::Granted(fresh), Some(one)) =
                    (&settle.outcome, self.presenting.iter().find(|one| one.attempt == settle.attempt))
                    && let Some(new) = &fresh.refresh
                {
                    facts.push(Fact::Succession { old: one.token.clone(), new: new.expose_secret().to_owned() });
                }
                facts.extend(self.end(|one| one.attempt == settle.attempt));
                facts
            }
            Event::ActorGone { attempt, .. } => {
                self.polling.retain(|(_, poller)| poller != attempt);
                vec![Fact::Died { who: who(*attempt) }]
            }
            _ => Vec::new(),
        }
    }

    /// The machine took a step: what it left is durable, and what it permits begins.
    pub(crate) fn after(&mut self, before: &State, step: &Step) -> Vec<Fact> {
        let mut facts = Vec::new();
        if step.state != *before {
            self.commits += 1;
            let state = Arc::new(State { generation: self.commits, ..step.state.clone() });
            facts.push(Fact::Shown { who: 0, state: Arc::clone(&state) });
            facts.push(Fact::Durable { state });
        }
        let is_live = |flow: Nonce| {
            step.state.providers.values().any(|slot| slot.flow.as_ref().is_some_and(|live| live.id == flow))
        };
        let (on, over): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.polling).into_iter().partition(|one| is_live(one.0));
        self.polling = on;
        facts.extend(over.into_iter().map(|(flow, by)| Fact::ActEnded { who: who(by), deed: Deed::Poll { flow } }));
        for effect in &step.effects {
            let (attempt, deed) = match effect {
                Effect::RequestPrompt { provider, flow, attempt, .. } => {
                    (*attempt, Deed::RequestPrompt { provider: provider.clone(), flow: *flow })
                }
                Effect::Poll { flow, attempt, .. } => {
                    self.polling.push((*flow, *attempt));
                    (*attempt, Deed::Poll { flow: *flow })
                }
                Effect::Refresh { attempt, .. } if self.withheld.contains(attempt) => continue,
                Effect::Refresh { attempt, refresh, .. } => {
                    let token = refresh.expose_secret().to_owned();
                    let until_ms = self.elapsed_ms.saturating_add(2 * HTTP_TIMEOUT_MS);
                    self.presenting.push(Presenting { attempt: *attempt, token: token.clone(), until_ms });
                    (*attempt, Deed::Present { token })
                }
                Effect::ExchangeCode { .. } | Effect::Revoke { .. } => continue,
            };
            facts.push(Fact::ActBegan { who: who(attempt), deed });
        }
        facts
    }

    fn end(&mut self, is_over: impl Fn(&Presenting) -> bool) -> Vec<Fact> {
        let (over, on): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.presenting).into_iter().partition(|one| is_over(one));
        self.presenting = on;
        let ended =
            |one: Presenting| Fact::ActEnded { who: who(one.attempt), deed: Deed::Present { token: one.token } };
        over.into_iter().map(ended).collect()
    }
}

/// Each act is somebody's own.
fn who(attempt: Nonce) -> Who {
    Who::try_from(attempt.0).unwrap_or(Who::MAX)
}
