//! Text for people, in lines no wider than the terminal nor 80 columns: what is longer is broken between words. A word that is longer by
//! itself, such as a path, stays whole, and so does what is quoted, so that both can be copied.

use credlatch::plain;
use unicode_width::UnicodeWidthStr;

use crate::screen::columns;

/// Breaks a text into lines; the first begins with `head`, the others with as many blanks.
pub(crate) fn wrap(head: &str, text: &str) -> String {
    within(columns(), head, text)
}

fn within(columns: usize, head: &str, text: &str) -> String {
    let text = &*plain::line(text);
    let indent = " ".repeat(head.width());
    let mut lines = vec![head.to_owned()];
    let mut is_begun = false;
    for word in words(text) {
        let line = lines.last_mut().unwrap_or_else(|| unreachable!("there is always a line"));
        if is_begun && line.width() + 1 + word.width() > columns {
            lines.push(format!("{indent}{word}"));
            continue;
        }
        if is_begun {
            line.push(' ');
        }
        line.push_str(word);
        is_begun = true;
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Splits at blanks outside quotes. A quotation mark within a word, as in "entry's", opens nothing.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_quoted = matches!(first, '\'' | '`');
        let closes = |(at, c): &(usize, char)| {
            let after = rest[at + 1..].chars().next();
            *at > 0 && *c == first && after.is_none_or(|after| " ,;:.)".contains(after))
        };
        let from = if is_quoted { rest.char_indices().find(closes).map_or(0, |(at, _)| at) } else { 0 };
        let end = rest[from..].find(' ').map_or(rest.len(), |at| from + at);
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_indented() {
        let text = "word ".repeat(40);
        let wrapped = within(80, "  note  ", &text);
        assert!(wrapped.lines().count() > 2);
        for (at, line) in wrapped.lines().enumerate() {
            assert!(line.width() <= 80 && line.starts_with(if at == 0 { "  note  word" } else { "        word" }));
        }
        assert_eq!(wrapped.split_whitespace().count(), 41);
    }

    #[test]
    fn a_word_is_never_broken() {
        let path = "/a".repeat(60);
        assert_eq!(within(80, "- ", &format!("{path} is long")), format!("- {path}\n  is long"));
        assert_eq!(within(80, "- ", ""), "-");
        let quoted = format!("rm -- '/a  b{path}' now; `{path} x`, the entry's end");
        assert_eq!(within(80, "", &quoted), format!("rm --\n'/a  b{path}'\nnow;\n`{path} x`,\nthe entry's end"));
    }
}
