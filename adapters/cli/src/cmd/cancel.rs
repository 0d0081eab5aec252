//! `cancel`: end a login. One that has ended is no error; one of which nothing is known is.

use credlatch::{FlowState, Latch};
use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn cancel(global: &Global, flow: &str) -> Done {
    let latch = global.latch()?;
    let id = latch.flow(flow)?.id;
    let state = latch.cancel(&id)?;
    output::answer(global.json, &json!({"flow_id": id, "status": state.as_str()}), || describe(&latch, &state))
}

fn describe(latch: &Latch, state: &FlowState) -> String {
    let stored = || format!("the login had succeeded already: what it stored is in profile {}", latch.profile());
    match state {
        FlowState::Cancelled => "cancelled; nothing is stored by this login".to_owned(),
        FlowState::Succeeded => stored(),
        other => format!("the login had ended already: {}", other.as_str()),
    }
}
