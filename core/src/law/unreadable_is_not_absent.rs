//! Law 16: a damaged store is neither empty nor free to be overwritten.

use super::trace::Fact;
use super::trace::Trace;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut damaged = false;
    for fact in &trace.0 {
        match fact {
            Fact::Damaged => damaged = true,
            Fact::Shown { .. } if damaged => return Err("an unreadable store was overwritten".to_owned()),
            Fact::ReadEnded { saw, .. } if damaged && saw.generation == 0 => {
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
