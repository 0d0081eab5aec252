//! How a login ends, and how long that is remembered.

use crate::state::Slot;
use crate::state::flow::{EndedFlow, FlowEnd, Phase};
use crate::state::time::Stamp;

/// Ends the live flow, if there is one. Its secrets go with it.
pub(crate) fn end_live(slot: &mut Slot, now: &Stamp, end: &FlowEnd) {
    if let Some(live) = slot.flow.take() {
        let user_code = live.prompt().map(|prompt| prompt.user_code.clone());
        slot.ended.push(EndedFlow { id: live.id, end: end.clone(), at: *now, user_code, description: None });
    }
}

/// Ends a flow whose time is up.
pub(crate) fn lapse(slot: &mut Slot, now: &Stamp) -> bool {
    let Some(live) = slot.flow.as_ref().filter(|live| live.ends.is_reached(now)) else { return false };
    let end = if live.phase == Phase::Reserved { FlowEnd::Failed("no_answer".to_owned()) } else { FlowEnd::Expired };
    end_live(slot, now, &end);
    true
}

/// Forgets flows that ended 300 s ago or earlier.
pub(crate) fn forget_ended(slot: &mut Slot, now: &Stamp) -> bool {
    let before = slot.ended.len();
    slot.ended.retain(|ended| ended.is_visible(now));
    slot.ended.len() != before
}
