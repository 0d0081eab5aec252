//! What was brought as a key: by a person who pasted it, by a variable, by another tool's file, by a program that sets it.
//!
//! What can only be wrapping is left off, and said to have been. What is more or less than one key, or stands in the place of
//! one, is refused, so that it takes the place of none. Every way in asks here, and nothing is asked of where it came from.

mod instead;
mod utf16;
mod wrapping;

use std::fmt;

pub use utf16::is_utf16;

use crate::state::secret::{BadSecret, Secret};
use wrapping::{is_quote, unwrapped_once};

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
#[non_exhaustive]
pub enum LeftOff {
    /// `NAME=`, with or without `export` before it.
    Assignment,
    /// Quotation marks on both sides.
    Quotes,
    /// The word that stands before a token in a header.
    Bearer,
    /// `Authorization:`, `x-api-key:` and their like.
    Header,
    /// `NAME:`, as in YAML and JSON.
    Field,
    /// What some editors write before a text.
    ByteOrderMark,
}

/// Why what was brought is no key. No variant holds any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
    /// Something stands around it, and nobody can be told that it was left off.
    #[error("the secret has {0} around it, which is no part of it; give the secret alone")]
    Wrapped(LeftOff),
    /// It stands for a variable that nothing has replaced.
    #[error("this is the name of a variable and not what it holds; give what it holds")]
    Reference,
    /// A command that would print it.
    #[error("this is a command that prints a secret, and no secret; give what it prints")]
    Command,
    /// The address of a secret in a file, a password manager or a vault.
    #[error("this says where a secret is kept, and is none; give the secret itself")]
    Elsewhere,
    /// A secret that somebody encrypted.
    #[error("this is encrypted, and nothing here decrypts it; give what it decrypts to")]
    Encrypted,
    /// The place in a template where it belongs.
    #[error("this is a place in a template that nothing has filled in; give what belongs there")]
    Template,
    /// What an example has in the place of a key.
    #[error("this is a placeholder of an example, and no key; give the key that its issuer showed")]
    Example,
    /// What a program writes where there is no value.
    #[error("this is a word for no value, such as `null`, and no key; look at the program that wrote it")]
    Nothing,
    /// The address of a server.
    #[error("this is the address of a server, and no key")]
    Address,
    /// Text in an encoding that no secret comes in.
    #[error("this is UTF-16 text, and not UTF-8")]
    Utf16,
}

/// Takes the key out of what was brought. A server that wants no key (`keyless`) gets a placeholder if somebody gives one:
/// programs that insist on a key are given any.
///
/// # Errors
/// Says why it is no key, or not one alone.
pub fn pasted(text: &str, keyless: bool) -> Result<Pasted, NotAKey> {
    let (mut rest, mut left_off) = (text.trim(), Vec::new());
    while let Some((what, inner)) = unwrapped_once(rest) {
        left_off.push(what);
        rest = inner.trim();
    }
    if let Some(why) = instead::instead(rest, keyless) {
        return Err(why);
    }
    if rest.starts_with(is_quote) || rest.ends_with(is_quote) {
        return Err(NotAKey::HalfQuoted);
    }
    let key = Secret::try_from(rest)?;
    if rest.contains(char::is_whitespace) {
        return Err(NotAKey::WhiteSpace);
    }
    Ok(Pasted { key, left_off })
}

/// Looks whether a secret is one key and nothing else, for who can't be told what was left off.
///
/// # Errors
/// As [`pasted`], and [`NotAKey::Wrapped`] where that would leave something off.
pub fn alone(secret: &Secret, keyless: bool) -> Result<(), NotAKey> {
    let Pasted { left_off, .. } = pasted(secret.expose_secret(), keyless)?;
    left_off.first().map_or(Ok(()), |around| Err(NotAKey::Wrapped(*around)))
}

impl fmt::Display for LeftOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assignment => "a variable's name and `=`",
            Self::Quotes => "quotation marks",
            Self::Bearer => "the word `Bearer`",
            Self::Header => "a header's name",
            Self::Field => "a field's name",
            Self::ByteOrderMark => "a byte order mark",
        })
    }
}

#[cfg(test)]
mod tests;
