//! Law 18: whoever stores something by name is told what the machine said of that, whoever shares the commit.

use std::hash::{Hash, Hasher};

use super::monitor::{Outlook, Watch};
use super::trace::{Fact, Stepped, Trace, Who};
use crate::machine::put::{Put, PutMode};
use crate::machine::{Event, Verdict};
use crate::state::fingerprint::Fingerprint;
use crate::state::name::{Label, ProviderId};

/// What is stored, and under which name. Whoever stores the same at the same time may be told the other's verdict: nobody can tell.
type Stored = (ProviderId, Label, Fingerprint);

#[derive(Default)]
pub(super) struct Memory {
    /// What the machine said, and nobody was told yet.
    said: Vec<Said>,
    /// Whether the store has refused somebody.
    has_refused: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Said {
    of: Stored,
    verdict: String,
    /// Who took the step: whoever leads a group takes those of all.
    by: Who,
    /// Whether it changed something that the store doesn't show yet.
    is_pending: bool,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Stepped(step) => self.steps(step),
            Fact::Shown { who, .. } => {
                self.said.iter_mut().filter(|said| said.by == *who).for_each(|said| said.is_pending = false);
            }
            Fact::Told { put, verdict, .. } => self.tells(put, verdict.as_ref())?,
            Fact::Refused { .. } => self.has_refused = true,
            // With it those whose steps it took: nobody is told any more.
            Fact::Died { who } => self.said.retain(|said| said.by != *who),
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        // In which order it was said makes no difference to those who are told.
        let mut said: Vec<_> = self.said.iter().collect();
        said.sort();
        (said, self.has_refused).hash(&mut into);
    }
}

impl Memory {
    fn steps(&mut self, step: &Stepped) {
        if let Some(put) = by_name(step) {
            let (verdict, is_pending) = (text(&step.verdict), step.before != step.after);
            self.said.push(Said { of: stored(put), verdict, by: step.who, is_pending });
        }
    }

    fn tells(&mut self, put: &Put, verdict: Option<&Verdict>) -> Result<(), String> {
        let Some(verdict) = verdict.map(text) else {
            let failed = "nothing was saved for somebody, and the store had refused nobody";
            return if self.has_refused { Ok(()) } else { Err(failed.to_owned()) };
        };
        let of = stored(put);
        let is_this = |said: &Said| !said.is_pending && said.verdict == verdict && said.of == of;
        let Some(at) = self.said.iter().position(is_this) else {
            return Err(format!("{verdict} was told of {}/{}, and nothing that is shown was said so of", of.0, of.1));
        };
        self.said.remove(at);
        Ok(())
    }
}

/// What a step stored for somebody who named it, and so is told.
fn by_name(step: &Stepped) -> Option<&Put> {
    match &step.event {
        Event::Put(put) => Some(put).filter(|put| put.how != PutMode::Bulk),
        _ => None,
    }
}

fn stored(put: &Put) -> Stored {
    (put.provider.clone(), put.label.clone(), put.material.fingerprint())
}

fn text(verdict: &Verdict) -> String {
    format!("{verdict:?}")
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let takers = |put: &Put| -> Vec<Who> {
        let of = Some(stored(put));
        trace.steps().filter(|step| by_name(step).map(stored) == of).map(|step| step.who).collect()
    };
    trace.0.iter().any(|fact| match fact {
        Fact::Told { who, put, verdict: Some(_) } => {
            let takers = takers(put);
            !takers.is_empty() && !takers.contains(who)
        }
        _ => false,
    })
}
