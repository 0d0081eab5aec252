//! Signing in: one flow for everybody who asks, in this and every other process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use credlatch_core::custody::Nonce;
use credlatch_core::engine::FlowView;
use credlatch_core::flow::{EndedFlow, FlowEnd, FlowKind, Phase, Prompt};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::{Dialect, Provider};

use super::{Inner, Latch};
use crate::error::{Error, ErrorKind};

/// A login in progress. Dropping it does nothing: the login goes on, and other processes may be waiting for it.
/// [`Flow::cancel`] ends it.
pub struct Flow {
    pub(super) latch: Latch,
    provider: ProviderId,
    id: Nonce,
    started: bool,
}

/// How often whoever joins a login looks whether there is a code to show.
const SHOWN_LOOK: Duration = Duration::from_millis(10);

/// What can be seen of a login. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowStatus {
    /// The login's public name: 32 hexadecimal digits.
    pub id: String,
    /// Whose login it is.
    pub provider: ProviderId,
    /// How far it is.
    pub state: FlowState,
    /// The code to enter, once the issuer gave it.
    pub user_code: Option<String>,
    /// Where to enter it.
    pub verification_uri: Option<String>,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// When it ends by itself, in milliseconds since the Unix epoch; of an ended one, when it ended.
    pub expires_at_ms: u64,
    /// Seconds between two polls.
    pub interval_secs: u64,
}

/// How far a login is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlowState {
    /// In progress.
    Pending,
    /// Its credential is stored.
    Succeeded,
    /// Nobody agreed in time.
    Expired,
    /// Somebody cancelled it, or cleared the provider.
    Cancelled,
    /// It failed, with this short code, such as `access_denied`.
    Failed(String),
}

impl FlowState {
    /// The name that JSON output uses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed(_) => "failed",
        }
    }
}

impl Latch {
    /// Starts a login for a provider, or joins the one in progress. Returns once there is a code to show, or the issuer
    /// refused to give one; a worker polls until the login ends.
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
        let login = self.0.backend.login(&*self.0.issuer, &row.id, label, kind(row)?)?;
        let flow = self.joined(row, login.flow, login.started);
        if let Some(duty) = login.duty {
            self.0.workers.stops.add(Arc::clone(&duty.stop));
            let inner = Arc::clone(&self.0.inner);
            // If no thread can be had, the duty is dropped with its sign of life, and `wait` adopts the flow.
            let _ = self.0.workers.spawn("login", move || drop(inner.backend.poll(&*inner.issuer, duty)));
        }
        flow.watcher().wait_until_shown(row)?;
        Ok(flow)
    }

    pub(super) fn joined(&self, row: &Provider, id: Nonce, started: bool) -> Flow {
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
                "`credlatch flows` shows those of the last minutes",
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
            && !self.0.backend.is_tended(&provider, flow)?
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
        let status = self.status()?;
        let of_slot = |(provider, slot): (&ProviderId, &credlatch_core::state::Slot)| {
            let live = slot.flow.iter().map(|live| FlowView::Live(Box::new(live.clone())));
            let ended = slot.ended.iter().filter(|ended| ended.is_visible(&status.now));
            let views = live.chain(ended.map(|ended| FlowView::Ended(ended.clone())));
            views.filter_map(|view| describe(provider, &view)).collect::<Vec<_>>()
        };
        Ok(status.state.providers.iter().flat_map(of_slot).collect())
    }

    /// Cancels a login by its public name. One that has ended, or was never there, is left as it is; that is no error.
    ///
    /// # Errors
    /// The store can't be written.
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
    pub(super) fn cancel_flow(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowState, Error> {
        let view = self.backend.cancel(provider, flow)?;
        Ok(describe(provider, &view).map_or(FlowState::Cancelled, |status| status.state))
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
        let view = self.latch.0.backend.view(&self.provider, self.id)?;
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
        match describe(&self.provider, view).map(|status| status.state) {
            Some(FlowState::Succeeded) => Ok(()),
            Some(FlowState::Failed(code)) => Err(refused(row, &code)),
            Some(FlowState::Expired) => {
                Err(Error::new(ErrorKind::Busy, format!("nobody confirmed the {} login in time", row.id), again(row)))
            }
            _ => Err(Error::new(ErrorKind::SignIn, format!("the {} login was cancelled", row.id), again(row))),
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
            expires_at_ms: 0,
            interval_secs: 0,
        }
    }
}

