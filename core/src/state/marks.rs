//! The marks of a profile: a secret is looked for among them, and what outlives its secret is keyed.

use super::fingerprint::Fingerprint;
use super::known::{Fate, KnownToken};
use super::mark::{AtHand, Mark, MarkKey, Sought};
use super::profile::State;

impl State {
    /// What to look for among the marks of this state: a secret of this fingerprint.
    pub fn seek(&self, fingerprint: Fingerprint) -> Sought {
        self.at_hand.seek(fingerprint)
    }

    /// Every mark: of what was cleared, and of tokens that no entry holds.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        let tombstones = self.providers.values().flat_map(|slot| &slot.cleared).map(|tombstone| &tombstone.mark);
        tombstones.chain(self.tokens.iter().map(|known| &known.mark))
    }

    /// Whether some of its marks are to be keyed yet.
    pub fn has_marks_to_key(&self) -> bool {
        let tombstones = self.providers.values().flat_map(|slot| &slot.cleared).map(|tombstone| tombstone.mark);
        let tokens = self.tokens.iter().filter(|known| known.may_be_keyed()).map(|known| known.mark);
        tombstones.chain(tokens).any(|mark| mark.key.is_none())
    }

    /// The same with its marks keyed, and this key at hand. Marks that were keyed with another key stay as they are.
    #[must_use]
    pub fn with_keyed_marks(mut self, key: &MarkKey) -> Self {
        let tombstones =
            self.providers.values_mut().flat_map(|slot| &mut slot.cleared).map(|tombstone| &mut tombstone.mark);
        let tokens = self.tokens.iter_mut().filter(|known| known.may_be_keyed()).map(|known| &mut known.mark);
        for mark in tombstones.chain(tokens) {
            *mark = mark.keyed(key);
        }
        self.at_hand = AtHand(Some(key.clone()));
        self
    }
}

impl KnownToken {
    /// Whether no other request hangs on its being recognised. One with a token that somebody presents, or that is in doubt,
    /// may be in flight, and another copy of the store may present one that is shared: not to know it again, because the key
    /// was lost, would be to present it beside that.
    fn may_be_keyed(&self) -> bool {
        matches!(self.fate, Fate::Spent | Fate::Lost(_)) && self.shared.is_none()
    }
}
