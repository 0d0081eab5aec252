//! Signing in: one flow for everybody who asks, in this and every other process.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credlatch_core::custody::Nonce;
use credlatch_core::engine::FlowView;
use credlatch_core::flow::{Failure, FlowEnd, FlowKind};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::{Dialect, Provider};

use super::flows::describe;
use super::watcher::{Unshown, Watcher};
use super::{FlowState, FlowStatus, Inner, Latch};
use crate::engine::Login;
use crate::error::not_signed_in::again;
use crate::error::{Error, ErrorKind};

/// A login in progress. Dropping it does nothing: the login goes on, and other processes may be waiting for it.
/// [`Flow::cancel`] ends it.
#[derive(Clone)]
#[must_use = "somebody has to be shown its code"]
pub struct Flow {
    pub(super) latch: Latch,
    provider: ProviderId,
    id: Nonce,
    started: bool,
}

/// How often a login is begun anew because whoever asked for its code died before there was one.
const STARTS: u32 = 8;

impl Latch {
    /// Starts a login for a provider, or joins the one in progress. Returns once there is a code to show, or the issuer
    /// refused to give one; a worker polls until the login ends.
    ///
    /// ```no_run
    /// use credlatch::memory::FakeIssuer;
    /// use credlatch::system::FakeClock;
    /// use credlatch::{FlowState, Latch};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let issuer = FakeIssuer::new(); // in place of the provider's servers
    /// let latch = Latch::builder().issuer(issuer.clone()).in_memory(FakeClock::default())?;
    /// let flow = latch.login("openai-codex")?;
    /// if let (Some(code), Some(page)) = (flow.user_code()?, flow.verification_uri()?) {
    ///     println!("enter {code} at {page}");
    /// }
    /// issuer.approve(); // the person does
    /// flow.wait()?;
    /// assert_eq!(flow.status()?.state, FlowState::Succeeded);
    /// assert!(latch.token("openai-codex").is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The provider has no login, its issuer gave no code, or the store can't be written.
    pub fn login(&self, provider: &str) -> Result<Flow, Error> {
        self.login_as(provider, &Label::default())
    }

    /// As [`Latch::login`], for an entry of another label than `default`.
    ///
    /// # Errors
    /// As [`Latch::login`].
    pub fn login_as(&self, provider: &str, label: &Label) -> Result<Flow, Error> {
        let row = self.provider(provider)?;
        let mut starts = 1;
        loop {
            let flow = self.start_or_join(row, label)?;
            match flow.watcher().wait_until_shown() {
                Err(Unshown::Interrupted) if starts < STARTS => starts += 1,
                Err(unshown) => return Err(unshown.into_error(row)),
                Ok(()) => return Ok(flow),
            }
        }
    }

    fn start_or_join(&self, row: &Provider, label: &Label) -> Result<Flow, Error> {
        let login = self.0.engine.login(&*self.0.issuer, &row.id, label, kind(row)?)?;
        let flow = self.joined(row, login.flow, login.started);
        let is_for_it = self.0.is_login_of(row, &login, label);
        if let Some(poller) = login.poller {
            self.0.workers.stops.add(poller.stop_flag());
            let inner = Arc::clone(&self.0.inner);
            // If no thread can be had, the poller is dropped with its sign of life, and `wait` adopts the flow.
            let _ = self.0.workers.spawn("login", move || drop(inner.engine.poll_to_end(&*inner.issuer, poller)));
        }
        is_for_it.map(|()| flow)
    }

    pub(super) fn joined(&self, row: &Provider, id: Nonce, started: bool) -> Flow {
        crate::events::login(&self.0.profile, &row.id, started);
        Flow { latch: self.clone(), provider: row.id.clone(), id, started }
    }

    /// The login of this public name.
    ///
    /// # Errors
    /// Nothing is known of it, or the store can't be read.
    pub fn flow(&self, id: &str) -> Result<FlowStatus, Error> {
        self.flow_if_known(id)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "no login of this name is known",
                "look at those of the last minutes: `credlatch flows`",
            )
        })
    }

    pub(crate) fn flow_if_known(&self, id: &str) -> Result<Option<FlowStatus>, Error> {
        let Ok(nonce) = Nonce::try_from(id.to_owned()) else { return Ok(None) };
        Ok(self.flows()?.into_iter().find(|flow| flow.id == nonce.to_string()))
    }

    /// As [`Latch::flow`]. If whoever polled has died, a worker of this latch polls on with the same code: a server that
    /// restarts goes on with the logins that people were shown.
    ///
    /// # Errors
    /// As [`Latch::flow`].
    pub fn follow(&self, id: &str) -> Result<FlowStatus, Error> {
        let status = self.flow(id)?;
        if let Some((provider, flow)) = self.named(id)?.filter(|_| status.state == FlowState::Pending)
            && !self.0.engine.is_tended(&provider, flow)?
            // A device code goes nowhere that nobody agreed to, either.
            && self.provider(provider.as_str()).is_ok()
        {
            let watcher = self.watcher(provider, flow);
            self.0.workers.spawn_once("login", id, move || drop(watcher.wait_for_end()));
        }
        Ok(status)
    }

    /// The logins in progress, and those that ended less than 300 s ago.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn flows(&self) -> Result<Vec<FlowStatus>, Error> {
        Ok(self.status()?.flows())
    }

    /// Cancels a login by its public name. One that has ended, or was never there, is left as it is; that is no error.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn cancel(&self, id: &str) -> Result<FlowState, Error> {
        let Some((provider, flow)) = self.named(id)? else { return Ok(FlowState::Cancelled) };
        self.0.cancel_flow(&provider, flow)
    }

    /// The provider and the number of the login of this public name, if it is known.
    pub(super) fn named(&self, id: &str) -> Result<Option<(ProviderId, Nonce)>, Error> {
        let found = self.flow_if_known(id)?;
        Ok(found.and_then(|found| Some((found.provider, Nonce::try_from(found.id).ok()?))))
    }
}

