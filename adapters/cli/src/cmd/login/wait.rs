//! Waiting for the code and for the end of a login, with an ear for signals.
//!
//! Ctrl-C is a person's word, and cancels the login wherever it was started. TERM and HUP cancel it if this process keeps
//! it going; if another does, this process only leaves.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use credlatch::doctor::Life;
use credlatch::{Error, ErrorKind, Flow, FlowState, FlowStatus, Latch, ProviderId};
use signal_hook::consts::SIGINT;

use super::show::Countdown;
use crate::args::Global;
use crate::defer::{Signals, end_by, holds_a_claim};
use crate::output;

/// How soon a signal is noticed, and how often the progress line moves.
const LOOK: Duration = Duration::from_millis(50);

/// After so many looks whoever waits looks how the process that polls is: once a second.
const LOOKS_AT_THE_HOLDER: u32 = 20;

/// Looks how the process is that keeps a login going, and tells a person once, where nothing would come of waiting, or not soon.
pub(super) struct Watched<'a> {
    latch: &'a Latch,
    provider: &'a ProviderId,
    json: bool,
    /// Whether other machines have the same store: of their processes nobody can tell here whether they live.
    is_among_machines: bool,
    looks: u32,
    is_told: bool,
}

impl<'a> Watched<'a> {
    pub(super) fn new(global: &Global, latch: &'a Latch, provider: &'a ProviderId) -> Self {
        let (json, is_among_machines) = (global.json, global.is_in_etcd());
        Self { latch, provider, json, is_among_machines, looks: 0, is_told: false }
    }

    /// Looks, once a second. What is said hides what `before` takes away.
    fn look(&mut self, id: &str, before: impl FnOnce()) {
        self.looks = self.looks.wrapping_add(1);
        if self.is_told || !self.looks.is_multiple_of(LOOKS_AT_THE_HOLDER) {
            return;
        }
        let Some(holder) = self.latch.login_holder(self.provider) else { return };
        match (holder.pid, holder.life) {
            (Some(pid), Life::Stopped) => {
                before();
                let what = format!("process {pid}, which asks the issuer for all who wait, is stopped");
                let remedy = format!("resume it: `kill -CONT {pid}`; or cancel the login: `credlatch cancel {id}`");
                output::warn(self.json, &what, &remedy);
            }
            (None, Life::AtWork) if self.is_among_machines => {
                before();
                let within =
                    holder.lingers.map_or("two minutes".to_owned(), |left| format!("{} seconds", left.as_secs() + 1));
                let what = format!(
                    "waiting for a process on another machine, which keeps the {} login going: if it has ended, that is known within {within}, and this goes on",
                    self.provider
                );
                output::warn(self.json, &what, &format!("or cancel the login: `credlatch cancel {id}`"));
            }
            _ => return,
        }
        self.is_told = true;
    }
}

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
pub(super) fn for_code(mut watched: Watched<'_>, signals: &Signals) -> Result<Flow, Stopped> {
    let Watched { latch, provider, .. } = watched;
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
        if let Some(live) = &live {
            watched.look(&live.id, || {});
        }
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
    mut watched: Watched<'_>,
    flow: Flow,
    shown: &FlowStatus,
    signals: &Signals,
) -> Result<(), Stopped> {
    let latch = watched.latch;
    let id = flow.id();
    let end = in_thread(move || flow.wait());
    let mut countdown = Countdown::new();
    let ends = shown.expires_at;
    let mut is_answered = false;
    let ended = loop {
        match end.recv_timeout(LOOK) {
            Ok(ended) => break ended,
            Err(RecvTimeoutError::Disconnected) => break Err(bad_end()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        countdown.show(ends.duration_since(SystemTime::now()).unwrap_or_default());
        watched.look(&id, || countdown.hide());
        if let Some(signal) = signals.seen().filter(|_| !is_answered) {
            is_answered = true;
            // If the login succeeded in this very moment, it did: the wait tells.
            cancel_or_leave(latch, signal, || latch.cancel(&id))?;
        }
    };
    drop(countdown);
    ended.map_err(|error| Stopped { event: event(latch, &id), id: Some(id), error })
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
