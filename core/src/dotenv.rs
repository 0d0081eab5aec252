//! The text of a `.env` file: read what is plain, change only what is named, leave every other byte as it was.

use std::fmt;

use zeroize::Zeroizing;

use crate::state::secret::Secret;

mod unread;

pub use unread::{NotRead, Why};

/// Why a `.env` file can't be rewritten. No variant holds any part of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DotenvError {
    /// Lines that may set a variable that is to go, and that not every program reads alike.
    #[error("at {} is {}, and it names {key}; nothing was changed", lines.place(), lines.why)]
    NotRead {
        /// Which lines, and why.
        lines: NotRead,
        /// The variable.
        key: String,
    },
    /// Not a name that a program could read.
    #[error("`{0}` can't be the name of a variable")]
    BadKey(String),
    /// A value that not every program would read back as it is.
    #[error("the value of {0} can't be written to a file: it has a line break, a single quote or a backslash")]
    BadValue(String),
    /// A variable that is to go is set once more in the middle of a line.
    #[error("line {line} sets {key} after something else; give it a line of its own, nothing was changed")]
    Hidden {
        /// Counted from one.
        line: usize,
        /// The variable.
        key: String,
    },
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// One assignment. `Debug` shows the key only.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable's name.
    pub key: String,
    /// Its value, without quotes.
    pub value: Zeroizing<String>,
    /// The line it is on, counted from one.
    pub line: usize,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment").field("key", &self.key).field("line", &self.line).finish_non_exhaustive()
    }
}

/// What a text says, as far as every program reads it alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Every assignment, in order, duplicates included: programs disagree on which of them counts.
    pub assignments: Vec<Assignment>,
    /// What isn't one for sure, in order. What stands there is nobody's to guess.
    pub unread: Vec<Unread>,
}

/// Lines that aren't understood. `Debug` shows where they are only.
#[derive(Clone, PartialEq, Eq)]
pub struct Unread {
    /// Which lines, and why.
    pub lines: NotRead,
    text: Zeroizing<String>,
}

impl Unread {
    /// Whether a variable is named there, which may then be set there.
    pub fn names(&self, key: &str) -> bool {
        self.text.split(|c: char| !is_plain(c)).any(|word| word == key)
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unread").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// Reads a text. `$NAME` in a value stays as it is, for nothing here reads the process environment.
pub fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for piece in pieces(text) {
        match piece.what {
            What::Sets(Line { key, .. }, value) => {
                parsed.assignments.push(Assignment { key: key.to_owned(), value, line: piece.line });
            }
            What::SetsNothing => {}
            What::Unread(lines) => parsed.unread.push(Unread { lines, text: Zeroizing::new(piece.text.to_owned()) }),
        }
    }
    parsed
}

/// Removes variables and sets others, and leaves every other line as it is, byte for byte.
///
/// A variable that is set takes the place of its first line; its other lines go. One that has no line is added at the end.
/// Lines that aren't understood stay, too, if they name none of these variables.
///
/// # Errors
/// Says which line may set one of them and can't be understood, or which value can't be written. There is no partly rewritten
/// text.
pub fn rewrite(text: &str, remove: &[&str], set: &[(&str, &Secret)]) -> Result<Zeroizing<String>, DotenvError> {
    let all: Vec<&str> = remove.iter().copied().chain(set.iter().map(|(key, _)| *key)).collect();
    all.iter().try_for_each(|key| check_key(key))?;
    let mut pending: Vec<(&str, Zeroizing<String>)> = Vec::new();
    for (key, secret) in set {
        pending.retain(|(own, _)| own != key);
        pending.push((key, written(key, secret)?));
    }
    // Room for all of it at once: a buffer that grows leaves copies of secrets behind.
    let added: usize = pending.iter().map(|(key, value)| key.len() + value.len() + "=\r\n".len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + added + "\r\n".len()));
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };

    for Piece { line, text, what } in pieces(text) {
        let Line { lead, key, raw } = match what {
            What::Sets(assigned, _) => assigned,
            What::SetsNothing => {
                out.push_str(text);
                continue;
            }
            What::Unread(lines) => {
                let unread = Unread { lines, text: Zeroizing::new(text.to_owned()) };
                if let Some(key) = all.iter().find(|key| unread.names(key)) {
                    return Err(DotenvError::NotRead { lines, key: (*key).to_owned() });
                }
                out.push_str(text);
                continue;
            }
        };
        if let Some(hidden) = words_set_in(raw).find(|word| all.contains(word)) {
            return Err(DotenvError::Hidden { line, key: hidden.to_owned() });
        }
        if let Some(at) = pending.iter().position(|(own, _)| *own == key) {
            let (key, value) = pending.remove(at);
            push(&mut out, &[lead, key, "=", &value, ending_of(text)]);
        } else if !all.contains(&key) {
            out.push_str(text);
        }
    }
    for (key, value) in pending {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(ending);
        }
        push(&mut out, &[key, "=", &value, ending]);
    }
    let before = parse(text);
    match before.unread.first().filter(|_| !is_told_alike(&before, &parse(&out), &all, set)) {
        Some(unread) => {
            Err(DotenvError::NotRead { lines: unread.lines, key: (*all.first().unwrap_or(&"")).to_owned() })
        }
        None => Ok(out),
    }
}

