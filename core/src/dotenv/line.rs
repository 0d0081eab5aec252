//! A text in lines: which assign, and which can't be understood.

use zeroize::Zeroizing;

use super::error::DotenvError;
use super::unread::{NotRead, UnreadReason};
use super::value::value_of;

/// A line that assigns.
pub(super) struct Line<'a> {
    /// What stands before the key: white space, `export`.
    pub(super) lead: &'a str,
    pub(super) key: &'a str,
    /// The value with its quotes, and a comment that may follow.
    pub(super) raw: &'a str,
}

/// A line, or several that belong together, with their endings.
pub(super) struct Piece<'a> {
    /// The first one's number, counted from one.
    pub(super) line: usize,
    pub(super) text: &'a str,
    pub(super) kind: LineKind<'a>,
}

pub(super) enum LineKind<'a> {
    Sets(Line<'a>, Zeroizing<String>),
    /// Blank, a comment, or a name alone.
    SetsNothing,
    Unread(NotRead),
}

/// A text in pieces, which together are all of it.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let (mut rest, mut line) = (text, 1);
    std::iter::from_fn(move || {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (first, after) = rest.split_at(end);
        if first.is_empty() {
            return None;
        }
        let kind = read(line, first.strip_suffix(ending_of(first)).unwrap_or(first));
        let more = match kind {
            Err(Wrong::OpenQuote(quote)) => lines_until(after, quote),
            _ => 0,
        };
        let (text, after) = rest.split_at(end + more);
        let last = line + text.matches('\n').count().saturating_sub(usize::from(text.ends_with('\n')));
        let why = |wrong: &Wrong| match wrong {
            Wrong::NotAnAssignment => UnreadReason::NotAnAssignment,
            Wrong::OpenQuote(_) if more > 0 => UnreadReason::SeveralLines,
            Wrong::OpenQuote(_) => UnreadReason::OpenQuote,
        };
        let kind = kind.unwrap_or_else(|wrong| LineKind::Unread(NotRead { line, last, why: why(&wrong) }));
        let piece = Piece { line, text, kind };
        (rest, line) = (after, last + 1);
        Some(piece)
    })
}

/// How far a quoted value goes on in what follows its first line: up to the end of the line that closes it, and not at all
/// where nothing does. Some programs read it so; others take each line for itself.
pub(super) fn lines_until(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let closing = text.char_indices().find(|(_, c)| {
        let is_closing = *c == quote && !escaped;
        escaped = quote == '"' && *c == '\\' && !escaped;
        is_closing
    });
    let Some((at, _)) = closing else { return 0 };
    let end = text[at..].find('\n').map_or(text.len(), |more| at + more + 1);
    let after = text[at + 1..end].trim();
    if after.is_empty() || after.starts_with('#') { end } else { 0 }
}

pub(super) fn ending_of(line: &str) -> &str {
    let content = line.strip_suffix('\n').map_or(line, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    &line[content.len()..]
}

/// Why a line isn't understood.
pub(super) enum Wrong {
    NotAnAssignment,
    OpenQuote(char),
}

pub(super) fn read(line: usize, content: &str) -> Result<LineKind<'_>, Wrong> {
    // Some programs end a line at a lone carriage return, or a text at NUL; what follows would be hidden from us.
    if content.contains(['\r', '\0']) {
        return Err(Wrong::NotAnAssignment);
    }
    // Some editors put a byte order mark before the first line.
    let bare = content.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(content).trim();
    if bare.is_empty() || bare.starts_with('#') {
        return Ok(LineKind::SetsNothing);
    }
    let (head, raw) = bare.split_once('=').map_or((bare, None), |(head, raw)| (head.trim_end(), Some(raw.trim())));
    let key = head.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(head).trim_start();
    check_key(key).map_err(|_| Wrong::NotAnAssignment)?;
    let lead = content.split_once('=').and_then(|(head, _)| head.trim_end().strip_suffix(key)).unwrap_or_default();
    let Some(raw) = raw else { return Ok(LineKind::SetsNothing) };
    Ok(LineKind::Sets(Line { lead, key, raw }, value_of(raw)?))
}

pub(super) fn check_key(key: &str) -> Result<(), DotenvError> {
    // A shell would not assign one that begins with a digit; what programs read by that name is there all the same.
    let starts_well = key.bytes().find(|byte| !byte.is_ascii_digit());
    let starts_well = starts_well.is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if starts_well && key.chars().all(is_plain) { Ok(()) } else { Err(DotenvError::BadKey(key.to_owned())) }
}

pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}
