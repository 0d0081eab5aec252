//! Text that others wrote, made plain: the one place that decides what may reach a terminal.
//!
//! A file name, a label, a variable, an issuer's answer may hold escape sequences that clear a screen or forge a line,
//! marks that turn the direction of reading round, and characters that show nothing. Each of these is written as its
//! number, as in `\u{202e}`; everything else, in whatever script, stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line of a message: line breaks are written as their number as well.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, is_hidden, |out, c| {
        let _ = write!(out, "{}", c.escape_unicode());
    })
}

/// Text of several lines: line breaks stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(
        text,
        |c| c != '\n' && is_hidden(c),
        |out, c| {
            let _ = write!(out, "{}", c.escape_unicode());
        },
    )
}

/// A JSON text: what JSON leaves as it is, though a terminal shows nothing or something else, is escaped as JSON has it.
pub fn json(text: &str) -> Cow<'_, str> {
    escape(
        text,
        |c| !c.is_ascii_whitespace() && is_hidden(c),
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

/// The longest form of a character that is written as its number, in bytes: two units in JSON.
const ESCAPED_MAX: usize = 12;

fn escape(text: &str, hides: impl Fn(char) -> bool, put: impl Fn(&mut String, char)) -> Cow<'_, str> {
    // What is plain already, as every secret is, is not copied.
    if !text.chars().any(&hides) {
        return Cow::Borrowed(text);
    }
    // Made as large as it may get, because a text that grows leaves copies behind, and this one may hold a secret.
    let mut out = String::with_capacity(text.len() + text.chars().filter(|c| hides(*c)).count() * ESCAPED_MAX);
    for c in text.chars() {
        if hides(c) { put(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Control characters, marks that change the direction of reading (UAX 9), and what shows nothing (Unicode's default
/// ignorable code points, separators of lines, fillers and tags).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_may_hold_a_secret_is_escaped_without_growing() {
        for hostile in ["\u{e0041}", "\u{202e}", "\u{1b}"] {
            let text = format!("secret{}", hostile.repeat(100));
            for escaped in [json(&text), line(&text)] {
                let Cow::Owned(escaped) = escaped else { panic!("{escaped}") };
                assert_eq!(escaped.capacity(), text.len() + 100 * ESCAPED_MAX);
                assert!(escaped.len() <= escaped.capacity());
            }
        }
    }

    const HOSTILE: [&str; 12] = [
        "\u{1b}[2J",
        "\r",
        "\u{7f}",
        "\u{9b}31m",
        "\u{202e}",
        "\u{2066}",
        "\u{2069}",
        "\u{200b}",
        "\u{feff}",
        "\u{61c}",
        "\u{e0041}",
        "\u{0}",
    ];

    #[test]
    fn what_is_hidden_is_written_as_its_number() {
        for hidden in HOSTILE {
            let text = format!("a{hidden}b");
            for plain in [line(&text), lines(&text)] {
                assert!(!plain.chars().any(is_hidden) && plain.contains("\\u{"), "{plain:?}");
            }
        }
        assert_eq!(line("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(lines("a\u{202e}b\nc"), "a\\u{202e}b\nc");
    }

    #[test]
    fn what_can_be_seen_stays_in_whatever_script() {
        for text in ["plain text, `code` and C:\\path", "寿 ключ مفتاح κλειδί 🔑", ""] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(json(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_stays_json_and_means_the_same() {
        for hidden in HOSTILE {
            let value = serde_json::json!({"label": format!("a{hidden}b"), hidden: 1});
            let (text, pretty) = (value.to_string(), format!("{value:#}"));
            for text in [text, pretty] {
                let plain = json(&text);
                assert!(!plain.chars().any(|c| is_hidden(c) && c != '\n'), "{plain:?}");
                assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).unwrap(), value);
            }
        }
    }
}
