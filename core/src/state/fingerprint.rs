//! The short digest by which a secret is recognised, computed here and nowhere else: whoever brings a secret can't say what
//! its digest is.

use std::fmt;

use hmac_sha256::Hash;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret::Secret;

/// The first eight bytes of a SHA-256: enough to recognise what was seen before. What is hard to guess can't be recovered
/// from it; a password that stands in a list can.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 8]);

/// The fingerprint of a secret.
pub fn fingerprint(secret: &Secret) -> Fingerprint {
    digest(&[secret.expose_secret()])
}

/// The fingerprint of what is not one secret: an account, a value of a `.env` file as it stands there. The length of each
/// part is part of it, so that no two lists of parts read as the same bytes; a single part is digested as it is.
pub fn digest(parts: &[&str]) -> Fingerprint {
    let mut hash = Hash::new();
    if let [one] = parts {
        hash.update(one.as_bytes());
    } else {
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    head(&hash.finalize())
}

/// The first eight bytes of a digest.
pub(super) fn head(digest: &[u8]) -> Fingerprint {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Fingerprint(first)
}

const LEAD: &str = "sha256:";

impl Fingerprint {
    /// Its text, which is made without `fmt`: each commit writes hundreds of them.
    fn text(self) -> [u8; LEAD.len() + 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; LEAD.len() + 16];
        let (lead, digits) = text.split_at_mut(LEAD.len());
        lead.copy_from_slice(LEAD.as_bytes());
        for (two, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            two.copy_from_slice(&[byte >> 4, byte & 0xf].map(|digit| DIGITS[usize::from(digit)]));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(LEAD).filter(|hex| hex.len() == 16)?;
        u64::from_str_radix(hex, 16).ok().map(|value| Self(value.to_be_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    /// `sha256:` and 16 hexadecimal digits, the form other tools write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(AsText)
    }
}

/// Takes a text from where the parser has it.
struct AsText;

impl Visitor<'_> for AsText {
    type Value = Fingerprint;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`sha256:` and 16 hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Fingerprint, E> {
        let wrong = || E::custom("a fingerprint is `sha256:` and 16 hexadecimal digits");
        Fingerprint::parse(text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{grant, key, link, print, secret};

    #[test]
    fn a_fingerprint_survives_its_text_form() {
        let print = Fingerprint([0, 1, 2, 3, 4, 5, 6, 0xff]);
        assert_eq!(print.to_string(), "sha256:00010203040506ff");
        assert_eq!(format!("{print:?}"), "sha256:00010203040506ff");
        let json = serde_json::to_string(&print).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), print);
    }

    #[test]
    fn it_is_the_head_of_sha256_of_what_identifies_a_credential() {
        assert_eq!(fingerprint(&secret("abc")).to_string(), "sha256:ba7816bf8f01cfea");
        assert_eq!(key("abc").fingerprint(), print("abc"));
        assert_eq!(grant("at", Some("rt")).fingerprint(), print("rt"));
        assert_eq!(grant("at", None).fingerprint(), print("at"));
        assert_ne!(link("one").fingerprint(), link("other").fingerprint());
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
