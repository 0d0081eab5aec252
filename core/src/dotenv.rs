//! The text of a `.env` file: read what is plain, change only what is named, leave every other byte as it was.

use std::fmt;

use zeroize::Zeroizing;

use crate::state::secret::Secret;

/// Why a `.env` file can't be read or rewritten. No variant holds any part of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DotenvError {
    /// Neither blank, nor a comment, nor one assignment.
    #[error("line {line} is not plain KEY=value; mend or remove it, nothing was changed")]
    NotAnAssignment {
        /// Counted from one.
        line: usize,
    },
    /// A quote that is open at the end of its line. Programs disagree on what such a value is.
    #[error("line {line} opens a quote that it doesn't close; put the value of {key} on one line, nothing was changed")]
    OpenQuote {
        /// Counted from one.
        line: usize,
        /// Whose value it is.
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

/// Reads every assignment, in order, duplicates included: programs disagree on which of them counts. `$NAME` in a value
/// stays as it is, for nothing here reads the process environment.
///
/// # Errors
/// Says which line can't be understood. A file is read as a whole or not at all.
pub fn parse(text: &str) -> Result<Vec<Assignment>, DotenvError> {
    let mut assignments = Vec::new();
    for (line, content, _) in lines(text) {
        if let Some(Line { key, raw, .. }) = assignment(line, content)? {
            assignments.push(Assignment { key: key.to_owned(), value: value_of(line, key, raw)?, line });
        }
    }
    Ok(assignments)
}

/// Removes variables and sets others, and leaves every other line as it is, byte for byte.
///
/// A variable that is set takes the place of its first line; its other lines go. One that has no line is added at the end.
///
/// # Errors
/// Says which line can't be understood, or which value can't be written. There is no partly rewritten text.
pub fn rewrite(text: &str, remove: &[&str], set: &[(&str, &Secret)]) -> Result<Zeroizing<String>, DotenvError> {
    for key in remove.iter().chain(set.iter().map(|(key, _)| key)) {
        check_key(key)?;
    }
    let mut pending: Vec<(&str, Zeroizing<String>)> = Vec::new();
    for (key, secret) in set {
        pending.retain(|(own, _)| own != key);
        pending.push((key, written(key, secret)?));
    }
    // Room for all of it at once: a buffer that grows leaves copies of secrets behind.
    let added: usize = pending.iter().map(|(key, value)| key.len() + value.len() + "=\r\n".len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + added + "\r\n".len()));
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };

    let goes = |key: &str| remove.contains(&key) || set.iter().any(|(own, _)| *own == key);
    for (line, content, end) in lines(text) {
        let Some(Line { lead, key, raw }) = assignment(line, content)? else {
            push(&mut out, &[content, end]);
            continue;
        };
        value_of(line, key, raw)?;
        if let Some(hidden) = words_set_in(raw).find(|word| goes(word)) {
            return Err(DotenvError::Hidden { line, key: hidden.to_owned() });
        }
        if let Some(at) = pending.iter().position(|(own, _)| *own == key) {
            let (key, value) = pending.remove(at);
            push(&mut out, &[lead, key, "=", &value, end]);
        } else if !goes(key) {
            push(&mut out, &[content, end]);
        }
    }
    for (key, value) in pending {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(ending);
        }
        push(&mut out, &[key, "=", &value, ending]);
    }
    Ok(out)
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

/// Each line with its number, and its ending apart, so that what is kept can be put back as it was.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.split_inclusive('\n').enumerate().map(|(at, line)| {
        let content = line.strip_suffix('\n').map_or(line, |rest| rest.strip_suffix('\r').unwrap_or(rest));
        (at + 1, content, &line[content.len()..])
    })
}

/// The assignment on a line; `None` for a blank line, a comment, and a name alone, which sets nothing.
fn assignment(line: usize, content: &str) -> Result<Option<Line<'_>>, DotenvError> {
    let bad = || DotenvError::NotAnAssignment { line };
    // Some programs end a line at a lone carriage return, or a text at NUL; what follows would be hidden from us.
    if content.contains(['\r', '\0']) {
        return Err(bad());
    }
    // Some editors put a byte order mark before the first line.
    let bare = content.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(content).trim();
    if bare.is_empty() || bare.starts_with('#') {
        return Ok(None);
    }
    let (head, raw) = bare.split_once('=').map_or((bare, None), |(head, raw)| (head.trim_end(), Some(raw.trim())));
    let key = head.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(head).trim_start();
    check_key(key).map_err(|_| bad())?;
    let lead = content.split_once('=').and_then(|(head, _)| head.trim_end().strip_suffix(key)).unwrap_or_default();
    Ok(raw.map(|raw| Line { lead, key, raw }))
}

/// The variables that a shell would also set on this line, as in `export A=1 B=2`. Quoted values hide none.
fn words_set_in(raw: &str) -> impl Iterator<Item = &str> {
    let bare = if raw.starts_with(QUOTES) { "" } else { raw };
    bare.split([' ', '\t', ';', '&']).skip(1).filter_map(|word| word.split_once('=').map(|(key, _)| key))
}

fn check_key(key: &str) -> Result<(), DotenvError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    // A shell would not assign one that begins with a digit; what programs read by that name is there all the same.
    let starts_well = key.bytes().find(|byte| !byte.is_ascii_digit());
    let starts_well = starts_well.is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if starts_well && key.bytes().all(plain) { Ok(()) } else { Err(DotenvError::BadKey(key.to_owned())) }
}

/// The value that a raw one stands for: quotes taken off, a comment after white space cut.
fn value_of(line: usize, key: &str, raw: &str) -> Result<Zeroizing<String>, DotenvError> {
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
                return if is_over { Ok(value) } else { Err(DotenvError::NotAnAssignment { line }) };
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
    Err(DotenvError::OpenQuote { line, key: key.to_owned() })
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
