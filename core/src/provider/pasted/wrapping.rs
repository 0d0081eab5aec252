//! What stands around a key where people copy it from: a line of a shell, a header, a configuration.

use super::LeftOff;

/// The outermost wrapping, and what is in it.
pub(super) fn unwrapped_once(text: &str) -> Option<(LeftOff, &str)> {
    let marked = || text.strip_prefix('\u{feff}').map(|inner| (LeftOff::ByteOrderMark, inner));
    let assigned = || assigned(text).map(|inner| (LeftOff::Assignment, inner));
    let quoted = || quoted(text).map(|inner| (LeftOff::Quotes, inner));
    let bearer = || after_word(text, "bearer").map(|inner| (LeftOff::Bearer, inner));
    marked().or_else(assigned).or_else(|| named(text)).or_else(quoted).or_else(bearer)
}

/// What is assigned to a variable. Without a word that declares it (`export`) and without white space around `=` the name has
/// to tell that it is one: the padding of a key in base64 looks like an assignment, too.
fn assigned(text: &str) -> Option<&str> {
    let declared = ["export", "set"].iter().find_map(|word| after_word(text, word));
    let declared = declared.map(str::trim_start).or_else(|| text.strip_prefix("$env:"));
    let (name, value) = declared.unwrap_or(text).split_once('=')?;
    let is_spaced = name.ends_with(char::is_whitespace) && !name.trim().is_empty();
    let name = name.trim_end();
    let is_in_capitals = name.contains('_') && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_value = !value.trim_start_matches('=').is_empty();
    let is_certain = declared.is_some() || is_spaced || (has_value && (is_in_capitals || ends_as_name(name, "_")));
    let value = value.trim().strip_suffix(';').unwrap_or(value);
    (is_name(name, "_") && is_certain).then_some(value)
}

/// What follows a header's name, or a field's: `Authorization: …`, `x-api-key: …`, `OPENAI_API_KEY: …`, `"apiKey": "…",`.
fn named(text: &str) -> Option<(LeftOff, &str)> {
    let option = ["-H", "--header"].iter().find_map(|word| after_word(text, word)).map(str::trim_start);
    if let Some(header) = option {
        return Some((LeftOff::Header, quoted(header).unwrap_or(header)));
    }
    let (name, value) = text.split_once(':')?;
    let bare = quoted(name.trim_end()).unwrap_or(name);
    let is_header = HEADERS.iter().any(|header| bare.eq_ignore_ascii_case(header));
    // Some keys are of two parts with a colon between them, which white space never follows.
    let is_apart = value.starts_with(char::is_whitespace) || bare.len() < name.len();
    let is_field = is_name(bare, "_-") && ends_as_name(bare, "") && is_apart;
    let value = value.trim();
    match (is_header, is_field) {
        (true, _) => Some((LeftOff::Header, value)),
        (false, true) => Some((LeftOff::Field, value.strip_suffix(',').unwrap_or(value))),
        (false, false) => None,
    }
}

/// What is between a pair of quotation marks that stand nowhere else.
fn quoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| {
        let inner = text.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inner.contains([*open, *close])).then_some(inner)
    })
}

/// What follows a word and white space; case does not count.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    (first.eq_ignore_ascii_case(word) && rest.starts_with([' ', '\t'])).then_some(rest)
}

fn is_name(text: &str, more: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_plain)
}

/// Whether a name ends in what such variables and fields are called by.
fn ends_as_name(name: &str, before: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["key", "token", "secret"].iter().any(|word| lower.strip_suffix(word).is_some_and(|rest| rest.ends_with(before)))
}

pub(super) fn is_quote(c: char) -> bool {
    QUOTES.iter().any(|(open, close)| c == *open || c == *close)
}

/// Those of shells, of Markdown, and those that programs for writing put in their place.
const QUOTES: &[(char, char)] = &[('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('„', '“')];

/// In which requests carry a key, whatever the provider.
const HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-auth-token",
    "xi-api-key",
    "x-litellm-api-key",
];
