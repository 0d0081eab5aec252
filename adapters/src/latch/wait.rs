//! The async forms of what may wait. They block no executor: what waits for another process or an issuer runs on a thread
//! of the latch, and goes on when its future is dropped, because an exchange that nobody settles loses the login.

use std::sync::Arc;
use std::time::Duration;

use credlatch_core::engine::{Chosen, FlowView, NoToken};
use credlatch_core::name::Label;
use credlatch_core::pool::Choice;
use credlatch_core::provider::Provider;
use tokio::sync::oneshot;

use super::cleared::{Cleared, drain};
use super::credential::{Credential, Read};
use super::crowd::Crowd;
use super::flows::FlowState;
use super::login::{Flow, kind};
use super::outcome::Outcome;
use super::passed_over::{Nothing, Opened, PassedOver, Wanted};
use super::report::Next;
use super::rotate::AtOnce;
use super::{Latch, times};
use crate::error::{Error, ErrorKind};

/// Who waits for what.
#[derive(Default)]
pub(super) struct Crowds {
    tokens: Crowd<Result<Chosen, NoToken>>,
    reports: Crowd<Result<Option<Chosen>, Error>>,
    links: Crowd<Read>,
    flows: Crowd<Result<FlowView, Error>>,
}

impl Latch {
    /// As [`Latch::token`]. What is good is handed out without waiting, on the caller's thread.
    ///
    /// # Errors
    /// As [`Latch::token`].
    pub async fn token_async(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).token_async().await
    }

    /// As [`Latch::report`].
    ///
    /// # Errors
    /// As [`Latch::report`].
    pub async fn report_async(&self, credential: &Credential, outcome: &Outcome) -> Result<Next, Error> {
        if outcome.answer.is_none() {
            return Ok(Next::Continue);
        }
        let row = self.provider(credential.provider().as_str())?;
        let inner = Arc::clone(&self.0.inner);
        let (of, live, told) = (row.clone(), Arc::clone(credential.live()), outcome.clone());
        let what = format!("{}/{}/{} {outcome:?}", live.provider, live.label, live.version);
        let take = move || inner.take_report(&of, &live, &told);
        let choice = match self.in_crowd(&self.0.crowds.reports, "report", what, take).await?? {
            Some(unsaved) => self.credential(unsaved).map_err(Nothing::Opened),
            None => self.good_async(row, Wanted { model: outcome.model.as_deref(), label: None }).await?,
        };
        Self::next(row, credential, choice)
    }

    pub(super) async fn good_async(
        &self,
        row: &Provider,
        wanted: Wanted<'_>,
    ) -> Result<Result<Credential, Nothing>, Error> {
        let mut passed = PassedOver::default();
        loop {
            let chosen = match self.good_at_once(row, &passed.choice(&self.0, wanted)) {
                Ok(AtOnce::Good(chosen)) => Ok(chosen),
                Ok(AtOnce::Spent(chosen)) => {
                    self.0.refuse_own_exchange(row, &chosen.live.label)?;
                    self.wait_for_good_async(row, chosen, wanted, &passed).await?
                }
                Err(why) => Err(why),
            };
            let opened = match chosen {
                Ok(chosen) => Ok(self.open_async(chosen).await?),
                Err(why) => Err(why),
            };
            match Self::take(opened, &mut passed) {
                Ok(None) => {}
                Ok(Some(credential)) => return Ok(Ok(credential)),
                Err(nothing) => return Ok(Err(nothing)),
            }
        }
    }

    /// A link's file that can't be read may be in the middle of being written: then a worker looks again for a while.
    async fn open_async(&self, chosen: Chosen) -> Result<Opened, Error> {
        let (version, turn, is_link) = (chosen.live.version, chosen.turn, chosen.live.secret().is_none());
        if !is_link {
            return Ok(Opened { version, turn, credential: self.credential(chosen) });
        }
        let mut read = self.0.read_link(&chosen);
        if read.as_ref().is_err_and(|unread| unread.error.kind() == ErrorKind::Unreadable) {
            let (inner, again) = (Arc::clone(&self.0.inner), chosen.clone());
            let what = format!("{}/{}/{version}", chosen.live.provider, chosen.live.label);
            read = self.in_crowd(&self.0.crowds.links, "link", what, move || inner.read_link(&again)).await?;
        }
        Ok(Opened { version, turn, credential: self.credential_of(chosen, read) })
    }

    async fn wait_for_good_async(
        &self,
        row: &Provider,
        chosen: Chosen,
        wanted: Wanted<'_>,
        passed: &PassedOver,
    ) -> Result<Result<Chosen, NoToken>, Error> {
        let (inner, times) = (Arc::clone(&self.0.inner), times(row));
        let (model, label, passed) = (wanted.model.map(str::to_owned), wanted.label.cloned(), passed.versions());
        let is_wanted = label.is_some();
        let what = format!("{}/{}/{} {is_wanted} {model:?} {passed:?}", row.id, chosen.live.label, chosen.live.version);
        let wait = move || {
            let (model, label) = (model.as_deref(), label.as_ref().map(Label::as_str));
            let choice = Choice { model, label, turn: inner.first_turn, drawn: None, passed: &passed };
            inner.wait_for_good(chosen.clone(), &choice, times)
        };
        self.in_crowd(&self.0.crowds.tokens, "token", what, wait).await
    }

    /// As [`Latch::login`]. Once started, the login goes on whatever becomes of the future.
    ///
    /// # Errors
    /// As [`Latch::login`].
    pub async fn login_async(&self, provider: &str) -> Result<Flow, Error> {
        let row = self.provider(provider)?;
        let (inner, of, id, kind) = (Arc::clone(&self.0.inner), row.clone(), row.id.clone(), kind(row)?);
        let stops = self.0.workers.stops.clone();
        let (tell, told) = oneshot::channel();
        self.spawn("login", move || match inner.engine.login(&*inner.issuer, &id, &Label::default(), kind) {
            Err(error) => drop(tell.send(Err(Error::from(error)))),
            Ok(login) => {
                let is_for_it = inner.is_login_of(&of, &login, &Label::default());
                drop(tell.send(is_for_it.map(|()| (login.flow, login.started))));
                if let Some(poller) = login.poller {
                    stops.add(poller.stop_flag());
                    drop(inner.engine.poll_to_end(&*inner.issuer, poller));
                }
            }
        })?;
        let (id, started) = told.await.map_err(|_| ended_early())??;
        let flow = self.joined(row, id, started);
        let shown = flow.watcher();
        let shown = self.on_worker("login", move || shown.wait_until_shown()).await?;
        shown.map(|()| flow).map_err(|unshown| unshown.into_error(row))
    }

    /// As [`Latch::cancel`].
    ///
    /// # Errors
    /// As [`Latch::cancel`].
    pub async fn cancel_async(&self, id: &str) -> Result<FlowState, Error> {
        let Some((provider, flow)) = self.named(id)? else { return Ok(FlowState::Cancelled) };
        let inner = Arc::clone(&self.0.inner);
        self.on_worker("cancel", move || inner.cancel_flow(&provider, flow)).await?
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        self.0.workers.spawn(name, work).map_err(no_thread)
    }

    /// Waits with all who wait for the same, on one thread of this latch. It goes on if the future is dropped.
    async fn in_crowd<T: Clone + Send + 'static>(
        &self,
        crowd: &Crowd<T>,
        name: &str,
        what: String,
        wait: impl Fn() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let told = crowd.join(&self.0.workers, name, what, wait).map_err(no_thread)?;
        told.await.map_err(|_| ended_early())
    }

    /// Runs something on a thread of this latch. The thread goes on if the future is dropped.
    pub(super) async fn on_worker<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (done, result) = oneshot::channel();
        self.spawn(name, move || drop(done.send(work())))?;
        result.await.map_err(|_| ended_early())
    }
}

impl Flow {
    /// As [`Flow::wait`].
    ///
    /// # Errors
    /// As [`Flow::wait`].
    pub async fn wait_async(&self) -> Result<(), Error> {
        let watcher = self.watcher();
        let flows = &self.latch.0.crowds.flows;
        let view = self.latch.in_crowd(flows, "login", self.id(), move || watcher.wait_for_end()).await??;
        self.ended(&view)
    }
}

impl Cleared {
    /// As [`Cleared::drain`].
    ///
    /// # Errors
    /// As [`Cleared::drain`].
    pub async fn drain_async(&self, timeout: Duration) -> Result<(), Error> {
        if self.is_drained() {
            return Ok(());
        }
        let (inner, taken, others) = (Arc::clone(&self.latch.0.inner), self.taken.clone(), self.others.clone());
        self.latch.on_worker("drain", move || drain(&inner, &taken, &others, timeout)).await?
    }
}

#[allow(clippy::needless_pass_by_value)] // It is what an error is mapped by.
pub(super) fn no_thread(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, format!("no thread could be started: {error}"), "try again")
}

pub(super) fn ended_early() -> Error {
    Error::new(ErrorKind::Other, "a thread of credlatch ended early; its message is on standard error", "try again")
}
