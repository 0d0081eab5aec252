//! Law 16: a damaged store is neither empty nor free to be overwritten.

use std::collections::BTreeSet;

use super::trace::Fact;
use super::trace::Trace;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let Some(damaged) = trace.0.iter().position(|fact| matches!(fact, Fact::Damaged)) else { return Ok(()) };
    // A read that began before may have found what was there before.
    let mut began_since = BTreeSet::new();
    for fact in &trace.0[damaged..] {
        match fact {
            Fact::Shown { .. } => return Err("an unreadable store was overwritten".to_owned()),
            Fact::ReadBegan { who } => drop(began_since.insert(*who)),
            Fact::ReadEnded { who, saw } if began_since.contains(who) && saw.generation == 0 => {
                return Err("an unreadable store was taken for empty".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let damaged = trace.0.iter().position(|fact| matches!(fact, Fact::Damaged));
    damaged.is_some_and(|at| trace.0[at..].iter().any(|fact| matches!(fact, Fact::Refused { .. })))
}
