//! Exchanges that outlive whoever asked for them: a process of their own holds the claim, makes the request and settles.
//!
//! Whoever is killed while an issuer answers loses what it answered. So the request is made by the command `credlatch`,
//! started for that one act: in a session of its own, with nothing inherited but what says where the store is, and with its
//! orders on a pipe that it has read to the end before it claims anything. From then on it needs nobody. There is no daemon.

pub(crate) mod protocol;
mod start;

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::engine::RotationRequest;
use credlatch_core::flow::{FlowKind, Prompt, Step};
use credlatch_core::name::ProviderId;
use credlatch_core::origin::Reach;
use credlatch_core::port::{
    Code, CodeExchanged, Delegate, Elsewhere, Issuer, Part, Polled, Prompting, Revoked, Sending,
};
use credlatch_core::rotation::Exchanged;
use credlatch_core::secret::Secret;
use parking_lot::Mutex;

use protocol::{ExchangeRequest, ExchangeResult};

/// How long a process may take until it polls. One that takes longer is ended: there may be one poller.
const BEGINS: Duration = Duration::from_secs(5);

/// An issuer that is asked by processes of its own.
pub(crate) struct Exchanger {
    issuer: Arc<dyn Issuer>,
    program: PathBuf,
    /// The variables by which the program finds the same store.
    context: Vec<(&'static str, String)>,
    trouble: Mutex<Option<String>>,
    /// How many processes are waited for.
    at_work: AtomicUsize,
}

impl Exchanger {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, program: PathBuf, context: Vec<(&'static str, String)>) -> Self {
        Self { issuer, program, context, trouble: Mutex::default(), at_work: AtomicUsize::new(0) }
    }

    /// Why no process could be had the last time; it is told once.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.trouble.lock().take()
    }

    /// Whether a process is waited for: one that is pid 1 takes it along when it ends.
    pub(crate) fn is_at_work(&self) -> bool {
        self.at_work.load(Ordering::Relaxed) > 0
    }

    fn waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.at_work.fetch_add(1, Ordering::Relaxed);
        let waited = wait();
        self.at_work.fetch_sub(1, Ordering::Relaxed);
        waited
    }

    fn start(&self, request: &ExchangeRequest, provider: &ProviderId) -> Option<start::Started> {
        match start::start(&self.program, &self.context, provider, request) {
            Ok(started) => Some(started),
            Err(error) => {
                self.tell(format!("{} could not be started ({error})", self.program.display()));
                None
            }
        }
    }

    /// What it said; none of one that is another program, where that is told.
    fn of_ours<T>(&self, said: Result<T, ExitStatus>) -> Option<T> {
        let tell = |status: &ExitStatus| self.tell(format!("{} made no exchange ({status})", self.program.display()));
        said.inspect_err(tell).ok()
    }

    fn tell(&self, trouble: String) {
        *self.trouble.lock() = Some(trouble);
    }
}

impl Delegate for Exchanger {
    fn rotate(&self, request: &RotationRequest, patience_ms: u64) -> Option<Elsewhere> {
        let started = self.start(&ExchangeRequest::rotation(request), &request.provider)?;
        let until = Instant::now().checked_add(Duration::from_millis(patience_ms));
        match self.of_ours(self.waiting(|| started.said(until)))? {
            Some(ExchangeResult::Granted { version }) => Some(Elsewhere::Granted { version }),
            Some(ExchangeResult::Failed { outcome }) => Some(Elsewhere::Failed(outcome)),
            Some(ExchangeResult::Ended | ExchangeResult::Began) => Some(Elsewhere::Ended),
            Some(ExchangeResult::Trouble) => None,
            None => Some(Elsewhere::Pending),
        }
    }

    fn log_in(&self, step: &Step, part: Part<'_>) -> bool {
        let Some(started) = self.start(&ExchangeRequest::login(step, part), &step.provider) else { return false };
        match part {
            Part::Poll => self.of_ours(self.waiting(|| started.has_begun(Instant::now() + BEGINS))).unwrap_or_default(),
            Part::Exchange(_) => self.of_ours(self.waiting(|| started.said(None))).is_some(),
        }
    }
}

impl Issuer for Exchanger {
    fn can_refresh(&self, provider: &ProviderId) -> bool {
        self.issuer.can_refresh(provider)
    }

    fn refresh(&self, provider: &ProviderId, refresh: &Secret, scopes: &[String]) -> Exchanged {
        self.issuer.refresh(provider, refresh, scopes)
    }

    fn refresh_noting(
        &self,
        provider: &ProviderId,
        refresh: &Secret,
        scopes: &[String],
        sending: &Sending,
    ) -> Exchanged {
        self.issuer.refresh_noting(provider, refresh, scopes, sending)
    }

    fn reach(&self, provider: &ProviderId) -> Option<Reach> {
        self.issuer.reach(provider)
    }

    fn delegate(&self) -> Option<&dyn Delegate> {
        Some(self)
    }

    fn prompt(&self, provider: &ProviderId, kind: FlowKind) -> Prompting {
        self.issuer.prompt(provider, kind)
    }

    fn poll(&self, provider: &ProviderId, prompt: &Prompt) -> Polled {
        self.issuer.poll(provider, prompt)
    }

    fn exchange(&self, provider: &ProviderId, code: &Code) -> CodeExchanged {
        self.issuer.exchange(provider, code)
    }

    fn revoke(&self, provider: &ProviderId, token: &Secret) -> Revoked {
        self.issuer.revoke(provider, token)
    }
}
