//! Taking in what was found outside the store.

use credlatch_core::put::PutMode;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Refusal, Verdict, apply};

use super::Latch;
use crate::error::Error;
use crate::found::{Found, to_events};

/// A credential that was found outside, and what came of it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What was found.
    pub found: Found,
    /// What came of it.
    pub took: Took,
}

/// What came of a credential that was found outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Took {
    /// It is stored now.
    Stored,
    /// It was there already.
    Already,
    /// It was cleared before; only naming it brings it back.
    Cleared,
    /// Something from its source was cleared, and the key that would tell whether it was this one isn't at hand; only naming
    /// it brings it.
    MayBeCleared,
    /// Another secret has its label.
    LabelTaken,
    /// Its issuer has rejected it.
    Rejected,
    /// Its issuer gave another refresh token for it.
    Spent,
    /// The provider's pool is full.
    Full,
}

impl Took {
    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Already => "already",
            Self::Cleared => "cleared",
            Self::MayBeCleared => "may_be_cleared",
            Self::LabelTaken => "label_taken",
            Self::Rejected => "rejected",
            Self::Spent => "spent",
            Self::Full => "full",
        }
    }

    fn from_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Refused(Refusal::Cleared) => Self::Cleared,
            Verdict::Refused(Refusal::MayBeCleared) => Self::MayBeCleared,
            Verdict::Refused(Refusal::LabelTaken) => Self::LabelTaken,
            Verdict::Refused(Refusal::Lost) => Self::Rejected,
            Verdict::Refused(Refusal::Spent) => Self::Spent,
            Verdict::Refused(_) => Self::Full,
            Verdict::Nothing => Self::Already,
            _ => Self::Stored,
        }
    }
}

impl Latch {
    /// Stores what was found, all of it in one commit. [`PutMode::Bulk`] replaces nothing and brings back nothing that was
    /// cleared; [`PutMode::Named`] is for what a person asked for by name.
    ///
    /// # Errors
    /// The store can't be locked, read or written; then nothing is stored.
    pub fn import(&self, found: Vec<Found>, how: PutMode) -> Result<Vec<Taken>, Error> {
        let verdicts = self.transact(&to_events(&found, how))?.verdicts;
        Ok(pair(found, &verdicts))
    }

    /// What [`Latch::import`] would do now. Nothing is stored.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn try_import(&self, found: Vec<Found>, how: PutMode) -> Result<Vec<Taken>, Error> {
        let status = self.status()?;
        Ok(preview(&status.state, &status.now, found, how))
    }
}

/// What an import into this state would do.
pub(crate) fn preview(state: &State, now: &Stamp, found: Vec<Found>, how: PutMode) -> Vec<Taken> {
    let mut state = state.clone();
    let mut judged = |event: &Event| {
        let step = apply(&state, now, event);
        state = step.state;
        step.verdict
    };
    let verdicts: Vec<_> = to_events(&found, how).iter().map(&mut judged).collect();
    pair(found, &verdicts)
}

#[cfg(feature = "env")]
impl From<crate::env::DotenvFileError> for Error {
    fn from(error: crate::env::DotenvFileError) -> Self {
        Self::new(crate::ErrorKind::Unreadable, error.to_string(), error.remedy())
    }
}

fn pair(found: Vec<Found>, verdicts: &[Verdict]) -> Vec<Taken> {
    let pairs = found.into_iter().zip(verdicts);
    pairs.map(|(found, verdict)| Taken { found, took: Took::from_verdict(verdict) }).collect()
}

#[cfg(all(test, feature = "env"))]
mod tests {
    use super::*;

    fn found(latch: &Latch) -> Vec<Found> {
        let vars = [("MINIMAX_API_KEY".into(), "mm-key-1".into())];
        crate::env::import_env(vars, latch.providers(), None).found
    }

    #[test]
    fn what_was_cleared_comes_back_only_by_its_name() {
        let latch = Latch::in_memory();
        let took = |how| latch.import(found(&latch), how).unwrap()[0].took;
        assert_eq!(took(PutMode::Bulk), Took::Stored);
        assert_eq!(took(PutMode::Bulk), Took::Already);
        let _ = latch.clear("minimax").unwrap();
        assert_eq!(took(PutMode::Bulk), Took::Cleared);
        assert_eq!(took(PutMode::Named), Took::Stored);
    }

    #[test]
    fn a_trial_stores_nothing() {
        let latch = Latch::in_memory();
        assert_eq!(latch.try_import(found(&latch), PutMode::Bulk).unwrap()[0].took, Took::Stored);
        assert!(latch.current("minimax").is_err());
    }
}
