//! What opencode is told, so that its own configuration, in the home or in a cloned repository, moves no planned key.
//!
//! A configuration may name another key or another address for a provider that opencode knows, and a provider of its own that
//! reads the planned variable and sends it anywhere. What is in the variable goes before all of them: it names the key and the
//! address of each planned provider, and no other provider is enabled. One whose address for opencode isn't known is not enabled
//! either, so that opencode doesn't use its key at all.

use super::super::dialect::Setting;
use super::super::{Shape, Target, Wanted};
use crate::provider::{Provider, Url};
use crate::state::name::ProviderId;

/// Of the providers whose variables are those of a shape: opencode's name for one, the key, the address, and where that is.
const SHAPED: [(&str, &str, &str, &str); 2] = [
    ("anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    ("openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"),
];

/// Rows that opencode knows under other names, or asks in Anthropic's dialect though they speak both.
const KNOWN: &[(&str, &[&str], At)] = &[
    ("gemini", &["google"], At::Fixed("https://generativelanguage.googleapis.com/v1beta")),
    ("minimax", &["minimax", "minimax-coding-plan"], At::Anthropic),
    ("moonshot", &["moonshotai"], At::Anthropic),
    ("moonshotai-cn", &["moonshotai-cn"], At::Anthropic),
    // Its clients for these add to the address what no row has.
    ("deepinfra", &["deepinfra"], At::Unknown),
    ("vercel", &["vercel"], At::Unknown),
];

/// At which of a row's addresses opencode asks.
#[derive(Clone, Copy)]
enum At {
    Usual,
    Anthropic,
    Fixed(&'static str),
    Unknown,
}

/// One provider as opencode is told of it.
struct ProviderConfig<'a> {
    name: &'a str,
    key: &'a str,
    url: String,
}

/// The configuration for what is planned.
pub(super) fn configuration(wanted: &Wanted<'_>, set: &[Setting]) -> String {
    let mut all: Vec<ProviderConfig<'_>> = SHAPED.iter().filter_map(|shaped| of_shape(shaped, set)).collect();
    for config in wanted.targets.iter().flat_map(|target| of_row(target, set)) {
        if all.iter().all(|known| known.name != config.name) {
            all.push(config);
        }
    }
    let names: Vec<String> = all.iter().map(|config| format!(r#""{}""#, config.name)).collect();
    // Neither a name, nor a variable, nor a base URL that was checked has a character that JSON would escape.
    let row = |ProviderConfig { name, key, url }: &ProviderConfig<'_>| {
        format!(r#""{name}":{{"options":{{"apiKey":"{{env:{key}}}","baseURL":"{url}"}}}}"#)
    };
    let rows: Vec<String> = all.iter().map(row).collect();
    format!(r#"{{"provider":{{{}}},"enabled_providers":[{}]}}"#, rows.join(","), names.join(","))
}

/// opencode's names for a provider, and the address at which it asks it; none where that isn't known.
pub fn names(row: &Provider) -> Option<(Vec<&str>, String)> {
    if let Some((name, _, _, home)) = SHAPED.iter().find(|(name, ..)| *name == row.id.as_str()) {
        let version = if *name == "anthropic" { "/v1" } else { "" };
        let url = format!("{home}{version}");
        // A row that was replaced may be somewhere else.
        return Url::parse(&url).filter(|url| row.is_at(url)).map(|_| (vec![*name], url.clone()));
    }
    let known = KNOWN.iter().find(|(id, ..)| *id == row.id.as_str());
    let url = address(row, known.map_or(At::Usual, |(.., at)| *at))?;
    Some((known.map_or_else(|| vec![row.id.as_str()], |(_, names, _)| names.to_vec()), url))
}

/// Whether a configuration leaves opencode no provider to work with.
pub(super) fn is_empty(configuration: &str) -> bool {
    configuration.ends_with(r#""enabled_providers":[]}"#)
}

fn of_shape<'a>(
    (name, key, url, home): &(&'a str, &'a str, &str, &str),
    set: &[Setting],
) -> Option<ProviderConfig<'a>> {
    let planned = |name: &str| set.iter().find(|(own, _)| own == name).map(|(_, value)| value.expose());
    planned(key)?;
    let url = planned(url).unwrap_or(home).trim_end_matches('/');
    let version = if *name == "anthropic" { "/v1" } else { "" };
    Some(ProviderConfig { name, key, url: format!("{url}{version}") })
}

fn of_row<'a>(target: &Target<'a>, set: &[Setting]) -> Vec<ProviderConfig<'a>> {
    let row = target.provider;
    let is_planned = |name: &&String| set.iter().any(|(own, _)| own == *name);
    let is_shaped = |name: &String| SHAPED.iter().any(|(_, key, ..)| key == name);
    let Some(key) = row.env.api_key.iter().find(is_planned).filter(|name| !is_shaped(name)) else { return Vec::new() };
    let known = KNOWN.iter().find(|(id, ..)| *id == row.id.as_str());
    let Some(url) = address(row, known.map_or(At::Usual, |(.., at)| *at)).filter(|_| target.shape == Shape::Own) else {
        return Vec::new();
    };
    let names: Vec<&str> = match known {
        Some((_, names, _)) => names.to_vec(),
        None => std::iter::once(&row.id).chain(&row.aliases).map(ProviderId::as_str).collect(),
    };
    names.into_iter().map(|name| ProviderConfig { name, key, url: url.clone() }).collect()
}

fn address(row: &Provider, at: At) -> Option<String> {
    let urls = &row.base_urls;
    let anthropic = || urls.anthropic.as_ref().map(|url| format!("{}/v1", url.trim_end_matches('/')));
    let usual = || {
        let url = urls.openai.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        url.or_else(anthropic).or_else(|| urls.own.clone())
    };
    match at {
        At::Anthropic => anthropic().or_else(usual),
        At::Usual => usual(),
        // A row that was replaced may be somewhere else.
        At::Fixed(url) if Url::parse(url).is_some_and(|url| row.is_at(&url)) => Some(url.to_owned()),
        At::Unknown | At::Fixed(_) => None,
    }
}
