//! The bytes that must never be seen.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The longest secret that is accepted, in bytes. Real keys and JWTs stay under 8 KiB; the margin is for odd issuers.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// A secret: an API key, an access token, a refresh token, a device code.
///
/// Clones share one allocation, and the last owner wipes it. `Debug` prints a fixed word, there is no `Display`, and it
/// is only serialized where a field asks for [`stored`], so that no payload carries it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Wiped>);

/// A text that is wiped when it goes.
#[derive(PartialEq, Eq)]
struct Wiped(Zeroizing<String>);

impl Drop for Wiped {
    /// What a text holds is wiped byte by byte, and its spare room at once: so it holds nothing then.
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Why a text can't be a secret. No variant holds any part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Nothing was left after surrounding white space was removed.
    #[error("the secret is empty")]
    Empty,
    /// A line break inside would end an HTTP header or a line of a file.
    #[error("the secret has a line break inside; give one line")]
    LineBreak,
    /// A character that can't stand in an HTTP header or an environment variable.
    #[error("the secret has a control or non-ASCII character; copy it again from where it was issued")]
    NotPrintable,
    /// A mask such as `***` that a tool printed in the secret's place.
    #[error("this is a redacted placeholder, not a secret; copy the real one from where it was issued")]
    Placeholder,
    /// Longer than [`MAX_SECRET_BYTES`].
    #[error("the secret is longer than 64 KiB")]
    TooLong,
}

impl Secret {
    /// The secret's text, for the one place that must send it.
    pub fn expose_secret(&self) -> &str {
        &self.0.0
    }

    /// How many owners share the bytes: the last of them wipes.
    #[doc(hidden)]
    pub fn owners(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

impl TryFrom<String> for Secret {
    type Error = BadSecret;

    /// Takes the text over, without white space around it; what was passed in is wiped.
    fn try_from(text: String) -> Result<Self, BadSecret> {
        let text = Zeroizing::new(text);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(BadSecret::Empty);
        }
        if trimmed.len() > MAX_SECRET_BYTES {
            return Err(BadSecret::TooLong);
        }
        // Nearly all are, and each that is stored is looked at whenever a document is read.
        let is_printable = trimmed.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !is_printable && trimmed.contains(['\n', '\r']) {
            return Err(BadSecret::LineBreak);
        }
        if is_placeholder(trimmed) {
            return Err(BadSecret::Placeholder);
        }
        if !is_printable {
            return Err(BadSecret::NotPrintable);
        }
        Ok(if trimmed.len() == text.len() {
            Self(Arc::new(Wiped(text)))
        } else {
            Self(Arc::new(Wiped(Zeroizing::new(trimmed.to_owned()))))
        })
    }
}

impl TryFrom<&str> for Secret {
    type Error = BadSecret;

    fn try_from(text: &str) -> Result<Self, BadSecret> {
        Self::try_from(text.to_owned())
    }
}

/// Tools print a key as `***`, `sk-…abc` or `<redacted>`; saved back, it would replace the real one. No copy of the text is made,
/// which nobody would wipe.
fn is_placeholder(text: &str) -> bool {
    let is_word = |word: &&str| text.eq_ignore_ascii_case(word);
    text.as_bytes().windows(3).any(|three| three == b"***")
        || !text.is_ascii() && text.contains(['…', '•', '●'])
        || text.ends_with("...")
        || ["redacted", "<redacted>", "[redacted]", "(redacted)"].iter().any(is_word)
        || text.bytes().all(|byte| byte == b'*')
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Serialization of a secret into a store. A field opts in with `#[serde(with = "stored")]`.
pub mod stored {
    use super::{Deserialize, Deserializer, Secret, Serializer};

    /// Writes the secret's text.
    ///
    /// # Errors
    /// Whatever the serializer reports.
    pub fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose_secret())
    }

    /// Reads a secret back, checked as [`Secret::try_from`] checks it.
    ///
    /// # Errors
    /// Says why the text can't be a secret, without the text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        Secret::try_from(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// Like [`stored`], for a secret that may be missing.
pub mod stored_option {
    use super::{Deserialize, Deserializer, Secret, Serialize, Serializer};

    /// Writes the secret's text, or null.
    ///
    /// # Errors
    /// Whatever the serializer reports.
    pub fn serialize<S: Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose_secret).serialize(to)
    }

    /// Reads a secret, or null.
    ///
    /// # Errors
    /// Says why the text can't be a secret, without the text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| Secret::try_from(text).map_err(serde::de::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_secret_is_not_part_of_it() {
        assert_eq!(Secret::try_from(" sk-1234\n").unwrap().expose_secret(), "sk-1234");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_with_the_reason() {
        let long = "x1".repeat(MAX_SECRET_BYTES);
        for (text, why) in [
            ("", BadSecret::Empty),
            (" \t\n", BadSecret::Empty),
            ("a\nb", BadSecret::LineBreak),
            ("a\0b", BadSecret::NotPrintable),
            ("schl\u{fc}ssel", BadSecret::NotPrintable),
            ("***", BadSecret::Placeholder),
            ("sk-ant-***", BadSecret::Placeholder),
            ("sk-12…89", BadSecret::Placeholder),
            ("<redacted>", BadSecret::Placeholder),
            (long.as_str(), BadSecret::TooLong),
        ] {
            assert_eq!(Secret::try_from(text), Err(why), "{}", text.len());
        }
    }

    #[test]
    fn a_secret_prints_as_a_fixed_word() {
        assert_eq!(format!("{:?}", Secret::try_from("sk-1234").unwrap()), "Secret(hidden)");
    }

    #[test]
    fn a_secret_may_be_64_kib_long_and_look_a_little_like_a_mask() {
        assert!(Secret::try_from("y".repeat(65_536)).is_ok());
        assert_eq!(Secret::try_from("y".repeat(65_537)), Err(BadSecret::TooLong));
        for (text, is_mask) in [("xxxx", false), ("your-api-key", false), ("sk-...", true), ("*", true), ("*a", false)]
        {
            assert_eq!(Secret::try_from(text).is_err(), is_mask, "{text}");
        }
    }

    #[test]
    fn clones_share_the_bytes_that_the_last_of_them_wipes() {
        let secret = Secret::try_from("sk-1234").unwrap();
        let clone = secret.clone();
        assert_eq!((secret.owners(), clone.owners()), (2, 2));
        drop(clone);
        assert_eq!(secret.owners(), 1);
    }

    #[test]
    fn a_stored_secret_may_be_missing_and_is_checked_when_it_is_there() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Document(#[serde(with = "stored_option")] Option<Secret>);
        for (json, secret) in [("null", None), ("\"sk-1234\"", Some(Secret::try_from("sk-1234").unwrap()))] {
            let document = Document(secret);
            assert_eq!(serde_json::from_str::<Document>(json).unwrap(), document);
            assert_eq!(serde_json::to_string(&document).unwrap(), json);
        }
        assert!(serde_json::from_str::<Document>("\"***\"").is_err());
    }
}
