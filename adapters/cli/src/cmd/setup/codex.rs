//! Codex: a model provider of its own, whose key is what a command prints.

use credlatch::setups::Program;
use toml_edit::Item;
use zeroize::Zeroizing;

use super::change::Change;
use super::recipe::Recipe;
use super::{Plan, file, toml};
use crate::end::{Done, End};

/// The name of that provider. `openai` is one that Codex has already, and reads its own login for.
const NAME: &str = "latched";
/// Each gives the provider another credential.
const OTHERS: [&str; 5] =
    ["env_key", "experimental_bearer_token", "http_headers", "env_http_headers", "requires_openai_auth"];

pub(super) fn plan(recipe: &Recipe<'_>) -> Done<Plan> {
    let row = recipe.row;
    let Some(url) = row.base_urls.openai.as_deref().or(row.base_urls.own.as_deref()) else {
        let what = format!("{} doesn't speak OpenAI's dialect, and Codex speaks no other", row.id);
        return Err(End::usage(what, "choose another provider; `credlatch providers` shows who speaks it"));
    };
    let seen = file(Program::Codex)?;
    let words = recipe.words(&["token", row.id.as_str()]);
    let edited = edit(seen.text(), recipe, url, &words);
    let edited =
        edited.map_err(|why| seen.refused(&why, "mend that, or write the recipe of the guide into it by hand"));
    let Edited { text, other_profile } = edited?;
    let ours = vec![words.join(" "), url.to_owned(), format!("{} {NAME}", name_of(recipe)), recipe.program.clone()];
    let plan = Plan::new(vec![Change { seen, after: Some(Zeroizing::new(text)), mode: 0o600, ours }]);
    let plan = if row.id.as_str() == "openai" {
        plan
    } else {
        plan.advise(
            format!("Codex asks {} in the words of OpenAI's Responses API", row.id),
            "if it doesn't speak that, take this back: `credlatch setup codex --undo`",
        )
    };
    Ok(match other_profile {
        Some(_) => plan.advise(
            "Codex' configuration chooses a profile that names another model provider",
            "take `model_provider` out of that profile, or `profile` out of the file",
        ),
        None => plan,
    })
}

struct Edited {
    text: String,
    /// The profile of Codex that decides otherwise.
    other_profile: Option<String>,
}

fn name_of(recipe: &Recipe<'_>) -> String {
    format!("{}, with the key that credlatch keeps", recipe.row.display_name())
}

fn edit(text: &str, recipe: &Recipe<'_>, url: &str, words: &[String]) -> Result<Edited, String> {
    let mut document = toml::parsed(text)?;
    let root = document.as_table_mut();
    toml::set(root, "model_provider", NAME);
    let provider = toml::table(toml::table(root, "model_providers", true)?, NAME, false)?;
    if let Some(name) = OTHERS.iter().find(|name| provider.contains_key(name)) {
        return Err(format!("gives the provider `{NAME}` another credential, in `{name}`"));
    }
    toml::set(provider, "name", &name_of(recipe));
    toml::set(provider, "base_url", url);
    toml::set(provider, "wire_api", "responses");
    let auth = toml::table(provider, "auth", false)?;
    toml::set(auth, "command", &recipe.program);
    toml::set_words(auth, "args", words);
    let chosen = root.get("profile").and_then(Item::as_str).map(str::to_owned);
    let other_profile = chosen.filter(|name| {
        let provider = root.get("profiles").and_then(|all| all.get(name)).and_then(|one| one.get("model_provider"));
        provider.and_then(Item::as_str).is_some_and(|provider| provider != NAME)
    });
    Ok(Edited { text: document.to_string(), other_profile })
}
