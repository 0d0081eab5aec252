//! What a store keeps and is asked by: bytes that it doesn't read, and names that it doesn't make.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::Deref;

use credlatch_core::port::Nonces;
use credlatch_core::state::Nonce;
use zeroize::Zeroizing;

use crate::system::SystemNonces;

/// Which commit it is. It fits a signed 64-bit column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommitId(NonZeroU64);

impl CommitId {
    /// That of this number; none of 0, and of what would not fit a signed column.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).filter(|number| i64::try_from(number.get()).is_ok()).map(Self)
    }

    /// Its number.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// One that no commit had. It is even, as the stored form wants it.
    pub(crate) fn fresh() -> Self {
        loop {
            let number = u64::try_from(SystemNonces.nonce().0 >> 65).unwrap_or(0) & !1;
            if let Some(id) = Self::new(number) {
                return id;
            }
        }
    }
}

/// Which act it is; written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId(pub u128);

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl ActId {
    /// One that no act had.
    pub(crate) fn fresh() -> Self {
        SystemNonces.nonce().into()
    }
}

impl From<Nonce> for ActId {
    fn from(name: Nonce) -> Self {
        Self(name.0)
    }
}

/// Bytes that hold secrets: they are wiped when they are dropped, and nobody sees them in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl Deref for SecretBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commits_number_fits_a_signed_column_and_is_never_nothing() {
        assert_eq!((CommitId::new(0), CommitId::new(1 << 63)), (None, None));
        let ids: Vec<u64> = (0..100).map(|_| CommitId::fresh().get()).collect();
        assert!(ids.iter().all(|id| *id != 0 && id % 2 == 0 && i64::try_from(*id).is_ok()));
    }

    #[test]
    fn secret_bytes_show_nothing() {
        assert_eq!(format!("{:?}", SecretBytes::from(b"rt-1".to_vec())), "SecretBytes(4 bytes)");
    }
}
