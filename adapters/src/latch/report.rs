//! What to do after a provider's answer.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use credlatch_core::engine::{Chosen, Live, LiveKind, NoToken, Rotation};
use credlatch_core::pool::{FailureKind, Report};
use credlatch_core::provider::Provider;
use credlatch_core::rotation::{Cause, Exchanged};
use credlatch_core::{Event, Refusal};

use super::credential::Credential;
use super::outcome::Outcome;
use super::passed_over::{Nothing, Wanted};
use super::rotate::rotation_request;
use super::{Inner, Latch};
use crate::error::{Error, ErrorKind};
use crate::events;
use crate::when::{rfc3339, system_time};

/// What to do next.
#[derive(Clone, Debug)]
#[must_use = "it says what to do with the request"]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the credential is not to blame.
    Continue,
    /// Send the request again, once, with this credential.
    Retry(Credential),
    /// Nothing is usable before this time, by the wall clock.
    WaitUntil(SystemTime),
    /// Only a new login or key helps; this says why.
    SignIn(Error),
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue => f.write_str("go on"),
            Self::Retry(with) => write!(f, "send it again with the {} entry {}", with.provider(), with.label()),
            Self::WaitUntil(at) => write!(f, "wait until {}", rfc3339(*at)),
            Self::SignIn(why) => write!(f, "sign in: {why}"),
        }
    }
}

impl Latch {
    /// Tells what a provider answered to a request that carried this credential, and says what to do next.
    ///
    /// After a 401, a newer version is handed out if there is one; otherwise a login of ours is rotated, at most once in
    /// 300 s for this cause. What a provider turned away rests, exactly the entry and version that was used, and another of
    /// the pool is handed out if there is one. A limit on one model ([`Outcome::of_model`]) rests the entry for that model.
    ///
    /// ```
    /// use std::time::Duration;
    /// use credlatch::system::FakeClock;
    /// use credlatch::{Latch, Next, Outcome, Secret};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let clock = FakeClock::default();
    /// let latch = Latch::in_memory_on(clock.clone());
    /// latch.set("minimax", Secret::try_from("mm-1")?)?;
    /// let used = latch.token("minimax")?;
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("retry-after", http::HeaderValue::from_static("90"));
    ///
    /// let until = match latch.report(&used, &Outcome::from_http(429, &headers, b""))? {
    ///     Next::WaitUntil(until) => until,
    ///     next => panic!("there is no other key: {next}"),
    /// };
    /// assert_eq!(until, clock.wall() + Duration::from_secs(90));
    /// assert_eq!(latch.token("minimax").unwrap_err().retry_at(), Some(until));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn report(&self, credential: &Credential, outcome: &Outcome) -> Result<Next, Error> {
        if outcome.answer.is_none() {
            return Ok(Next::Continue);
        }
        let row = self.provider(credential.provider().as_str())?;
        let choice = match self.0.take_report(row, credential.live(), outcome)? {
            Some(unsaved) => self.credential(unsaved).map_err(Nothing::Opened),
            None => self.good(row, Wanted { model: outcome.model.as_deref(), label: None }),
        };
        Self::next(row, credential, choice)
    }

    /// What the choice after a report means for the caller.
    pub(super) fn next(row: &Provider, used: &Credential, choice: Result<Credential, Nothing>) -> Result<Next, Error> {
        match choice {
            Ok(next) if is_same(&next, used) => Ok(Next::Continue),
            Ok(next) => Ok(Next::Retry(next)),
            Err(Nothing::Chosen(
                NoToken::Resting(until)
                | NoToken::Unreachable(until)
                | NoToken::Untrusted(until)
                | NoToken::InDoubt { until, .. },
            )) => Ok(Next::WaitUntil(system_time(until.wall_ms()))),
            Err(nothing) => {
                let error = nothing.into_error(row);
                match error.kind() {
                    ErrorKind::SignIn | ErrorKind::NoCredential => Ok(Next::SignIn(error)),
                    // What somebody set wrong is not waited for.
                    ErrorKind::Unreachable if error.retry_at().is_some() => {
                        error.retry_at().map_or(Err(error), |at| Ok(Next::WaitUntil(at)))
                    }
                    _ => Err(error),
                }
            }
        }
    }
}

/// Tokens that aren't saved yet have the version of those that they replace.
fn is_same(next: &Credential, used: &Credential) -> bool {
    let is_saved = |credential: &Credential| credential.live().unsaved().is_none();
    next.label() == used.label() && next.version() == used.version() && is_saved(next) == is_saved(used)
}

/// What was answered, in a word for a log.
fn word(answer: FailureKind) -> &'static str {
    match answer {
        FailureKind::Unauthorized => "unauthorized",
        FailureKind::Limited => "limited",
        FailureKind::Billing => "billing",
        FailureKind::Other => "other",
    }
}

impl Inner {
    /// Rotates what was challenged, or lets it rest. What was granted for it and could not be saved is returned.
    pub(super) fn take_report(&self, row: &Provider, live: &Live, outcome: &Outcome) -> Result<Option<Chosen>, Error> {
        let Some(answer) = outcome.answer else { return Ok(None) };
        if !self.is_current(live)? {
            return Ok(None);
        }
        events::reported(&self.profile, live, word(answer));
        if answer == FailureKind::Unauthorized && live.kind == LiveKind::Oauth {
            self.refuse_own_exchange(row, &live.label)?;
            let request = rotation_request(row, &live.label, live.version, Cause::Challenged);
            match self.rotate(&*self.issuer, &request)? {
                Rotation::Granted(_)
                | Rotation::Newer(_)
                | Rotation::Gone
                | Rotation::Failed(Exchanged::Rejected { .. })
                | Rotation::Refused(Refusal::Lost) => return Ok(None),
                Rotation::Unsaved(unsaved) => return Ok(Some(self.chosen(unsaved.live)?)),
                Rotation::Busy(_) | Rotation::Refused(_) | Rotation::Failed(_) | Rotation::NoIssuer => {}
            }
        }
        let is_key = live.kind == LiveKind::ApiKey;
        let report = Report {
            provider: live.provider.clone(),
            label: live.label.clone(),
            version: live.version,
            answer,
            rest_ms: outcome.rest_ms,
            model: outcome.model.clone(),
            dead: outcome.dead.as_ref().or(outcome.dead_key.as_ref().filter(|_| is_key)).cloned(),
        };
        self.engine.transact(&[Event::Report(report)])?;
        Ok(None)
    }

    /// A record that nothing had to be chosen for.
    pub(super) fn chosen(&self, live: Arc<Live>) -> Result<Chosen, Error> {
        let generation = self.engine.snapshot()?.state.generation;
        Ok(Chosen { live, generation, at: None, turn: 0 })
    }
}