impl Latch {
    /// A watcher ends with the latch, or its last handle would wait as long as the flow lives.
    pub(super) fn watcher(&self, provider: ProviderId, id: Nonce) -> Watcher {
        let stop = Arc::default();
        self.0.workers.stops.add(Arc::clone(&stop));
        Watcher { inner: Arc::clone(&self.0.inner), provider, id, stop }
    }
}

/// Watches one flow.
pub(super) struct Watcher {
    inner: Arc<Inner>,
    provider: ProviderId,
    id: Nonce,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    /// Waits until there is something to show: whoever joins early waits for the starter's code. A reservation that gets
    /// none ends by itself after 60 s.
    pub(super) fn wait_until_shown(&self, row: &Provider) -> Result<(), Error> {
        while !self.stop.load(Ordering::Relaxed) {
            match self.inner.backend.view(&self.provider, self.id)? {
                FlowView::Live(live) if live.phase == Phase::Reserved => std::thread::sleep(SHOWN_LOOK),
                FlowView::Ended(EndedFlow { end: FlowEnd::Failed(code), .. }) => return Err(refused(row, &code)),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Waits until it ends, and polls on if its poller dies.
    pub(super) fn wait_for_end(&self) -> Result<FlowView, Error> {
        Ok(self.inner.backend.await_flow(&*self.inner.issuer, &self.provider, self.id, &self.stop)?)
    }
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

fn again(row: &Provider) -> String {
    format!("start again: `credlatch login {}`", row.id)
}

fn refused(row: &Provider, code: &str) -> Error {
    let (kind, what) = match code {
        "access_denied" => (ErrorKind::SignIn, "the login was refused by the person who was asked"),
        "unsupported" => (ErrorKind::Usage, "this build can't sign in; it was made without the `oauth` feature"),
        "interrupted" => (ErrorKind::Busy, "the process that exchanged the code ended before the answer came"),
        _ => (ErrorKind::Unreachable, "the issuer did not complete the login"),
    };
    Error::new(kind, format!("{}: {what} ({code})", row.id), again(row))
}

fn describe(provider: &ProviderId, view: &FlowView) -> Option<FlowStatus> {
    match view {
        FlowView::Live(live) => {
            let prompt = live.prompt();
            let text = |pick: fn(&Prompt) -> &String| prompt.map(pick).filter(|text| !text.is_empty()).cloned();
            Some(FlowStatus {
                id: live.id.to_string(),
                provider: provider.clone(),
                state: FlowState::Pending,
                user_code: text(|prompt| &prompt.user_code),
                verification_uri: text(|prompt| &prompt.verification_uri),
                verification_uri_complete: prompt.and_then(|prompt| prompt.verification_uri_complete.clone()),
                expires_at_ms: live.ends.wall_ms(),
                interval_secs: prompt.map_or(0, |prompt| prompt.interval_secs),
            })
        }
        FlowView::Ended(ended) => Some(FlowStatus {
            id: ended.id.to_string(),
            provider: provider.clone(),
            state: match &ended.end {
                FlowEnd::Succeeded => FlowState::Succeeded,
                FlowEnd::Expired => FlowState::Expired,
                FlowEnd::Cancelled => FlowState::Cancelled,
                FlowEnd::Failed(code) => FlowState::Failed(code.clone()),
            },
            user_code: ended.user_code.clone(),
            verification_uri: None,
            verification_uri_complete: None,
            expires_at_ms: ended.at.wall_ms,
            interval_secs: 0,
        }),
        FlowView::Unknown => None,
    }
}
