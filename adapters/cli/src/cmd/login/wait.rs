//! Waiting for the code and for the end of a login, with an ear for signals.
//!
//! Ctrl-C is a person's word, and cancels the login wherever it was started. TERM and HUP cancel it if this process keeps
//! it going; if another does, this process only leaves.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use credlatch::doctor::{Life, Surroundings};
use credlatch::{Error, ErrorKind, Flow, FlowState, FlowStatus, Latch, ProviderId};
use signal_hook::consts::SIGINT;

use super::show::Countdown;
use crate::defer::{Signals, end_by, holds_a_claim};
use crate::output;

/// How soon a signal is noticed, and how often the progress line moves.
const LOOK: Duration = Duration::from_millis(50);

/// After so many looks whoever waits looks whether the process that polls is stopped: once a second.
const LOOKS_AT_THE_HOLDER: u32 = 20;

/// A login that ended without a credential.
pub(super) struct Stopped {
    pub(super) id: Option<String>,
    /// What programs are told.
    pub(super) event: &'static str,
    pub(super) error: Error,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { id: None, event: FlowState::Failed(String::new()).as_str(), error }
    }
}

/// Starts or joins the login; returns when there is a code to show.
pub(super) fn for_code(latch: &Latch, provider: &ProviderId, signals: &Signals) -> Result<Flow, Stopped> {
    let (own, id) = (latch.clone(), provider.clone());
    let flow = in_thread(move || own.login(id.as_str()));
    loop {
        match flow.recv_timeout(LOOK) {
            Ok(flow) => return Ok(flow?),
            Err(RecvTimeoutError::Disconnected) => return Err(bad_end().into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        // No code was shown yet, so nobody can have confirmed it: what the issuer still says is of no use.
        let live =
            latch.flows()?.into_iter().find(|flow| flow.provider == *provider && flow.state == FlowState::Pending);
        if let (Some(signal), Some(live)) = (signals.seen(), live) {
            cancel_or_leave(latch, signal, || latch.cancel(&live.id))?;
            return Err(Stopped {
                id: Some(live.id),
                event: FlowState::Cancelled.as_str(),
                error: cancelled(provider),
            });
        }
    }
}

/// Waits until it ends. If the process that polls dies, this one polls on with the same code.
pub(super) fn for_end(
    json: bool,
    latch: &Latch,
    flow: Flow,
    shown: &FlowStatus,
    signals: &Signals,
) -> Result<(), Stopped> {
    let id = flow.id();
    let end = in_thread(move || flow.wait());
    let mut countdown = Countdown::new();
    let ends = shown.expires_at;
    let mut is_answered = false;
    let (mut looks, mut is_told) = (0_u32, false);
    let ended = loop {
        match end.recv_timeout(LOOK) {
            Ok(ended) => break ended,
            Err(RecvTimeoutError::Disconnected) => break Err(bad_end()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        countdown.show(ends.duration_since(SystemTime::now()).unwrap_or_default());
        looks = looks.wrapping_add(1);
        if !is_told
            && looks.is_multiple_of(LOOKS_AT_THE_HOLDER)
            && let Some(pid) = stopped_holder(latch, &shown.provider)
        {
            is_told = true;
            let what = format!("process {pid}, which asks the issuer for all who wait, is stopped");
            let remedy = format!("resume it: `kill -CONT {pid}`; or cancel the login: `credlatch cancel {id}`");
            countdown.hide();
            output::warn(json, &what, &remedy);
        }
        if let Some(signal) = signals.seen().filter(|_| !is_answered) {
            is_answered = true;
            // If the login succeeded in this very moment, it did: the wait tells.
            cancel_or_leave(latch, signal, || latch.cancel(&id))?;
        }
    };
    drop(countdown);
    ended.map_err(|error| Stopped { event: event(latch, &id), id: Some(id), error })
}

/// The process that polls for this login, if somebody stopped it: nobody else may, and nothing comes of waiting.
fn stopped_holder(latch: &Latch, provider: &ProviderId) -> Option<u32> {
    let diagnosis = latch.doctor(&Surroundings::default());
    let report = diagnosis.providers.into_iter().find(|report| report.id == *provider)?;
    report.flow?.holder.filter(|holder| holder.life == Life::Stopped)?.pid
}

/// How the login ended; what could not be watched to its end failed.
fn event(latch: &Latch, id: &str) -> &'static str {
    let state = latch.flow(id).map(|flow| flow.state);
    let ended = state.ok().filter(|state| *state != FlowState::Pending);
    ended.unwrap_or_else(|| FlowState::Failed(String::new())).as_str()
}

fn cancel_or_leave(
    latch: &Latch,
    signal: i32,
    cancel: impl FnOnce() -> Result<FlowState, Error>,
) -> Result<FlowState, Error> {
    if signal != SIGINT && !holds_a_claim(latch) {
        end_by(signal);
    }
    cancel()
}

fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (tell, told) = channel();
    // Without a thread the channel ends at once, and whoever waits says so.
    let _ = std::thread::Builder::new().spawn(move || tell.send(work()));
    told
}

fn cancelled(provider: &ProviderId) -> Error {
    Error::new(
        ErrorKind::SignIn,
        format!("the {provider} login was cancelled"),
        format!("start again: `credlatch login {provider}`"),
    )
}

fn bad_end() -> Error {
    Error::new(ErrorKind::Other, "a thread could not be started, or came to a bad end", "try again")
}
