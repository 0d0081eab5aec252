//! Finds secrets by how they begin, whatever variable they are in and whatever stands around them.

use super::{Table, WireKind, material};
use crate::state::name::ProviderId;

/// A prefix this long, with a number in it as `sk-ant-api03-` has, is no accident, so it is believed wherever it stands. After
/// any other must follow what looks like a key: `xai-` is in the names of directories, too, and `sk-api-` in those of services.
const UNMISTAKABLE: usize = 12;

type Prefixed<'a> = (&'a str, Option<WireKind>);

/// A secret that was found in a text. It borrows that text and has no `Debug`.
#[derive(Clone)]
pub struct Token<'a> {
    /// From its first character to the end of the text.
    pub from_here: &'a str,
    /// What its prefix says it is; `None` for what belongs in no variable.
    pub kind: Option<WireKind>,
    /// The providers whose prefix it has.
    pub owners: Vec<&'a ProviderId>,
}

impl Token<'_> {
    /// Whether this provider is among the owners.
    pub fn belongs_to(&self, provider: &ProviderId) -> bool {
        self.owners.contains(&provider)
    }

    /// Whether this is exactly that secret, up to where it ends.
    pub fn is(&self, secret: &str) -> bool {
        self.from_here.strip_prefix(secret).is_some_and(|rest| !rest.starts_with(is_token_char))
    }
}

/// Every secret in a text that a known prefix gives away.
pub fn tokens<'a>(table: &'a Table, text: &'a str) -> Vec<Token<'a>> {
    let prefixes: Vec<Prefixed<'_>> = table.prefixes().collect();
    // Most characters begin no prefix, and then nothing is compared.
    let mut begins = [false; 256];
    prefixes.iter().filter_map(|(prefix, _)| prefix.bytes().next()).for_each(|first| begins[usize::from(first)] = true);
    let mut before = None;
    let mut found = Vec::new();
    for (at, first) in text.char_indices() {
        let from_here = &text[at..];
        if begins[usize::from(text.as_bytes()[at])]
            && let Some((prefix, kind)) = longest(prefixes.iter().copied(), from_here)
            && (is_unmistakable(prefix) || is_a_key(text, at, before, prefix))
        {
            found.push(Token { from_here, kind, owners: table.owners(prefix).collect() });
        }
        before = Some(first);
    }
    found
}

/// Every part of a text that has the form of a key that many providers give and that names none of them.
pub fn nameless_keys(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_token_char(c)).filter(|word| is_nameless_key(word))
}

/// Whether a text has a word in it that nobody made of words, such as a key without a prefix.
pub(crate) fn is_drawn_by_chance(text: &str) -> bool {
    text.split(|c: char| !is_token_char(c) && !"+=.".contains(c)).any(material::is_random)
}

/// `sk-` and at least 32 letters and digits, with nothing between them.
fn is_nameless_key(text: &str) -> bool {
    text.strip_prefix("sk-").is_some_and(|tail| {
        tail.len() >= 32
            && tail.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && tail.bytes().any(|byte| byte.is_ascii_digit())
    })
}

/// The text without what people put around a secret: white space, quotes, the word `Bearer`.
pub fn unwrapped(text: &str) -> &str {
    let text = trimmed(text);
    match text.split_at_checked(6) {
        Some((word, rest)) if word.eq_ignore_ascii_case("bearer") && rest.starts_with(char::is_whitespace) => {
            trimmed(rest)
        }
        _ => text,
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'')
}

/// The secret that a whole text is, if its prefix is known.
pub fn whole<'a>(table: &'a Table, text: &'a str) -> Option<Token<'a>> {
    let (prefix, kind) = longest(table.prefixes(), text)?;
    Some(Token { from_here: text, kind, owners: table.owners(prefix).collect() })
}

fn longest<'a>(prefixes: impl Iterator<Item = Prefixed<'a>>, text: &str) -> Option<Prefixed<'a>> {
    prefixes.filter(|(prefix, _)| text.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len())
}

