//! opencode: a plugin that puts the key into each request. Its configuration has no place for a command, and a key that is
//! written into it, or that it reads once, would outlive what `clear` takes away.

use credlatch::core::scrub::names_for_opencode;
use credlatch::setups::Program;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::change::Change;
use super::recipe::Recipe;
use super::{Plan, file};
use crate::end::{Done, End};

/// The plugin, without a provider.
const PLUGIN: &str = include_str!("opencode.js");
/// The line below which its providers are, one a line.
const LIST: &str = "const providers = [\n";

/// A provider, as the plugin has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    #[serde(rename = "baseURL")]
    base_url: String,
    command: Vec<String>,
}

pub(super) fn plan(recipe: &Recipe<'_>) -> Done<Plan> {
    let row = recipe.row;
    let Some((names, url)) = names_for_opencode(row) else {
        let what = format!("it isn't known at which address opencode asks {}", row.id);
        return Err(End::usage(what, format!("`credlatch run {} -- opencode` may serve, or another provider", row.id)));
    };
    let seen = file(Program::Opencode)?;
    let mut rows = if seen.text.is_none() { Vec::new() } else { rows(seen.text()).unwrap_or_default() };
    if seen.text.is_some() && text(&rows) != seen.text() {
        return Err(seen.refused("is no plugin of this command, or was changed", "move it away, then try again"));
    }
    let words = recipe.words(&["token", row.id.as_str()]);
    for name in names {
        let command = std::iter::once(&recipe.program).chain(&words).cloned().collect();
        let new = Row { name: name.to_owned(), base_url: url.clone(), command };
        match rows.iter_mut().find(|row| row.name == name) {
            Some(row) => *row = new,
            None => rows.push(new),
        }
    }
    let after = text(&rows);
    let ours = vec![after.clone()];
    Ok(Plan::new(vec![Change { seen, after: Some(Zeroizing::new(after)), mode: 0o600, ours }]))
}

/// The plugin with these providers.
fn text(rows: &[Row]) -> String {
    let lines: String = rows.iter().map(line).collect();
    PLUGIN.replacen(LIST, &format!("{LIST}{lines}"), 1)
}

fn line(row: &Row) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let command = row.command.iter().map(|word| text(word)).collect::<Vec<_>>().join(", ");
    format!("  {{\"name\": {}, \"baseURL\": {}, \"command\": [{command}]}},\n", text(&row.name), text(&row.base_url))
}

/// The providers of a plugin that is there.
fn rows(text: &str) -> Option<Vec<Row>> {
    let (_, rest) = text.split_once(LIST)?;
    let (list, _) = rest.split_once("]\n\n")?;
    list.lines().map(|line| serde_json::from_str(line.trim().trim_end_matches(',')).ok()).collect()
}
