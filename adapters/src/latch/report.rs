//! What to do after a provider's answer.

use credlatch_core::engine::{NoToken, Rotation};
use credlatch_core::pool::{Answer, Report};
use credlatch_core::rotation::{Cause, Exchanged};
use credlatch_core::{Event, Refusal};

use super::Latch;
use super::credential::{Credential, Kind};
use super::outcome::Outcome;
use super::rotate::wish;
use crate::error::{Error, ErrorKind};

/// What to do next.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the credential is not to blame.
    Continue,
    /// Send the request again, once, with this credential.
    Retry(Credential),
    /// Nothing is usable before this time, in milliseconds since the Unix epoch.
    WaitUntil(u64),
    /// Only a new login or key helps; this says why.
    SignIn(Error),
}

impl Latch {
    /// Tells what a provider answered to a request that carried this credential, and says what to do next.
    ///
    /// After a 401, a newer version is handed out if there is one; otherwise a login of ours is rotated, at most once in
    /// 300 s for this cause. What a provider turned away rests, exactly the entry and version that was used, and another of
    /// the pool is handed out if there is one.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn report(&self, credential: &Credential, outcome: &Outcome) -> Result<Next, Error> {
        let Some(answer) = outcome.answer else { return Ok(Next::Continue) };
        if !self.0.backend.is_current(credential.live())? {
            return self.another(credential);
        }
        if answer == Answer::Unauthorized && credential.kind() == Kind::Oauth {
            let row = self.provider(credential.provider().as_str())?;
            let wish = wish(row, credential.label(), credential.version(), Cause::Challenged);
            match self.0.backend.rotate(&*self.0.issuer, &wish, self.0.patience_ms)? {
                Rotation::Newer(_) | Rotation::Gone => return self.another(credential),
                Rotation::Failed(Exchanged::Rejected { .. }) | Rotation::Refused(Refusal::Lost) => {
                    return self.another(credential);
                }
                Rotation::Unsaved(unsaved) => {
                    return Err(Error::no_token(row, NoToken::Unsaved(Box::new(unsaved))));
                }
                Rotation::Busy(_) | Rotation::Refused(_) | Rotation::Failed(_) => {}
            }
        }
        self.transact(&[Event::Report(Report {
            provider: credential.provider().clone(),
            label: credential.label().clone(),
            version: credential.version(),
            answer,
            rest_ms: outcome.rest_ms,
            model: outcome.model.clone(),
            dead: outcome.dead.clone(),
        })])?;
        self.another(credential)
    }

    fn another(&self, used: &Credential) -> Result<Next, Error> {
        let row = self.provider(used.provider().as_str())?;
        match self.good(row) {
            Ok(picked) if picked.live.label == *used.label() && picked.live.version == used.version() => {
                Ok(Next::Continue)
            }
            Ok(picked) => Ok(Next::Retry(self.credential(picked)?)),
            Err(NoToken::Resting(until) | NoToken::Unreachable(until) | NoToken::InDoubt { until, .. }) => {
                Ok(Next::WaitUntil(until.wall_ms()))
            }
            Err(why) => {
                let error = Error::no_token(row, why);
                match error.kind() {
                    ErrorKind::SignIn | ErrorKind::NoCredential => Ok(Next::SignIn(error)),
                    _ => Err(error),
                }
            }
        }
    }
}
