//! Digests of 128 bits.

use std::hash::{Hash, Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};

/// A digest of 128 bits.
pub fn digest(of: impl Hash) -> u128 {
    let mut hasher = SipHasher13::new();
    of.hash(&mut hasher);
    hasher.finish128().as_u128()
}

/// A digest of whatever is fed to a hasher.
pub fn digest_fed(feed: impl FnOnce(&mut dyn Hasher)) -> u128 {
    let mut hasher = SipHasher13::new();
    feed(&mut hasher);
    hasher.finish128().as_u128()
}
