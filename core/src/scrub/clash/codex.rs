//! Codex: of OpenAI it knows its own login and `CODEX_API_KEY`, and neither `OPENAI_API_KEY` nor `OPENAI_BASE_URL`. A provider
//! of the user's own, in its configuration or on the command line, says where the credential comes from.

use std::borrow::Cow;

use super::{EnvPlan, LoginClash, Place};

const CONFIG: Place = Place { variable: Some("CODEX_HOME"), in_variable: "config.toml", in_home: ".codex/config.toml" };

/// Without these words Codex shows its interface, which talks to a server that stays.
const WITHOUT_SERVER: &[&str] = &["exec", "e", "--no-daemon", "--help", "-h", "--version", "-V"];

pub(super) fn clash(
    plan: &EnvPlan,
    args: &[Cow<'_, str>],
    look: impl Fn(&Place) -> Option<String>,
) -> Option<LoginClash> {
    let clash = |instead, remedy| Some(LoginClash { program: "Codex", instead, remedy });
    let config = look(&CONFIG).unwrap_or_default();
    if !plan.sets("CODEX_API_KEY") && !is_set_up(plan, args, &config) {
        return clash("its own login (auth.json in CODEX_HOME, else in ~/.codex, or the keyring)", recipe(plan));
    }
    if !args.iter().any(|arg| WITHOUT_SERVER.contains(&&**arg)) {
        let remedy = "add `--no-daemon` after `codex`".to_owned();
        return clash("the credential of the run that started its background server", remedy);
    }
    None
}

/// Whether Codex was told to use a provider that takes its credential from a variable of the plan, or from a command.
fn is_set_up(plan: &EnvPlan, args: &[Cow<'_, str>], config: &str) -> bool {
    let given: Vec<&str> = args.iter().map(|arg| arg.trim_start_matches("-c").trim()).collect();
    let of_args = given.iter().find_map(|arg| arg.strip_prefix("model_provider=")).map(unquoted);
    let of_file =
        || config.lines().take_while(|line| !line.starts_with('[')).find_map(|line| value(line, "model_provider"));
    let Some(chosen) = of_args.map(str::to_owned).or_else(of_file) else { return false };
    let table = format!("model_providers.{chosen}");
    let in_args = given.iter().filter(|arg| arg.starts_with(&table)).map(|arg| (*arg).to_owned());
    let mut said: Vec<String> = in_args.collect();
    let mut is_inside = false;
    for line in config.lines() {
        if let Some(header) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_inside = header == table || header.starts_with(&format!("{table}."));
            said.extend(is_inside.then(|| header.to_owned()));
        } else if is_inside {
            said.push(line.to_owned());
        }
    }
    is_planned(plan, &said.join("\n"))
}

/// Whether what is said of a provider sends what is planned to where that is planned, and nothing beside it.
fn is_planned(plan: &EnvPlan, said: &str) -> bool {
    let quoted_after = |word: &str| -> Vec<&str> {
        let found = said.match_indices(word).map(|(at, _)| &said[at + word.len()..]);
        found.filter_map(|rest| rest.split(['"', '\'']).nth(1)).collect()
    };
    let Some(home) = address(plan) else { return false };
    let is_home = |url: &&str| url.trim_end_matches('/') == home.trim_end_matches('/');
    let urls = quoted_after("base_url");
    let by_variable = quoted_after("env_key").iter().any(|name| plan.sets(name));
    let asks_us = quoted_after("command").iter().any(|command| command.rsplit('/').next() == Some("credlatch"));
    let provider = plan.providers()[0].as_str();
    // No other provider, profile or store: these words and no more.
    let args =
        said.split_once("args").and_then(|(_, rest)| rest.split_once('[')).and_then(|(_, rest)| rest.split_once(']'));
    let args: Option<Vec<&str>> = args.map(|(list, _)| list.split(',').map(unquoted).collect());
    let by_command = asks_us && args.is_some_and(|args| args == ["token", provider]);
    !urls.is_empty() && urls.iter().all(is_home) && !said.contains("http_headers") && (by_variable || by_command)
}

fn value(line: &str, name: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    (key.trim() == name).then(|| unquoted(value).to_owned())
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// Where the planned credential belongs, if it is one for OpenAI's dialect.
fn address(plan: &EnvPlan) -> Option<&str> {
    let url = plan.set().iter().find(|(name, _)| name == "OPENAI_BASE_URL").map(|(_, value)| value.expose());
    let is_openais = ["OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN"].iter().any(|name| plan.sets(name));
    url.or_else(|| is_openais.then_some("https://api.openai.com/v1"))
}

/// What to write into Codex's configuration, so that it asks credlatch for each request.
fn recipe(plan: &EnvPlan) -> String {
    let provider = &plan.providers()[0];
    let Some(url) = address(plan) else { return "add `--as openai`".to_owned() };
    format!(
        "put these lines into config.toml in CODEX_HOME, else in ~/.codex, and start it with `--no-daemon`\n\
         model_provider = \"credlatch\"\n\
         [model_providers.credlatch]\n\
         name = \"credlatch\"\n\
         base_url = \"{url}\"\n\
         wire_api = \"responses\"\n\
         [model_providers.credlatch.auth]\n\
         command = \"credlatch\"\n\
         args = [\"token\", \"{provider}\"]"
    )
}