fn is_unmistakable(prefix: &str) -> bool {
    prefix.len() >= UNMISTAKABLE && prefix.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether one of these prefixes begins a key somewhere in a text.
pub(crate) fn begins_a_key(prefixes: &[&str], text: &str) -> bool {
    let mut before = None;
    text.char_indices().any(|(at, first)| {
        let before = before.replace(first);
        let is_at_a_word = !before.is_some_and(is_token_char) && is_token_char(first);
        let mut here = prefixes.iter().filter(|prefix| is_at_a_word && text[at..].starts_with(**prefix));
        here.any(|prefix| is_a_key(text, at, before, prefix))
    })
}

/// Whether a prefix stands at the beginning of a word that isn't a part of a path, and what looks like a key follows it.
fn is_a_key(text: &str, at: usize, before: Option<char>, prefix: &str) -> bool {
    let head = &text[..at];
    let is_inside_a_word = before.is_some_and(is_token_char);
    let is_in_a_path = head.ends_with('/') && !head.ends_with("//");
    let tail = &text[at + prefix.len()..];
    let tail = &tail[..tail.find(|c| !is_token_char(c) && c != '.').unwrap_or(tail.len())];
    !is_inside_a_word && !is_in_a_path && material::is_random(tail)
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::super::tests::built_in;
    use super::*;

    fn owners_in(text: &str) -> Vec<String> {
        let table = built_in();
        let found = tokens(&table, text);
        found.iter().flat_map(|token| token.owners.iter().map(ToString::to_string)).collect()
    }

    #[test]
    fn a_secret_is_found_whatever_stands_around_it() {
        for text in [
            "sk-ant-oat01-x",
            "  \"sk-ant-oat01-x\"",
            "Bearer sk-ant-oat01-x",
            "{\"token\":\"sk-ant-oat01-x\"}",
            "A=1;KEY=sk-ant-oat01-x",
            "https://user:sk-ant-oat01-x@host/",
            "https://host/?key=sk-ant-oat01-x",
            "prefix_sk-ant-oat01-x",
            "\u{fc}sk-ant-oat01-x",
        ] {
            assert_eq!(owners_in(text), ["anthropic"], "{text}");
        }
        for (before, after) in
            [("", ""), ("bearer ", ""), ("\"", "\""), ("'", "'"), ("\"Bearer ", "\""), (" 'bearer\t", "'")]
        {
            let wrapped = format!("{before}gsk_abcdefgh12345678{after}");
            assert_eq!(owners_in(&wrapped), ["groq"], "{wrapped}");
        }
        assert_eq!(owners_in("{\"k\":\"gsk_abcdefgh12345678\"}"), ["groq"]);
        assert_eq!(owners_in("sk-ant-api03-x,xai-abcdefgh12345678"), ["anthropic", "xai"]);
        assert_eq!(owners_in("[\"sk-ant-ort01-abcdefgh12345678\"]"), ["anthropic"]);
    }

    #[test]
    fn an_ordinary_value_is_not_taken_for_a_secret() {
        for text in [
            "",
            "/usr/bin:/opt/xai-tools/bin:/home/me/gsk_project2024_with_a_long_name",
            "msgsk_1234567890abcdef",
            "not-xai-1234567890abcdef",
            "a gsk_short b",
            "task-api-gateway-2024-production",
            "/opt/sk-proj-tools/bin",
            "sk-",
            "Bearer",
            "xai-model",
            "sk-api-gateway",
            "gsk_x",
            "bedrock-api-key-rotation",
            "hf_home_of_the_whole_team",
            "sk-api-gateway-7d9f8b6c5d-x2x4z",
            "\"xai-model-serving-cluster-7\"",
        ] {
            assert_eq!(owners_in(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_longest_prefix_tells_the_kind() {
        let table = built_in();
        let kind = |text| whole(&table, text).map(|token| token.kind);
        assert_eq!(kind("sk-ant-oat01-x"), Some(Some(WireKind::OauthToken)));
        assert_eq!(kind("sk-ant-api03-x"), Some(Some(WireKind::ApiKey)));
        assert_eq!(kind("sk-ant-ort01-x"), Some(None));
        assert_eq!(kind("unknown"), None);
    }

    #[test]
    fn a_secret_is_itself_only_to_its_end() {
        let table = built_in();
        let token = whole(&table, "sk-ant-api03-abc").unwrap();
        assert!(token.is("sk-ant-api03-abc"));
        assert!(!token.is("sk-ant-api03-ab"));
    }
}
