//! The form of a sealed document: what everybody may read of it, and the document as it is otherwise, sealed. An older program
//! finds a version that it doesn't know, and refuses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credlatch_core::state::Nonce;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::{Purpose, Salt, SealKey};
use crate::codec::{CommitNumber, KeyId, SEALED_VERSION};

/// What everybody may read. All of it is bound to what is sealed: whoever changes it, or puts what is sealed beside that of another
/// document, breaks the seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// The key that it is sealed with.
    pub(super) key: KeyId,
    /// The store's random name.
    pub(super) store: Nonce,
    /// The profile.
    pub(super) profile: String,
    /// The commit.
    pub(super) commit: CommitNumber,
    /// The state's generation.
    pub(super) generation: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    version: u64,
    sealed: Header,
    /// 32 hexadecimal digits.
    salt: Nonce,
    /// In base64.
    document: String,
}

/// A sealed document, before it is opened.
pub(super) struct Sealed {
    pub(super) header: Header,
    salt: Salt,
    text: Zeroizing<Vec<u8>>,
}

/// A document's bytes, sealed.
pub(super) fn seal(key: &SealKey, header: Header, mut document: Zeroizing<Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let salt = key.seal(Purpose::Document, &bonds(&header), &mut document)?;
    let salt = Nonce(u128::from_be_bytes(salt));
    let document = STANDARD.encode(&*document);
    let mut bytes = serde_json::to_vec(&Envelope { version: SEALED_VERSION, sealed: header, salt, document })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What bytes say that are no plain document; none if they are no sealed one either.
pub(super) fn parse(bytes: &[u8]) -> Option<Sealed> {
    let Envelope { version, sealed: header, salt, document } = serde_json::from_slice(bytes).ok()?;
    let text = Zeroizing::new(STANDARD.decode(document).ok()?);
    (version == SEALED_VERSION).then_some(Sealed { header, salt: salt.0.to_be_bytes(), text })
}

impl Sealed {
    /// The document's bytes; none if the seal is broken.
    pub(super) fn open(mut self, key: &SealKey) -> Option<Zeroizing<Vec<u8>>> {
        let bonds = bonds(&self.header);
        key.open(Purpose::Document, &self.salt, &bonds, &mut self.text).then_some(self.text)
    }
}

/// The header as bytes, the same whoever wrote it and however it was spaced.
fn bonds(header: &Header) -> Vec<u8> {
    serde_json::to_vec(header).unwrap_or_default()
}

/// What these bytes are sealed as, as everybody may read; none if they are no sealed document.
#[cfg(feature = "etcd")]
pub(crate) fn place_of(bytes: &[u8]) -> Option<String> {
    Some(parse(bytes)?.header.profile)
}

/// The key that these bytes are sealed with, as everybody may read; none if they are no sealed document.
#[cfg(feature = "etcd")]
pub(crate) fn key_of(bytes: &[u8]) -> Option<KeyId> {
    Some(parse(bytes)?.header.key)
}
