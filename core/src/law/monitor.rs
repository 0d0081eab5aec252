//! Judging as it happens: a law sees one fact after the other, and keeps of what was only what can still matter.
//!
//! [`Law::judge`] over a trace is the fold of this. An explorer keeps a monitor beside the world it explores: two histories
//! that left the same memory are judged alike, whatever follows.

use std::hash::Hasher;
use std::sync::Arc;

use super::trace::Fact;
use super::{Broken, Law, OF_ONE_STORE};
use crate::state::State;

/// What tells two states apart, for a memory that holds states.
pub type StateDigest<'a> = &'a dyn Fn(&Arc<State>) -> u128;

/// One law's memory.
pub(super) trait Watch: Send {
    /// Sees the next fact.
    fn see(&mut self, fact: &Fact) -> Result<(), String>;

    /// Judges what can be judged only when nothing follows.
    fn end(&self) -> Result<(), String> {
        Ok(())
    }

    /// Feeds all that it keeps to a hasher.
    fn keep(&self, into: &mut dyn Hasher, digest: StateDigest<'_>);
}

/// The memory of a law that judges each fact by itself: nothing.
pub(super) struct Each(pub(super) fn(&Fact) -> Result<(), String>);

impl Watch for Each {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        (self.0)(fact)
    }

    fn keep(&self, _: &mut dyn Hasher, _: StateDigest<'_>) {}
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
    pub fn keep(&self, mut into: &mut dyn Hasher, digest: StateDigest<'_>) {
        // What a law that sees no more keeps can still make the end a breach.
        std::hash::Hash::hash(&(self.law.number, self.is_over), &mut into);
        self.watch.keep(into, digest);
    }
}
