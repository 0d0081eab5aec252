//! The names that appear in a store, on the command line and in paths. Each is parsed once, at the door.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text can't be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing but white space.
    #[error("a {0} can't be blank")]
    Blank(&'static str),
    /// Over the length that is allowed.
    #[error("a {what} has at most {max} characters")]
    TooLong {
        /// What kind of name it was.
        what: &'static str,
        /// The most characters it may have.
        max: usize,
    },
    /// A character that doesn't belong, such as `/`, a space or NUL.
    #[error("a {what} is made of {allowed}")]
    BadCharacter {
        /// What kind of name it was.
        what: &'static str,
        /// What it may be made of.
        allowed: &'static str,
    },
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a name.
            ///
            /// # Errors
            /// Says what the text breaks: it is blank, too long, or has a character that doesn't belong.
            pub fn new(text: &str) -> Result<Self, BadName> {
                Ok(Self($parse(text)?.into_owned()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            /// Takes the text over where it is a name as it stands, as in a document.
            fn try_from(text: String) -> Result<Self, BadName> {
                let changed = match $parse(&text)? {
                    Cow::Borrowed(same) if same.len() == text.len() => None,
                    other => Some(other.into_owned()),
                };
                Ok(Self(changed.unwrap_or(text)))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

name! {
    /// A provider's canonical id: trimmed and lower-cased. Aliases are resolved by the provider table, not here.
    ProviderId, parse_provider
}
name! {
    /// A profile's name: `[a-z0-9][a-z0-9._-]{0,63}`, so that it is a file name on every platform and never a path.
    ProfileName, parse_profile
}
name! {
    /// What tells a provider's entries apart. `default` unless said.
    Label, parse_label
}

impl Default for Label {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

fn parse_provider(text: &str) -> Result<Cow<'_, str>, BadName> {
    let text = text.trim();
    match slug("provider", text) {
        Ok(name) => Ok(Cow::Borrowed(name)),
        Err(_) => Ok(Cow::Owned(slug("provider", &text.to_lowercase())?.to_owned())),
    }
}

fn parse_profile(text: &str) -> Result<Cow<'_, str>, BadName> {
    slug("profile name", text).map(Cow::Borrowed)
}

fn slug<'a>(what: &'static str, text: &'a str) -> Result<&'a str, BadName> {
    let allowed = "a-z, 0-9, and after the first character also `.`, `_` and `-`";
    if text.trim().is_empty() {
        return Err(BadName::Blank(what));
    }
    if text.len() > 64 {
        return Err(BadName::TooLong { what, max: 64 });
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = text.bytes().enumerate().all(|(at, byte)| plain(byte) || (at > 0 && b"._-".contains(&byte)));
    if fits { Ok(text) } else { Err(BadName::BadCharacter { what, allowed }) }
}

fn parse_label(text: &str) -> Result<Cow<'_, str>, BadName> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BadName::Blank("label"));
    }
    if text.chars().count() > 128 {
        return Err(BadName::TooLong { what: "label", max: 128 });
    }
    if text.chars().any(char::is_control) {
        return Err(BadName::BadCharacter { what: "label", allowed: "printable characters" });
    }
    Ok(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_name_is_never_a_path() {
        for bad in ["", " ", ".", "..", "../x", "a/b", "a\0b", "A", "-a", "a b", &"a".repeat(65)] {
            assert!(ProfileName::new(bad).is_err(), "{bad:?}");
        }
        for good in ["a", "0", "work", "a.b_c-d", &"a".repeat(64)] {
            assert_eq!(ProfileName::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_provider_is_trimmed_and_lower_cased() {
        assert_eq!(ProviderId::new("  MiniMax ").unwrap().as_str(), "minimax");
        assert_eq!(ProviderId::new("  "), Err(BadName::Blank("provider")));
    }

    #[test]
    fn a_name_is_taken_over_as_it_stands_or_made_anew() {
        for (text, name) in [("work", "work"), (" Work ", "work"), ("\u{212a}imi", "kimi")] {
            let text = text.to_owned();
            let (place, is_name) = (text.as_ptr(), text == name);
            let made = ProviderId::try_from(text).unwrap();
            assert_eq!((made.as_str(), made.as_str().as_ptr() == place), (name, is_name));
        }
        assert_eq!(Label::try_from(" a b ".to_owned()).unwrap().as_str(), "a b");
    }

    #[test]
    fn a_stored_name_is_parsed_again() {
        assert!(serde_json::from_str::<ProfileName>("\"../x\"").is_err());
        assert!(serde_json::from_str::<Label>("\"a\\u0000b\"").is_err());
    }

    #[test]
    fn a_label_has_128_characters_at_most_of_whatever_script() {
        for letter in ["a", "ü"] {
            assert_eq!(Label::new(&letter.repeat(128)).unwrap().as_str(), letter.repeat(128));
            assert_eq!(Label::new(&letter.repeat(129)), Err(BadName::TooLong { what: "label", max: 128 }));
        }
    }
}
