//! A value as it stands in a line, with its quotes, and as it is.

use zeroize::Zeroizing;

use super::error::DotenvError;
use super::line::Wrong;
use crate::state::secret::Secret;

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The variables that a shell would also set on this line, as in `export A=1 B=2`. Quoted values hide none.
pub(super) fn words_set_in(raw: &str) -> impl Iterator<Item = &str> {
    let bare = if raw.starts_with(QUOTES) { "" } else { raw };
    bare.split([' ', '\t', ';', '&']).skip(1).filter_map(|word| word.split_once('=').map(|(key, _)| key))
}

/// The value that a raw one stands for: quotes taken off, a comment after white space cut.
pub(super) fn value_of(raw: &str) -> Result<Zeroizing<String>, Wrong> {
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
pub(super) fn written(key: &str, secret: &Secret) -> Result<Zeroizing<String>, DotenvError> {
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
