//! `cancel`: end a login. One that has ended, or was never there, is no error.

use credlatch::core::custody::Nonce;
use credlatch::{FlowState, Latch};
use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn cancel(global: &Global, flow: &str) -> Done {
    let latch = global.latch()?;
    let state = latch.cancel(flow)?;
    // What was typed is repeated only if it can be the name of a login.
    let id = Nonce::try_from(flow.to_owned()).ok().map(|nonce| nonce.to_string());
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
