//! The login of another actor: seeing it, waiting for it, taking over when its poller died, cancelling it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::discard_unless_unknown;
use super::login::LOOK_MS;
use super::{Engine, Poller, Snapshot, TransactError};
use crate::machine::flow::{Adopt, Cancel, Step};
use crate::machine::{Effect, Event};
use crate::port::{Alive, Clock, Issuer, Keeps, Left, Ports, Store, StoreError};
use crate::state::Nonce;
use crate::state::flow::{EndedFlow, LiveFlow, Phase};
use crate::state::name::ProviderId;

/// How often whoever joined looks whether there is a code to show.
const PROMPT_LOOK_MS: u64 = 10;

/// What can be seen of a flow.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowView {
    /// It is in progress.
    Live(Box<LiveFlow>),
    /// It ended within the last 300 s.
    Ended(EndedFlow),
    /// Nothing is known of it.
    Unknown,
}

impl<P: Ports> Engine<P> {
    /// Takes over the polling of a flow whose poller died.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn adopt(&self, provider: &ProviderId, flow: Nonce) -> Result<Option<Poller<P>>, TransactError> {
        self.adopt_from(provider, flow, None)
    }

    /// The same, from a poller that is alive and hands it over, if its claim is named.
    pub(super) fn adopt_from(
        &self,
        provider: &ProviderId,
        flow: Nonce,
        from: Option<Nonce>,
    ) -> Result<Option<Poller<P>>, TransactError> {
        let alive = self.store.enlist()?;
        let act = self.act(&alive);
        let adopt = Event::AdoptFlow(Adopt { provider: provider.clone(), flow, from, act: act.clone() });
        let adopted = match self.transact(&[adopt]) {
            Ok(adopted) => adopted,
            Err(error) => {
                discard_unless_unknown(alive, &error);
                return Err(error);
            }
        };
        if !adopted.effects.iter().any(|effect| matches!(effect, Effect::Poll { .. })) {
            alive.discard();
            return Ok(None);
        }
        let step = Step { provider: provider.clone(), flow, attempt: act.attempt };
        Ok(Some(Poller::new(step, alive)))
    }

    /// Waits until there is a code to show, or the flow ended, or `stop` is set. If whoever asks for the code dies, the
    /// flow ends.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn await_prompt(
        &self,
        provider: &ProviderId,
        flow: Nonce,
        stop: &AtomicBool,
    ) -> Result<FlowView, TransactError> {
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("looks"));
            let live = match self.view(provider, flow)? {
                FlowView::Live(live) if live.phase == Phase::Reserved && !stop.load(Ordering::Relaxed) => live,
                other => return Ok(other),
            };
            let is_over = live.ends.is_reached(&self.clock.now());
            match live.holder.as_ref().filter(|_| !is_over) {
                Some(holder) if self.store.is_alive(&holder.actor)? => {
                    self.store.wait(holder, PROMPT_LOOK_MS)?;
                }
                // Every transaction notices who died, and what is past its time.
                _ => {
                    P::keep_only(since, Keeps::Nothing, format_args!("settles"));
                    self.transact(&[])?;
                }
            }
        }
    }

    /// Waits until the flow of another poller ends; if that poller dies, polls on.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn await_flow(
        &self,
        issuer: &(impl Issuer + ?Sized),
        provider: &ProviderId,
        flow: Nonce,
    ) -> Result<FlowView, TransactError> {
        self.await_flow_unless(issuer, provider, flow, &Arc::default())
    }

    /// The same, unless `stop` is set: then it returns at its next look, and leaves the flow to whoever adopts it.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn await_flow_unless(
        &self,
        issuer: &(impl Issuer + ?Sized),
        provider: &ProviderId,
        flow: Nonce,
        stop: &Arc<AtomicBool>,
    ) -> Result<FlowView, TransactError> {
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("looks"));
            let live = match self.view(provider, flow)? {
                FlowView::Live(live) if !stop.load(Ordering::Relaxed) => live,
                ended_or_left => return Ok(ended_or_left),
            };
            let now = self.clock.now();
            let alive = match &live.holder {
                Some(holder) => self.left(holder)? == Left::Going,
                None => false,
            };
            match &live.holder {
                Some(holder) if alive && !live.ends.is_reached(&now) => {
                    P::keep_only(since, Keeps::Nothing, format_args!("waits {holder:?} {:?}", live.ends));
                    // A short wait each: the flow may be ended by others than its holder.
                    self.store.wait(holder, LOOK_MS.min(live.ends.left_ms(&now)))?;
                }
                _ => {
                    P::keep_only(since, Keeps::Nothing, format_args!("adopts"));
                    if let Some(poller) = self.adopt(provider, flow)? {
                        return self.poll_here(issuer, poller.stopped_by(stop));
                    }
                }
            }
        }
    }

    /// Whether a flow needs nobody: it has ended, or somebody living works on it.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn is_tended(&self, provider: &ProviderId, flow: Nonce) -> Result<bool, StoreError> {
        let FlowView::Live(live) = self.view(provider, flow)? else { return Ok(true) };
        live.holder.as_ref().map_or(Ok(false), |holder| self.store.is_alive(&holder.actor))
    }

    /// Cancels a flow. One that has ended, or was never there, is left as it is; that is no error.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn cancel(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, TransactError> {
        let done = self.transact(&[Event::CancelFlow(Cancel { provider: provider.clone(), flow })])?;
        Ok(self.view_in(&done.after, provider, flow))
    }

    /// What can be seen of a flow now.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn view(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, StoreError> {
        self.read(|snapshot| self.view_in(snapshot, provider, flow))
    }

    /// The same in a snapshot at hand: what was just committed is told without another read, which might fail.
    pub(super) fn view_in(&self, snapshot: &Snapshot, provider: &ProviderId, flow: Nonce) -> FlowView {
        let now = self.clock.now();
        let Some(slot) = snapshot.state.slot(provider.as_str()) else { return FlowView::Unknown };
        if let Some(live) = slot.flow.as_ref().filter(|live| live.id == flow) {
            return FlowView::Live(Box::new(live.clone()));
        }
        let ended = slot.ended.iter().find(|ended| ended.id == flow && ended.is_visible(&now));
        ended.map_or(FlowView::Unknown, |ended| FlowView::Ended(ended.clone()))
    }
}
