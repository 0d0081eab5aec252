//! From a secret back to its entry, for programs that come back with the secret and nothing else.

use std::sync::Arc;

use credlatch_core::engine::Chosen;
use credlatch_core::secret::Secret;

use super::Latch;
use super::credential::Credential;
use crate::error::Error;

impl Latch {
    /// The provider's credential that has exactly this secret now, if one has it; one that rests or is dead counts too.
    ///
    /// A git helper, say, is told which password was turned away, and by then a newer one may be stored. What this
    /// returns can be given to [`Latch::report`]; a secret that was replaced belongs to nobody, and there is nothing to
    /// report.
    ///
    /// # Errors
    /// The provider is unknown, or the store can't be read.
    pub fn recognise(&self, provider: &str, secret: &Secret) -> Result<Option<Credential>, Error> {
        let row = self.provider(provider)?;
        let snapshot = self.0.engine.snapshot()?;
        let generation = snapshot.state.generation;
        let chosen = |live| Chosen { live: Arc::clone(live), generation, at: None, turn: 0 };
        let each = snapshot.pool(row.id.as_str()).iter().map(chosen);
        // A link that can't be read now may hold anything, and so is not recognised.
        let mut all = each.filter_map(|chosen| self.credential(chosen).ok());
        Ok(all.find(|credential| credential.secret() == secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Label, Next, Outcome};

    fn secret(text: &str) -> Secret {
        Secret::try_from(text).unwrap()
    }

    #[test]
    fn a_secret_is_recognised_while_it_is_stored_under_whatever_label() {
        let latch = Latch::in_memory();
        latch.set("minimax", secret("first")).unwrap();
        latch.set_as("minimax", &Label::new("spare").unwrap(), secret("second")).unwrap();
        latch.set("groq", secret("other")).unwrap();
        let label = |text: &str| latch.recognise("minimax", &secret(text)).unwrap().map(|one| one.label().to_string());
        assert_eq!(label("second").as_deref(), Some("spare"));
        assert_eq!(label("first").as_deref(), Some("default"));
        assert_eq!(label("other"), None, "another provider's");
        latch.set("minimax", secret("newer")).unwrap();
        assert_eq!(label("first"), None, "replaced");
    }

    #[test]
    fn what_was_recognised_can_be_reported_and_rests() {
        let latch = Latch::in_memory();
        latch.set("minimax", secret("first")).unwrap();
        let used = latch.recognise("minimax", &secret("first")).unwrap().unwrap();
        let turned_away = Outcome::unauthorized();
        assert!(matches!(latch.report(&used, &turned_away).unwrap(), Next::WaitUntil(_)));
        assert!(latch.recognise("minimax", &secret("first")).unwrap().is_some(), "it is still there");
        latch.set("minimax", secret("newer")).unwrap();
        let _ = latch.report(&used, &turned_away).unwrap();
        assert_eq!(latch.current("minimax").unwrap().expose_secret(), "newer");
    }
}