impl Inner {
    /// A provider has one login at a time. Whoever wants one for another label than it is for does not join it: the entry
    /// that was asked for would not come.
    pub(super) fn is_login_of(&self, row: &Provider, login: &Login, label: &Label) -> Result<(), Error> {
        if login.started {
            return Ok(());
        }
        let view = self.engine.view(&row.id, login.flow)?;
        let FlowView::Live(live) = view else { return Ok(()) };
        if live.label == *label {
            return Ok(());
        }
        let what = format!("a login to {} is in progress for another entry, labelled {}", row.id, live.label);
        let remedy = format!("wait until it has ended, or end it: `credlatch cancel {}`", login.flow);
        Err(Error::new(ErrorKind::Busy, what, remedy))
    }

    pub(super) fn cancel_flow(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowState, Error> {
        let view = self.engine.cancel(provider, flow)?;
        Ok(describe(provider, &view).map_or(FlowState::Cancelled, |status| status.state))
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Flow");
        shown.field("provider", &self.provider).field("id", &self.id()).field("started_here", &self.started);
        shown.finish_non_exhaustive()
    }
}

impl Flow {
    /// Its public name.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// Whether this call started it; otherwise it joined one in progress.
    pub fn is_started_here(&self) -> bool {
        self.started
    }

    /// What can be seen of it now.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn status(&self) -> Result<FlowStatus, Error> {
        let view = self.latch.0.engine.view(&self.provider, self.id)?;
        Ok(describe(&self.provider, &view).unwrap_or_else(|| self.forgotten()))
    }

    /// The code to enter, if there is one yet.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn user_code(&self) -> Result<Option<String>, Error> {
        Ok(self.status()?.user_code)
    }

    /// Where to enter it, if that is known yet.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn verification_uri(&self) -> Result<Option<String>, Error> {
        Ok(self.status()?.verification_uri)
    }

    /// Waits until the login ends. If the process that polls dies meanwhile, this one polls on with the same code.
    ///
    /// # Errors
    /// It ended without a credential; or the store can't be used.
    pub fn wait(&self) -> Result<(), Error> {
        self.ended(&self.watcher().wait_for_end()?)
    }

    pub(super) fn ended(&self, view: &FlowView) -> Result<(), Error> {
        let row = self.latch.provider(self.provider.as_str())?;
        let FlowView::Ended(ended) = view else { return Err(cancelled(row)) };
        match &ended.end {
            FlowEnd::Succeeded => Ok(()),
            FlowEnd::Failed(code) => {
                let why = Failure { code: code.clone(), description: ended.description.clone() };
                Err(Error::not_signed_in(row, &why))
            }
            FlowEnd::Expired => {
                Err(Error::new(ErrorKind::SignIn, format!("nobody confirmed the {} login in time", row.id), again(row)))
            }
            FlowEnd::Cancelled => Err(cancelled(row)),
        }
    }

    /// Ends the login. Nothing is stored, unless it had succeeded before.
    ///
    /// # Errors
    /// The store can't be written.
    pub fn cancel(&self) -> Result<FlowState, Error> {
        self.latch.0.cancel_flow(&self.provider, self.id)
    }

    /// What a thread needs to watch it, without keeping the latch.
    pub(super) fn watcher(&self) -> Watcher {
        self.latch.watcher(self.provider.clone(), self.id)
    }

    fn forgotten(&self) -> FlowStatus {
        FlowStatus {
            id: self.id(),
            provider: self.provider.clone(),
            state: FlowState::Cancelled,
            user_code: None,
            verification_uri: None,
            verification_uri_complete: None,
            expires_at: SystemTime::UNIX_EPOCH,
            interval: Duration::ZERO,
        }
    }
}

fn cancelled(row: &Provider) -> Error {
    Error::new(ErrorKind::SignIn, format!("the {} login was cancelled", row.id), again(row))
}

pub(super) fn kind(row: &Provider) -> Result<FlowKind, Error> {
    let dialect = row.oauth.as_ref().and_then(|oauth| oauth.flow);
    dialect.map(Dialect::flow_kind).ok_or_else(|| {
        Error::new(
            ErrorKind::Usage,
            format!("{} has no login here; it uses an API key", row.id),
            format!("store the key: `credlatch set {}`", row.id),
        )
    })
}
