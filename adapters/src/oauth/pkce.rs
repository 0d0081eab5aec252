//! The two numbers of a browser login that nobody can guess: the proof key (RFC 7636) and the state (RFC 6749, 10.12).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credlatch_core::secret::Secret;
use hmac_sha256::Hash;
use zeroize::Zeroizing;

/// 256 random bits as 43 characters, the length RFC 7636 recommends for a verifier; none if the kernel gives no randomness.
pub(super) fn random() -> Option<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).ok()?;
    Secret::try_from(BASE64_URL_SAFE_NO_PAD.encode(*bytes)).ok()
}

/// The S256 challenge of a verifier.
pub(super) fn challenge(verifier: &Secret) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Hash::hash(verifier.expose_secret().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let verifier = Secret::try_from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_has_43_characters_and_none_comes_twice() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one, other);
    }
}
