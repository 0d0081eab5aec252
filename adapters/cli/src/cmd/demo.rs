//! `demo`: a program of its own, because it brings an authorization server along, which no command of a person's needs.

use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

/// How it is started in a clone of the repository.
const COMMAND: &str = "cargo run --release -p credlatch-demo";

pub(crate) fn demo(global: &Global) -> Done {
    output::answer(global.json, &json!({"command": COMMAND}), || {
        format!("The demonstration is a program of its own. In a clone of the repository:\n\n    {COMMAND}")
    })
}
