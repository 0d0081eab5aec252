//! `profiles`: the names of those that hold something.

use serde_json::json;

use crate::args::Global;
use crate::end::Done;
use crate::output;

pub(crate) fn profiles(global: &Global) -> Done {
    let current = global.profile();
    let names = global.profiles()?.list()?;
    let list: Vec<_> = names.iter().map(|name| json!({"name": name, "current": *name == current})).collect();
    output::answer(global.json, &json!({"profiles": list}), || {
        if names.is_empty() {
            return "There are no profiles yet. `credlatch set PROVIDER` makes the first.".to_owned();
        }
        let mark = |name: &credlatch::Profile| if *name == current { "*" } else { " " };
        names.iter().map(|name| format!("{} {name}", mark(name))).collect::<Vec<_>>().join("\n")
    })
}
