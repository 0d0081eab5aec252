//! What an issuer granted, as it is written down beside a sealed document.

use credlatch_core::port::StoreError;
use credlatch_core::state::Nonce;
use zeroize::Zeroizing;

use super::Sealing;
use super::key::{Purpose, Salt};
use crate::codec::KeyId;

/// What a sealed answer begins with; a plain one begins with a brace.
const SEALED_ANSWER: &[u8; 8] = b"clseal1\n";

impl Sealing {
    /// What was granted, as it is written down beside a sealed document.
    ///
    /// # Errors
    /// There is no randomness to be had.
    #[doc(hidden)]
    pub fn write_answer(&self, attempt: Nonce, answer: Zeroizing<Vec<u8>>) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let Some(key) = self.current.lock().clone() else { return Ok(answer) };
        let mut text = answer;
        let salt = key.seal(Purpose::Answer, &attempt.0.to_be_bytes(), &mut text)?;
        let id = key.id().0.to_be_bytes();
        Ok(Zeroizing::new([SEALED_ANSWER, &id[..], &salt, &text].concat()))
    }

    /// What was written down, opened. What is of another attempt, or damaged, is nothing; so is plain text beside a sealed document, which
    /// whoever has no key may have put there.
    ///
    /// # Errors
    /// It is sealed, and the key is not at hand.
    #[doc(hidden)]
    pub fn read_answer(&self, attempt: Nonce, bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let Some(sealed) = bytes.strip_prefix(SEALED_ANSWER) else {
            return Ok(self.current.lock().is_none().then(|| Zeroizing::new(bytes.to_vec())));
        };
        let Some((id, sealed)) = sealed.split_first_chunk::<8>() else { return Ok(None) };
        let Some((salt, text)) = sealed.split_first_chunk::<{ std::mem::size_of::<Salt>() }>() else { return Ok(None) };
        let key = self.keys.key(KeyId(u64::from_be_bytes(*id)), &"what an issuer granted")?;
        let mut text = Zeroizing::new(text.to_vec());
        Ok(key.open(Purpose::Answer, salt, &attempt.0.to_be_bytes(), &mut text).then_some(text))
    }
}
