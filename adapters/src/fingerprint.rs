//! The short digest by which a secret is recognised without being shown.

use credlatch_core::secret::{Fingerprint, Secret};
use sha2::{Digest, Sha256};

/// The first eight bytes of the secret's SHA-256.
pub fn fingerprint(secret: &Secret) -> Fingerprint {
    let digest = Sha256::digest(secret.expose_secret());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Fingerprint(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_head_of_the_sha_256() {
        let secret = Secret::try_from("abc").unwrap();
        assert_eq!(fingerprint(&secret).to_string(), "sha256:ba7816bf8f01cfea");
    }
}
