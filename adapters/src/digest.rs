//! Digests of what is not one secret: an account, a value of a `.env` file as it stands there.

use credlatch_core::secret::Fingerprint;
use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of these parts. The length of each is part of it, so that no two lists of parts
/// read as the same bytes; a single part is digested as it is, which for a secret gives its fingerprint.
pub(crate) fn digest(parts: &[&str]) -> Fingerprint {
    let mut hash = Sha256::new();
    if let [one] = parts {
        hash.update(one.as_bytes());
    } else {
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    Fingerprint(first)
}

#[cfg(test)]
mod tests {
    use credlatch_core::secret::Secret;

    use super::*;

    #[test]
    fn one_part_gives_what_a_fingerprint_gives() {
        assert_eq!(digest(&["abc"]), crate::fingerprint(&Secret::try_from("abc").unwrap()));
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
