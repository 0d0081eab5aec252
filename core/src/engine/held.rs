//! What an engine's cells hold, as far as anybody's future hangs on it: for an explorer of situations.

use std::any::Any;

use super::group::Group;
use super::ledger::Ledger;
use super::unsaved::Unsaved;
use crate::port::Ports;

/// What a cell of an engine holds beside what it publishes; none if it isn't such a cell, or if only how it came to be tells it.
/// Who holds a version is told by those who do. Where somebody `drains`, each reader counts; elsewhere only how many there are.
pub fn held<P: Ports>(value: &dyn Any, drains: bool) -> Option<String> {
    let ledger = || value.downcast_ref::<Ledger>()?.told(drains);
    let unsaved = || value.downcast_ref::<Vec<Unsaved<P>>>()?.is_empty().then(String::new);
    let group = || value.downcast_ref::<Group<P>>()?.told();
    ledger().or_else(unsaved).or_else(group)
}
