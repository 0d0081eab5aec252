//! Randomness.

use credlatch_core::port::Nonces;
use credlatch_core::state::Nonce;

/// Random numbers straight from the kernel. There is no state in the process, so a forked child draws its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNonces;

impl Nonces for SystemNonces {
    /// # Panics
    /// If the kernel has no randomness to give: nothing safe could be done without it.
    fn nonce(&self) -> Nonce {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system has a source of randomness");
        Nonce(u128::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let drawn: std::collections::BTreeSet<_> = (0..1000).map(|_| SystemNonces.nonce()).collect();
        assert_eq!(drawn.len(), 1000);
    }
}
