//! Law 2: one live flow a provider, one device request and one poller a flow.

use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::machine::{Event, Verdict};
use crate::state::Nonce;
use std::collections::BTreeSet;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut ended = BTreeSet::new();
    // Flows whose code was requested and that no shown state calls ended: by provider, with who asked.
    let mut open: Vec<(String, Nonce, Who)> = Vec::new();
    let mut polling: Vec<(Nonce, Who)> = Vec::new();
    for fact in &trace.0 {
        match fact {
            Fact::Died { who } => {
                polling.retain(|(_, poller)| poller != who);
                open.retain(|(_, _, asker)| asker != who);
            }
            Fact::Shown { state, .. } => {
                ended.extend(state.providers.values().flat_map(|slot| &slot.ended).map(|flow| flow.id));
                open.retain(|(_, flow, _)| !ended.contains(flow));
            }
            // Somebody was slow to ask, and the flow was ended meanwhile: what is asked for it makes no second live one.
            Fact::ActBegan { deed: Deed::RequestPrompt { flow, .. }, .. } if ended.contains(flow) => {}
            Fact::ActBegan { who, deed: Deed::RequestPrompt { provider, flow } } => {
                if let Some((_, other, _)) = open.iter().find(|(of, _, _)| of == provider.as_str()) {
                    return Err(format!("a code was requested for flow {flow} of {provider} while {other} was live"));
                }
                open.push((provider.as_str().to_owned(), *flow, *who));
            }
            Fact::ActBegan { who, deed: Deed::Poll { flow } } => {
                if polling.iter().any(|(other, _)| other == flow) {
                    return Err(format!("two actors poll flow {flow}"));
                }
                polling.push((*flow, *who));
            }
            Fact::ActEnded { who, deed: Deed::Poll { flow } } => polling.retain(|one| *one != (*flow, *who)),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.steps().any(|step| matches!(step.event, Event::StartFlow(_)) && matches!(step.verdict, Verdict::Joined(_)))
}