/// Whether what was to stay is read as before, and what was to go or to be set as it was meant. A quote that nothing closed
/// might be closed by what comes after it now.
fn is_told_alike(before: &Parsed, after: &Parsed, all: &[&str], set: &[(&str, &Secret)]) -> bool {
    let others = |parsed: &Parsed| -> Vec<(String, Zeroizing<String>)> {
        let others = parsed.assignments.iter().filter(|one| !all.contains(&one.key.as_str()));
        others.map(|one| (one.key.clone(), one.value.clone())).collect()
    };
    let times = |key: &str| after.assignments.iter().filter(|one| one.key == key).count();
    let is_set = |key: &str| set.iter().any(|(own, _)| *own == key);
    others(before) == others(after) && all.iter().all(|key| times(key) == usize::from(is_set(key)))
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

/// A line that assigns.
struct Line<'a> {
    /// What stands before the key: white space, `export`.
    lead: &'a str,
    key: &'a str,
    /// The value with its quotes, and a comment that may follow.
    raw: &'a str,
}

/// A line, or several that belong together, with their endings.
struct Piece<'a> {
    /// The first one's number, counted from one.
    line: usize,
    text: &'a str,
    what: What<'a>,
}

enum What<'a> {
    Sets(Line<'a>, Zeroizing<String>),
    /// Blank, a comment, or a name alone.
    SetsNothing,
    Unread(NotRead),
}

/// A text in pieces, which together are all of it.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let (mut rest, mut line) = (text, 1);
    std::iter::from_fn(move || {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (first, after) = rest.split_at(end);
        if first.is_empty() {
            return None;
        }
        let what = read(line, first.strip_suffix(ending_of(first)).unwrap_or(first));
        let more = match what {
            Err(Wrong::OpenQuote(quote)) => lines_until(after, quote),
            _ => 0,
        };
        let (text, after) = rest.split_at(end + more);
        let last = line + text.matches('\n').count().saturating_sub(usize::from(text.ends_with('\n')));
        let why = |wrong: &Wrong| match wrong {
            Wrong::NotAnAssignment => Why::NotAnAssignment,
            Wrong::OpenQuote(_) if more > 0 => Why::SeveralLines,
            Wrong::OpenQuote(_) => Why::OpenQuote,
        };
        let what = what.unwrap_or_else(|wrong| What::Unread(NotRead { line, last, why: why(&wrong) }));
        let piece = Piece { line, text, what };
        (rest, line) = (after, last + 1);
        Some(piece)
    })
}

