//! A key that seals documents, and what is sealed with it: AES-256-GCM (RFC 5116) under a key that is used once, derived from this
//! one and a random salt (HKDF-SHA256, RFC 5869).

use std::fmt;
use std::io;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt as Hkdf};
use zeroize::Zeroizing;

use crate::codec::KeyId;
use crate::key_file::KEY_BYTES;

/// Bytes of a salt: as many as make it certain that no two are alike.
const SALT_BYTES: usize = 16;

/// What each derived key is for: nothing that was sealed as one is opened as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A document.
    Document,
    /// What an issuer granted, as it is written down.
    Answer,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::Document => b"credlatch document 1",
            Self::Answer => b"credlatch answer 1",
        }
    }
}

/// What makes the key of one commit. It is no secret.
pub(crate) type Salt = [u8; SALT_BYTES];

/// A key. It shows nothing of itself but its id.
pub(super) struct SealKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: KeyId,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.id)
    }
}

/// Eight bytes of a derivation.
struct IdLength;

impl KeyType for IdLength {
    fn len(&self) -> usize {
        8
    }
}

impl SealKey {
    /// The key of these bytes.
    pub(crate) fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let mut id = [0; 8];
        let derived = Hkdf::new(HKDF_SHA256, &[]).extract(&*bytes);
        // It fails only for lengths that are longer than a derivation can be.
        let _ = derived.expand(&[b"credlatch key id 1"], IdLength).and_then(|bytes| bytes.fill(&mut id));
        Self { bytes, id: KeyId(u64::from_be_bytes(id)) }
    }

    /// What tells it from other keys, and says nothing of it.
    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    /// Seals what is in the buffer, in its place, and whatever it is bound to is needed to open it.
    pub(crate) fn seal(&self, purpose: Purpose, bound: &[u8], text: &mut Zeroizing<Vec<u8>>) -> io::Result<Salt> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let tag = self
            .derived(purpose, &salt)?
            .seal_in_place_separate_tag(once(), Aad::from(bound), text)
            .map_err(|_| io::Error::other("it is too long to be sealed"))?;
        text.extend_from_slice(tag.as_ref());
        Ok(salt)
    }

    /// Opens what is in the buffer, in its place; false if it was sealed with another key, bound to something else, or changed.
    pub(crate) fn open(&self, purpose: Purpose, salt: &Salt, bound: &[u8], text: &mut Zeroizing<Vec<u8>>) -> bool {
        let Ok(key) = self.derived(purpose, salt) else { return false };
        let Ok(opened) = key.open_in_place(once(), Aad::from(bound), text) else { return false };
        let length = opened.len();
        text.truncate(length);
        true
    }

    fn derived(&self, purpose: Purpose, salt: &Salt) -> io::Result<LessSafeKey> {
        let key = Hkdf::new(HKDF_SHA256, salt).extract(&*self.bytes);
        let key = key.expand(&[purpose.info()], &AES_256_GCM).map(UnboundKey::from);
        key.map(LessSafeKey::new).map_err(|_| io::Error::other("no key can be derived"))
    }
}

/// The nonce of a key that seals once.
fn once() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey::new(Zeroizing::new([byte; KEY_BYTES]))
    }

    fn sealed(by: &SealKey) -> (Salt, Zeroizing<Vec<u8>>) {
        let mut text = Zeroizing::new(b"rt-1".to_vec());
        let salt = by.seal(Purpose::Document, b"work", &mut text).unwrap();
        (salt, text)
    }

    #[test]
    fn what_was_sealed_is_opened_with_the_same_key_and_the_same_bonds_alone() {
        let (salt, text) = sealed(&key(1));
        assert_eq!(text.len(), 4 + 16);
        let open = |by: &SealKey, purpose, bound: &[u8]| {
            let mut text = text.clone();
            by.open(purpose, &salt, bound, &mut text).then_some(text)
        };
        assert_eq!(open(&key(1), Purpose::Document, b"work").unwrap().as_slice(), b"rt-1");
        assert_eq!(open(&key(2), Purpose::Document, b"work"), None);
        assert_eq!(open(&key(1), Purpose::Answer, b"work"), None);
        assert_eq!(open(&key(1), Purpose::Document, b"home"), None);
    }

    #[test]
    fn whatever_bit_is_changed_it_is_not_opened() {
        let (salt, text) = sealed(&key(1));
        for at in 0..text.len() * 8 {
            let mut text = text.clone();
            text[at / 8] ^= 1 << (at % 8);
            assert!(!key(1).open(Purpose::Document, &salt, b"work", &mut text));
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike_and_a_key_shows_nothing_of_itself() {
        assert_ne!(*sealed(&key(1)).1, *sealed(&key(1)).1);
        assert_ne!(key(1).id(), key(2).id());
        assert_eq!(format!("{:?}", key(1)), format!("SealKey({})", key(1).id()));
    }
}
