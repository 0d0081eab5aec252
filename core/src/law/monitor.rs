//! Judging as it happens: a law sees one fact after the other, and keeps of what was only what can still matter.
//!
//! [`Law::judge`] over a trace is the fold of this. An explorer keeps a monitor beside the world it explores: two histories
//! that left the same memory are judged alike, whatever follows.

use std::hash::Hasher;
use std::sync::Arc;

use super::trace::{Fact, Who};
use super::{Broken, Law, OF_ONE_STORE};
use crate::state::State;

/// What whoever compares memories knows beside them.
#[derive(Clone, Copy)]
pub struct Outlook<'a> {
    /// What tells two states apart, for a memory that holds states.
    pub digest: &'a dyn Fn(&Arc<State>) -> u128,
    /// Who may still read; nothing if that isn't known. Then anybody may, and see any state.
    pub readers: Option<&'a [Reader]>,
}

/// Somebody who may still read.
#[derive(Debug)]
pub struct Reader {
    /// Who.
    pub who: Who,
    /// What it may see of what is there already: the document, what its process has published, and what somebody in it has in hand. Else
    /// it sees what is shown later.
    pub may_see: Vec<Arc<State>>,
}

/// One law's memory.
pub(super) trait Watch: Send {
    /// Sees the next fact.
    fn see(&mut self, fact: &Fact) -> Result<(), String>;

    /// Judges what can be judged only when nothing follows.
    fn end(&self) -> Result<(), String> {
        Ok(())
    }

    /// Feeds all that it keeps to a hasher.
    fn keep(&self, into: &mut dyn Hasher, outlook: Outlook<'_>);
}

/// The memory of a law that judges each fact by itself: nothing.
pub(super) struct Each(pub(super) fn(&Fact) -> Result<(), String>);

impl Watch for Each {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        (self.0)(fact)
    }

    fn keep(&self, _: &mut dyn Hasher, _: Outlook<'_>) {}
}

/// A law that watches.
pub struct Monitor {
    law: Law,
    watch: Box<dyn Watch>,
    /// Somebody put back what was stored before, and the law speaks of the time until then.
    is_over: bool,
}

impl Law {
    /// Begins to watch.
    pub fn monitor(&self) -> Monitor {
        Monitor { law: *self, watch: (self.watch)(), is_over: false }
    }
}

impl Monitor {
    /// The law that watches.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Sees the next fact.
    ///
    /// # Errors
    /// It is a breach, whatever follows.
    pub fn see(&mut self, fact: &Fact) -> Result<(), Broken> {
        self.is_over |= matches!(fact, Fact::BroughtBack) && OF_ONE_STORE.contains(&self.law.number);
        if self.is_over {
            return Ok(());
        }
        self.watch.see(fact).map_err(|what| self.law.broken(what))
    }

    /// Nothing follows.
    ///
    /// # Errors
    /// So the whole is a breach.
    pub fn end(&self) -> Result<(), Broken> {
        self.watch.end().map_err(|what| self.law.broken(what))
    }

    /// Feeds all that can still matter to a hasher: whoever feeds the same judges alike.
    pub fn keep(&self, mut into: &mut dyn Hasher, outlook: Outlook<'_>) {
        // What a law that sees no more keeps can still make the end a breach.
        std::hash::Hash::hash(&(self.law.number, self.is_over), &mut into);
        self.watch.keep(into, outlook);
    }
}
