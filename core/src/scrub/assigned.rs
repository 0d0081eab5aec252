//! What a text gives a value to: `NAME=value` of a command line or an environment, `Name: value` of a header, `"name": "value"`
//! of JSON.
//!
//! Programs hand such texts on: `make` its arguments in `MAKEFLAGS`, npm a script's own line, sudo the command, a workflow all its
//! secrets as JSON. A key that no prefix gives away is told by the name before it.

use crate::provider::sniff;

/// Nothing shorter is a key.
const SHORTEST: usize = 8;

/// Each name in a text that stands before a value which could be a key, and that value.
pub(super) fn assigned(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(['=', ':']).filter_map(|(at, sign)| {
        let (before, after) = (text[..at].trim_end_matches(is_around), &text[at + sign.len()..]);
        let name = &before[before.trim_end_matches(is_of_name).len()..];
        let name = name.trim_start_matches(['-', '.']);
        let value = sniff::unwrapped(after.trim_start_matches(is_around));
        let is_scheme = |word: &str| ["basic", "token"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        let value = value.split_once(' ').filter(|(word, _)| is_scheme(word)).map_or(value, |(_, rest)| rest);
        let value = &value[..value.find(|c| !is_of_key(c)).unwrap_or(value.len())];
        let is_value = value.len() >= SHORTEST && value.starts_with(|c: char| c.is_ascii_alphanumeric());
        (is_value && !name.is_empty()).then_some((name, value))
    })
}

/// Quotation marks, what escapes them in a text in a text, and white space.
fn is_around(c: char) -> bool {
    c.is_whitespace() || "\"'\\".contains(c)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.".contains(c)
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./+=~:@%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        assigned(text).map(|(name, _)| name).collect()
    }

    #[test]
    fn a_name_before_a_value_is_found_however_that_is_written() {
        for text in [
            "ACME_API_KEY=0123456789",
            " -j4 -- ACME_API_KEY=0123456789",
            "env ACME_API_KEY='0123456789' agent",
            "{\"ACME_API_KEY\": \"0123456789\"}",
            "{\\\"ACME_API_KEY\\\":\\\"0123456789\\\"}",
            "A=b\nACME_API_KEY=0123456789\n",
            "ACME_API_KEY: Bearer 0123456789",
            "--ACME_API_KEY=0123456789",
        ] {
            assert_eq!(assigned(text).collect::<Vec<_>>(), [("ACME_API_KEY", "0123456789")], "{text}");
        }
        assert_eq!(names("x-api-key: 0123456789"), ["x-api-key"]);
        assert_eq!(assigned("ACME_URL=https://x").next(), Some(("ACME_URL", "https://x")));
        assert_eq!(names("Authorization: Basic 0123456789"), ["Authorization"]);
        assert_eq!(names("-Dspring.ai.api-key=0123456789"), ["Dspring.ai.api-key"]);
    }

    #[test]
    fn what_only_points_to_a_value_or_has_none_is_no_assignment() {
        for text in [
            "",
            "A=",
            "A=b",
            "ACME_API_KEY=$OTHER_KEY",
            "-e ACME_API_KEY",
            "/opt/key:/usr/local/bin",
            "=0123456789",
            "https://x",
        ] {
            assert_eq!(names(text), Vec::<&str>::new(), "{text}");
        }
    }
}
