//! What a process publishes, as production has it: a reader keeps what it took while it looks at it, and holds up nobody who
//! replaces that meanwhile.
//!
//! So a read is two turns, one to take it and one before the look. Only a drain can tell the difference, because what was taken is
//! never changed; elsewhere a read is one turn, or there would be too many situations.

use std::sync::Arc;

use credlatch_core::port::Cell;

use super::scripted::{Scripted, address, take_turn};
use super::sim::Sim;
use super::situation;
use super::turn_cell::TurnCell;

/// What is published.
#[derive(Debug)]
pub struct TurnPublished<T>(TurnCell<Arc<T>>);

impl<T: Send + Sync + 'static> Cell<Arc<T>> for TurnPublished<T> {
    fn new(value: Arc<T>) -> Self {
        Self(TurnCell::put(value))
    }

    fn read<R>(&self, look: impl FnOnce(&Arc<T>) -> R) -> R {
        if !Scripted::here().lingers() {
            return Cell::read(&self.0, look);
        }
        let taken = Cell::read(&self.0, Arc::clone);
        take_turn(address(self), || true);
        situation::accesses("a process' memory");
        situation::observe("looks at what it took");
        look(&taken)
    }

    fn write<R>(&self, change: impl FnOnce(&mut Arc<T>) -> R) -> R {
        Cell::write(&self.0, change)
    }
}
