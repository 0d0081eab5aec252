//! Law 15: an import brings nothing back that was cleared.

use super::each;
use super::trace::Trace;
use crate::machine::Event;
use crate::put::How;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    each(trace, |step| {
        let Event::Put(put) = &step.event else { return Ok(()) };
        let cleared = step.before.slot(put.provider.as_str()).map_or(&[][..], |slot| &slot.cleared);
        let came_back = put.how == How::Bulk
            && step.before != step.after
            && cleared.iter().any(|grave| grave.fingerprint == put.fingerprint);
        if came_back { Err(format!("a cleared secret of {} came back by an import", put.provider)) } else { Ok(()) }
    })
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.steps().any(|step| match &step.event {
        Event::Put(put) if put.how == How::Bulk => {
            let slot = step.before.slot(put.provider.as_str());
            slot.is_some_and(|slot| slot.cleared.iter().any(|grave| grave.fingerprint == put.fingerprint))
        }
        _ => false,
    })
}
