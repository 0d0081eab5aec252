//! What is left of a secret that is gone: a digest by which it is recognised if somebody brings it again.
//!
//! A plain digest of a password tells the password to whoever tries a list of them. So a digest that outlives its secret is
//! keyed (HMAC, RFC 2104), with a key that lies elsewhere. What is keyed is the plain digest and not the secret: so one that
//! an older version left plain is keyed when its secret is long gone.

use std::fmt;
use std::sync::Arc;

use hmac_sha256::{HMAC, Hash};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::fingerprint::{Fingerprint, head};

/// How many bytes a key has.
pub const KEY_BYTES: usize = 32;

/// What one user's marks are keyed with. It is random, and lies where no store is.
#[derive(Clone)]
pub struct MarkKey {
    bytes: Arc<Zeroizing<[u8; KEY_BYTES]>>,
    id: Fingerprint,
}

impl MarkKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let id = head(&Hash::hash(&bytes));
        Self { bytes: Arc::new(Zeroizing::new(bytes)), id }
    }

    /// Tells this key from others, and nothing else of it.
    pub fn id(&self) -> Fingerprint {
        self.id
    }

    /// The keyed form of a plain digest.
    pub fn keyed(&self, plain: Fingerprint) -> Fingerprint {
        head(&HMAC::mac(plain.0, self.bytes.as_slice()))
    }
}

impl fmt::Debug for MarkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MarkKey({})", self.id)
    }
}

/// The key that is at hand, if there is one. No document holds it, and it is no part of what a profile says: two states are
/// equal whatever key is at hand.
#[derive(Clone, Debug, Default)]
pub struct AtHand(pub Option<MarkKey>);

impl PartialEq for AtHand {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl AtHand {
    /// What to look for among marks: a secret of this fingerprint.
    pub fn seek(&self, fingerprint: Fingerprint) -> Sought {
        let plain = Mark::from(fingerprint);
        Sought { plain, keyed: self.0.as_ref().map(|key| plain.keyed(key)) }
    }
}

/// The digest of a secret that is gone, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The digest: the secret's fingerprint, or the keyed form of that.
    pub fingerprint: Fingerprint,
    /// Which key it is keyed with; none if it is plain.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "fingerprint_key")]
    pub key: Option<Fingerprint>,
}

/// Whether a mark is that of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// It is.
    Yes,
    /// It is another's.
    No,
    /// Nobody can say: the key isn't at hand.
    Unknown,
}

impl From<Fingerprint> for Mark {
    fn from(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, key: None }
    }
}

impl Mark {
    /// The keyed form; one that is keyed already stays as it is.
    #[must_use]
    pub fn keyed(self, key: &MarkKey) -> Self {
        match self.key {
            None => Self { fingerprint: key.keyed(self.fingerprint), key: Some(key.id()) },
            Some(_) => self,
        }
    }
}

/// A secret that is looked for among marks, plain and keyed.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    plain: Mark,
    keyed: Option<Mark>,
}

impl Sought {
    /// Whether this mark is that of the secret.
    pub fn recognised(&self, mark: &Mark) -> Recognised {
        let here = [Some(self.plain), self.keyed].into_iter().flatten().find(|own| own.key == mark.key);
        match here {
            None => Recognised::Unknown,
            Some(own) if own == *mark => Recognised::Yes,
            Some(_) => Recognised::No,
        }
    }

    /// Whether it certainly is.
    pub fn is(&self, mark: &Mark) -> bool {
        self.recognised(mark) == Recognised::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::print;
    use crate::state::State;

    fn key(byte: u8) -> MarkKey {
        MarkKey::new([byte; KEY_BYTES])
    }

    fn seeking(key: Option<MarkKey>) -> Sought {
        State { at_hand: AtHand(key), ..State::default() }.seek(print("secret"))
    }

    #[test]
    fn a_secret_is_recognised_plain_and_keyed_and_nobody_can_say_under_another_key() {
        let (plain, other) = (Mark::from(print("secret")), Mark::from(print("other")));
        let said = |sought: &Sought, marks: [Mark; 2]| marks.map(|mark| sought.recognised(&mark));
        for sought in [seeking(None), seeking(Some(key(1)))] {
            assert_eq!(said(&sought, [plain, other]), [Recognised::Yes, Recognised::No]);
        }
        let keyed = [plain, other].map(|mark| mark.keyed(&key(1)));
        assert_eq!(said(&seeking(Some(key(1))), keyed), [Recognised::Yes, Recognised::No]);
        for sought in [seeking(None), seeking(Some(key(2)))] {
            assert_eq!(said(&sought, keyed), [Recognised::Unknown; 2]);
        }
    }

    #[test]
    fn a_keyed_mark_is_another_one_and_is_keyed_once() {
        let plain = Mark::from(print("secret"));
        let keyed = plain.keyed(&key(1));
        assert_ne!(keyed.fingerprint, plain.fingerprint);
        assert_ne!(keyed.fingerprint, plain.keyed(&key(2)).fingerprint);
        assert_eq!((keyed.keyed(&key(2)), keyed.key), (keyed, Some(key(1).id())));
        assert!(!format!("{:?}", key(7)).contains('7'.to_string().repeat(4).as_str()));
    }

    #[test]
    fn a_keyed_mark_is_hmac_sha256_of_the_plain_digest() {
        // Computed with another program: HMAC-SHA-256 under 32 bytes of 1 of the eight bytes 0 to 7.
        let keyed = key(1).keyed(Fingerprint([0, 1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(keyed.to_string(), "sha256:6f8cce5a5100dd46");
    }
}
