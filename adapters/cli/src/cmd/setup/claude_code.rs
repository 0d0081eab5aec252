//! Claude Code: `apiKeyHelper` in its settings, and for a provider that isn't Anthropic the address beside it.

use credlatch::setups::Program;
use zeroize::Zeroizing;

use super::change::Change;
use super::recipe::Recipe;
use super::{Plan, file, json};
use crate::end::{Done, End};

const HELPER: &str = "apiKeyHelper";
/// Where Claude Code sends its requests if it isn't told.
const HOME: &str = "https://api.anthropic.com";
const BASE_URL: [&str; 2] = ["env", "ANTHROPIC_BASE_URL"];
/// Beside these the helper hands out nothing, and Claude Code would use them.
const OTHERS: [&str; 3] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];

pub(super) fn plan(recipe: &Recipe<'_>) -> Done<Plan> {
    let row = recipe.row;
    let Some(url) = row.base_urls.anthropic.as_deref() else {
        let what = format!("{} doesn't speak Anthropic's dialect, and Claude Code speaks no other", row.id);
        return Err(End::usage(what, "choose another provider; `credlatch providers` shows who speaks it"));
    };
    let seen = file(Program::ClaudeCode)?;
    let line = recipe.line(&recipe.helper("claude", None, &[]));
    let refused = |why: String| seen.refused(&why, format!("write this into it by hand: \"{HELPER}\": \"{line}\""));
    let names = json::names(seen.text(), &["env"]).map_err(refused)?;
    if let Some(name) = names.iter().find(|name| OTHERS.contains(&name.as_str())) {
        let what = format!("has a credential of its own in `env.{name}`, beside which the helper hands out nothing");
        return Err(seen.refused(&what, "take that line out of it, then try again"));
    }
    let mut text = json::set(seen.text(), &[HELPER], &line).map_err(refused)?;
    let present = json::get(&text, &BASE_URL);
    if present.as_deref().unwrap_or(HOME).trim_end_matches('/') != url.trim_end_matches('/') {
        text = json::set(&text, &BASE_URL, url).map_err(refused)?;
    }
    Ok(Plan::new(vec![Change {
        seen,
        after: Some(Zeroizing::new(text)),
        mode: 0o600,
        ours: vec![line, url.to_owned()],
    }]))
}
