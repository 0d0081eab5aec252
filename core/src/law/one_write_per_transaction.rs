//! Law 8: a pass is one write, and what disk shows moves forward.

use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use std::collections::BTreeMap;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut writes: BTreeMap<Who, usize> = BTreeMap::new();
    let mut last = 0;
    for fact in &trace.0 {
        match fact {
            Fact::PassBegan { who, .. } => drop(writes.insert(*who, 0)),
            Fact::PassEnded { who } => drop(writes.remove(who)),
            Fact::Shown { who, state } => {
                if let Some(count) = writes.get_mut(who) {
                    *count += 1;
                    if *count > 1 {
                        return Err("one pass made more than one write".to_owned());
                    }
                }
                if state.generation <= last {
                    return Err(format!("disk showed generation {} after {last}", state.generation));
                }
                last = state.generation;
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut passing = false;
    for fact in &trace.0 {
        match fact {
            Fact::PassBegan { pass, .. } if *pass > 1 => passing = true,
            Fact::PassEnded { .. } => passing = false,
            Fact::ReadEnded { .. } | Fact::ReadBegan { .. } if passing => return true,
            _ => {}
        }
    }
    false
}
