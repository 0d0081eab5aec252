//! A key as people paste it: with quotation marks, the word `Bearer` or `NAME=` around it.
//!
//! What can only be wrapping is left off, and said to have been. What is more or less than one key is refused, so that it
//! takes the place of none.

use std::fmt;

use crate::state::secret::{BadSecret, Secret};

/// A key, and what stood around it. `Debug` shows nothing of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pasted {
    /// The key.
    pub key: Secret,
    /// What is no part of it, from the outside in.
    pub left_off: Vec<LeftOff>,
}

/// What stood around a key. No variant holds any part of what was pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOff {
    /// `NAME=`, with or without `export` before it.
    Assignment,
    /// Quotation marks on both sides.
    Quotes,
    /// The word that stands before a token in a header.
    Bearer,
}

/// Why what was pasted is no key. No variant holds any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// It can't be a secret at all.
    #[error("{0}")]
    Secret(#[from] BadSecret),
    /// More than one word.
    #[error("the secret has white space inside, so it is more than a key; give the key alone")]
    WhiteSpace,
    /// A quotation mark on one side only: half of it was copied.
    #[error(
        "the secret has a quotation mark at one end and none at the other; give the whole key, without quotation marks"
    )]
    HalfQuoted,
    /// It stands for a variable that nothing has replaced.
    #[error("this is the name of a variable and not what it holds; in a shell, write it in double quotation marks")]
    Reference,
}

/// Takes the key out of what was pasted.
///
/// # Errors
/// Says why it is no key, or not one alone.
pub fn pasted(text: &str) -> Result<Pasted, NotAKey> {
    let (mut rest, mut left_off) = (text.trim(), Vec::new());
    while let Some((what, inner)) = unwrapped_once(rest) {
        left_off.push(what);
        rest = inner.trim();
    }
    if rest.starts_with(is_quote) || rest.ends_with(is_quote) {
        return Err(NotAKey::HalfQuoted);
    }
    if is_reference(rest) {
        return Err(NotAKey::Reference);
    }
    let key = Secret::try_from(rest)?;
    if rest.contains(char::is_whitespace) {
        return Err(NotAKey::WhiteSpace);
    }
    Ok(Pasted { key, left_off })
}

/// The outermost wrapping, and what is in it.
fn unwrapped_once(text: &str) -> Option<(LeftOff, &str)> {
    let assigned = || assigned(text).map(|inner| (LeftOff::Assignment, inner));
    let quoted = || quoted(text).map(|inner| (LeftOff::Quotes, inner));
    let bearer = || after_word(text, "bearer").map(|inner| (LeftOff::Bearer, inner));
    assigned().or_else(quoted).or_else(bearer)
}

/// What is assigned to a variable. Without `export` its name is in capitals and of several words: the padding of a key in
/// base64 looks like an assignment, too.
fn assigned(text: &str) -> Option<&str> {
    let exported = after_word(text, "export").map(str::trim_start);
    let (name, value) = exported.unwrap_or(text).split_once('=')?;
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_in_capitals = name.contains('_') && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_value = !value.trim_start_matches('=').is_empty();
    (is_name(name) && (exported.is_some() || (is_in_capitals && has_value))).then_some(value)
}

/// What is between a pair of quotation marks that stand nowhere else.
fn quoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| {
        let inner = text.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inner.contains([*open, *close])).then_some(inner)
    })
}

/// What follows a word and white space; case does not count.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    (first.eq_ignore_ascii_case(word) && rest.starts_with([' ', '\t'])).then_some(rest)
}

/// Whether it is `$NAME` or `${NAME}` and nothing else.
fn is_reference(text: &str) -> bool {
    let Some(name) = text.strip_prefix('$') else { return false };
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.bytes().all(is_plain)
}

fn is_quote(c: char) -> bool {
    QUOTES.iter().any(|(open, close)| c == *open || c == *close)
}

/// Those of shells, of Markdown, and those that programs for writing put in their place.
const QUOTES: &[(char, char)] = &[('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('„', '“')];

impl fmt::Display for LeftOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assignment => "a variable's name and `=`",
            Self::Quotes => "quotation marks",
            Self::Bearer => "the word `Bearer`",
        })
    }
}

#[cfg(test)]
mod tests;
