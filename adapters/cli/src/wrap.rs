//! Text for people, in lines of at most 80 columns: what is longer is broken between words. A word that is longer by
//! itself, such as a path, stays whole, so that it can be copied.

use unicode_width::UnicodeWidthStr;

const MOST_COLUMNS: usize = 80;

/// Breaks a text into lines; the first begins with `head`, the others with as many blanks.
pub(crate) fn wrap(head: &str, text: &str) -> String {
    let indent = " ".repeat(head.width());
    let mut lines = vec![head.to_owned()];
    let mut is_begun = false;
    for word in text.split_whitespace() {
        let line = lines.last_mut().unwrap_or_else(|| unreachable!("there is always a line"));
        if is_begun && line.width() + 1 + word.width() > MOST_COLUMNS {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_indented() {
        let text = "word ".repeat(40);
        let wrapped = wrap("  note  ", &text);
        assert!(wrapped.lines().count() > 2);
        for (at, line) in wrapped.lines().enumerate() {
            assert!(line.width() <= 80 && line.starts_with(if at == 0 { "  note  word" } else { "        word" }));
        }
        assert_eq!(wrapped.split_whitespace().count(), 41);
    }

    #[test]
    fn a_word_is_never_broken() {
        let path = "/a".repeat(60);
        assert_eq!(wrap("- ", &format!("{path} is long")), format!("- {path}\n  is long"));
        assert_eq!(wrap("- ", ""), "-");
    }
}
