//! Finds secrets by how they begin, whatever variable they are in and whatever stands around them.

use super::{Kind, Table};
use crate::name::ProviderId;

/// A prefix this long is no accident, so it is believed wherever it stands.
const UNMISTAKABLE: usize = 12;

/// What follows a shorter prefix in the middle of a text must be this long, and have a digit, to be believed: `xai-` is in
/// the names of directories, too, and `sk-api-` in `task-api-gateway`.
const CONVINCING: usize = 16;

/// A secret that was found in a text. It borrows that text and has no `Debug`.
#[derive(Clone)]
pub struct Token<'a> {
    /// From its first character to the end of the text.
    pub from_here: &'a str,
    /// What its prefix says it is; `None` for what belongs in no variable.
    pub kind: Option<Kind>,
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
    let mut before = None;
    let mut found = Vec::new();
    for (at, first) in text.char_indices() {
        let from_here = &text[at..];
        if let Some((prefix, kind)) = longest_prefix(table, from_here)
            && is_believable(&text[..at], before, prefix, from_here)
        {
            found.push(Token { from_here, kind, owners: table.owners(prefix).collect() });
        }
        before = Some(first);
    }
    found
}

/// Whether a whole text has the form of a key that many providers give and that names none of them: `sk-` and at least 32
/// letters and digits, with nothing between them.
pub fn is_nameless_key(text: &str) -> bool {
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
    let (prefix, kind) = longest_prefix(table, text)?;
    Some(Token { from_here: text, kind, owners: table.owners(prefix).collect() })
}

fn longest_prefix<'a>(table: &'a Table, text: &str) -> Option<(&'a str, Option<Kind>)> {
    table.prefixes().filter(|(prefix, _)| text.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len())
}

fn is_believable(head: &str, before: Option<char>, prefix: &str, from_here: &str) -> bool {
    if prefix.len() >= UNMISTAKABLE || is_wrapping(head) {
        return true;
    }
    let is_inside_a_word = before.is_some_and(is_token_char);
    let is_in_a_path = head.ends_with('/') && !head.ends_with("//");
    let tail = &from_here[prefix.len()..];
    let tail = &tail[..tail.find(|c| !is_token_char(c)).unwrap_or(tail.len())];
    !is_inside_a_word && !is_in_a_path && tail.len() >= CONVINCING && tail.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a text is only what people put before a secret: quotes, white space, the word `Bearer`.
fn is_wrapping(head: &str) -> bool {
    let rest = trimmed(head);
    rest.is_empty() || rest.eq_ignore_ascii_case("bearer")
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
        for short in ["gsk_1", "bearer gsk_1", "\"gsk_1\"", "'gsk_1'", "\"Bearer gsk_1\"", " 'bearer\tgsk_1'"] {
            assert_eq!(owners_in(short), ["groq"], "{short}");
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
        ] {
            assert_eq!(owners_in(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_longest_prefix_tells_the_kind() {
        let table = built_in();
        let kind = |text| whole(&table, text).map(|token| token.kind);
        assert_eq!(kind("sk-ant-oat01-x"), Some(Some(Kind::OauthToken)));
        assert_eq!(kind("sk-ant-api03-x"), Some(Some(Kind::ApiKey)));
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