/// How far a quoted value goes on in what follows its first line: up to the end of the line that closes it, and not at all
/// where nothing does. Some programs read it so; others take each line for itself.
fn lines_until(text: &str, quote: char) -> usize {
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

fn ending_of(line: &str) -> &str {
    let content = line.strip_suffix('\n').map_or(line, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    &line[content.len()..]
}

/// Why a line isn't understood.
enum Wrong {
    NotAnAssignment,
    OpenQuote(char),
}

fn read(line: usize, content: &str) -> Result<What<'_>, Wrong> {
    // Some programs end a line at a lone carriage return, or a text at NUL; what follows would be hidden from us.
    if content.contains(['\r', '\0']) {
        return Err(Wrong::NotAnAssignment);
    }
    // Some editors put a byte order mark before the first line.
    let bare = content.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(content).trim();
    if bare.is_empty() || bare.starts_with('#') {
        return Ok(What::SetsNothing);
    }
    let (head, raw) = bare.split_once('=').map_or((bare, None), |(head, raw)| (head.trim_end(), Some(raw.trim())));
    let key = head.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(head).trim_start();
    check_key(key).map_err(|_| Wrong::NotAnAssignment)?;
    let lead = content.split_once('=').and_then(|(head, _)| head.trim_end().strip_suffix(key)).unwrap_or_default();
    let Some(raw) = raw else { return Ok(What::SetsNothing) };
    Ok(What::Sets(Line { lead, key, raw }, value_of(raw)?))
}

/// The variables that a shell would also set on this line, as in `export A=1 B=2`. Quoted values hide none.
fn words_set_in(raw: &str) -> impl Iterator<Item = &str> {
    let bare = if raw.starts_with(QUOTES) { "" } else { raw };
    bare.split([' ', '\t', ';', '&']).skip(1).filter_map(|word| word.split_once('=').map(|(key, _)| key))
}

fn check_key(key: &str) -> Result<(), DotenvError> {
    // A shell would not assign one that begins with a digit; what programs read by that name is there all the same.
    let starts_well = key.bytes().find(|byte| !byte.is_ascii_digit());
    let starts_well = starts_well.is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if starts_well && key.chars().all(is_plain) { Ok(()) } else { Err(DotenvError::BadKey(key.to_owned())) }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

/// The value that a raw one stands for: quotes taken off, a comment after white space cut.
fn value_of(raw: &str) -> Result<Zeroizing<String>, Wrong> {
    let Some(quote) = raw.chars().next().filter(|first| QUOTES.contains(first)) else {
        let end = raw.find(" #").or_else(|| raw.find("\t#")).unwrap_or(raw.len());
        let value = if raw.starts_with('#') { "" } else { &raw[..end] };
        return Ok(Zeroizing::new(value.trim_end().to_owned()));
    };
    let mut value = Zeroizing::new(String::with_capacity(raw.len()));
    let mut rest = raw[1..].chars();
    while let Some(c) = rest.next() {
        match c {
            c if c == quote => {
                let after = rest.as_str().trim_start();
                let is_over = after.is_empty() || after.starts_with('#');
                return if is_over { Ok(value) } else { Err(Wrong::NotAnAssignment) };
            }
            '\\' if quote == '"' => match rest.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(escaped @ ('"' | '\\' | '$' | '`')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err(Wrong::OpenQuote(quote))
}

/// The form in which a secret is written: bare where every program agrees on it, else in single quotes.
fn written(key: &str, secret: &Secret) -> Result<Zeroizing<String>, DotenvError> {
    let text = secret.expose_secret();
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@%,".contains(&byte);
    if text.bytes().all(is_bare) {
        return Ok(Zeroizing::new(text.to_owned()));
    }
    if text.contains(['\'', '\\', '\n', '\r']) {
        return Err(DotenvError::BadValue(key.to_owned()));
    }
    let mut quoted = Zeroizing::new(String::with_capacity(text.len() + 2));
    for part in ["'", text, "'"] {
        quoted.push_str(part);
    }
    Ok(quoted)
}

#[cfg(test)]
mod tests;
