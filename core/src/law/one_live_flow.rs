//! Law 2: one live flow a provider, one device request and one poller a flow.

use super::monitor::{Outlook, Watch};
use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::{Event, Verdict};
use crate::state::Nonce;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

#[derive(Default, Hash)]
pub(super) struct Memory {
    ended: BTreeSet<Nonce>,
    /// Flows whose code was requested and that no shown state calls ended: by provider, with who asked.
    open: BTreeSet<(String, Nonce, Who)>,
    polling: BTreeSet<(Nonce, Who)>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Died { who } => {
                self.polling.retain(|(_, poller)| poller != who);
                self.open.retain(|(_, _, asker)| asker != who);
            }
            Fact::Shown { state, .. } => {
                self.ended.extend(state.providers.values().flat_map(|slot| &slot.ended).map(|flow| flow.id));
                self.open.retain(|(_, flow, _)| !self.ended.contains(flow));
            }
            // Somebody was slow to ask, and the flow was ended meanwhile: what is asked for it makes no second live one.
            Fact::ActBegan { deed: Deed::RequestPrompt { flow, .. }, .. } if self.ended.contains(flow) => {}
            Fact::ActBegan { who, deed: Deed::RequestPrompt { provider, flow } } => {
                if let Some((_, other, _)) = self.open.iter().find(|(of, _, _)| of == provider.as_str()) {
                    return Err(format!("a code was requested for flow {flow} of {provider} while {other} was live"));
                }
                self.open.insert((provider.as_str().to_owned(), *flow, *who));
            }
            Fact::ActBegan { who, deed: Deed::Poll { flow } } => {
                if self.polling.iter().any(|(other, _)| other == flow) {
                    return Err(format!("two actors poll flow {flow}"));
                }
                self.polling.insert((*flow, *who));
            }
            Fact::ActEnded { who, deed: Deed::Poll { flow } } => drop(self.polling.remove(&(*flow, *who))),
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.steps().any(|step| matches!(step.event, Event::StartFlow(_)) && matches!(step.verdict, Verdict::Joined(_)))
}
