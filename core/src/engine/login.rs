//! Logging in: one flow for everybody who asks, one poller for the flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exchange::discard_unless_unknown;
use super::{Engine, FlowView, TransactError};
use crate::machine::exchanged::Fresh;
use crate::machine::flow::{ClaimCode, Failed, LIVE_MAX_MS, Prompted, Start, Step, Succeeded};
use crate::machine::{Act, Effect, Event, Verdict};
use crate::port::{
    Alive, Answer, Clock, Code, CodeExchanged, Issuer, Keeps, Nonces, Part, Polled, Ports, Prompting, Store, StoreError,
};
use crate::state::flow::{FlowEnd, FlowKind, LiveFlow, Phase};
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;
use crate::state::{Grant, Material, Nonce, Source};

/// How often a poller looks whether its flow was cancelled while it waits for the next poll.
pub(super) const LOOK_MS: u64 = 200;

/// A login that was started or joined.
pub struct Login<P: Ports> {
    /// The flow's public name.
    pub flow: Nonce,
    /// The duty to poll, if it fell to this caller. Dropping it leaves the flow to whoever adopts it.
    pub poller: Option<Poller<P>>,
    /// Whether the flow was started by this call.
    pub started: bool,
}

/// The right to poll one flow, with its sign of life.
pub struct Poller<P: Ports> {
    step: Step,
    pub(super) alive: <P::Store as Store>::Alive,
    stop: Arc<AtomicBool>,
}

impl<P: Ports> Poller<P> {
    pub(super) fn new(step: Step, alive: <P::Store as Store>::Alive) -> Self {
        Self { step, alive, stop: Arc::default() }
    }

    pub(super) fn stopped_by(self, stop: &Arc<AtomicBool>) -> Self {
        Self { stop: Arc::clone(stop), ..self }
    }

    /// Whose step it is.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// Setting this ends the polling before its next poll, and leaves the flow to whoever adopts it. An exchange that has
    /// begun is finished.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }
}

impl<P: Ports> Engine<P> {
    /// Starts a login, or joins the one in progress. Nothing is locked while the issuer is asked for a code.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn login(
        &self,
        issuer: &(impl Issuer + ?Sized),
        provider: &ProviderId,
        label: &Label,
        kind: FlowKind,
    ) -> Result<Login<P>, TransactError> {
        self.store.permit_acts()?;
        let alive = self.store.enlist()?;
        let act = self.act(&alive);
        let start = Start {
            provider: provider.clone(),
            label: label.clone(),
            flow: self.nonces.nonce(),
            kind,
            act: act.clone(),
        };
        let since = P::observed();
        let begun = match self.transact(&[Event::StartFlow(start)]) {
            Ok(begun) => begun,
            Err(error) => {
                discard_unless_unknown(alive, &error);
                return Err(error);
            }
        };
        self.revoke_all(issuer, &begun.effects);
        P::keep_only(since, Keeps::Nothing, format_args!("{:?} {:?}", begun.verdicts, begun.effects));
        for effect in &begun.effects {
            match effect {
                Effect::RequestPrompt { flow, attempt, .. } if *attempt == act.attempt => {
                    let step = Step { provider: provider.clone(), flow: *flow, attempt: *attempt };
                    return self.request_prompt(issuer, step, kind, alive);
                }
                Effect::Poll { flow, attempt, .. } if *attempt == act.attempt => {
                    let step = Step { provider: provider.clone(), flow: *flow, attempt: *attempt };
                    return Ok(Login { flow: *flow, poller: Some(Poller::new(step, alive)), started: false });
                }
                _ => {}
            }
        }
        alive.discard();
        let joined = match begun.verdict() {
            Verdict::Joined(flow) => *flow,
            other => unreachable!("a start is permitted, or joins: {other:?}"),
        };
        Ok(Login { flow: joined, poller: None, started: false })
    }

    fn request_prompt(
        &self,
        issuer: &(impl Issuer + ?Sized),
        step: Step,
        kind: FlowKind,
        alive: <P::Store as Store>::Alive,
    ) -> Result<Login<P>, TransactError> {
        let flow = step.flow;
        let event = match issuer.prompt(&step.provider, kind) {
            Prompting::Prompt { prompt, expires_in_ms } => {
                Event::FlowPrompted(Prompted { step: step.clone(), prompt, expires_in_ms })
            }
            Prompting::Failed(why) => {
                let (end, description) = why.end();
                Event::FlowFailed(Failed { step: step.clone(), end, description })
            }
        };
        let since = P::observed();
        let polls = self.transact(&[event])?.effects.iter().any(|effect| matches!(effect, Effect::Poll { .. }));
        P::keep_only(since, Keeps::Nothing, format_args!("polls: {polls}"));
        let poller = polls.then(|| Poller::new(step, alive));
        Ok(Login { flow, poller, started: true })
    }

    /// Polls until the flow ends, by whatever cause, and says how.
    ///
    /// # Errors
    /// The store can't be read or written; the flow is then left to whoever adopts it.
    pub fn poll_to_end(&self, issuer: &(impl Issuer + ?Sized), poller: Poller<P>) -> Result<FlowView, TransactError> {
        let (of, stop_flag) = (poller.step.clone(), poller.stop_flag());
        match self.poll_elsewhere(issuer, poller)? {
            Some(poller) => self.poll_here(issuer, poller),
            None => self.await_flow_unless(issuer, &of.provider, of.flow, &stop_flag),
        }
    }

    /// The same, in this process.
    pub(super) fn poll_here(
        &self,
        issuer: &(impl Issuer + ?Sized),
        mut poller: Poller<P>,
    ) -> Result<FlowView, TransactError> {
        let mut is_first = true;
        // A flow is over when its end is reached; a wall clock that was set back must not keep its poller at it for longer.
        let patience = self.clock.now().patience(LIVE_MAX_MS);
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("looks {is_first} {:?}", poller.step));
            let held = self.still_held(&poller.step)?;
            if held.is_some() && patience.is_over(&self.clock.now()) {
                return self.fail(issuer, poller, (FlowEnd::Expired, None));
            }
            let Some((kind, Phase::Pending(prompt))) = held.map(|live| (live.kind, live.phase)) else {
                // Whatever ended it is in the store; if its time is up this records it.
                P::keep_only(since, Keeps::Nothing, format_args!("is over {:?}", poller.step));
                let looked = self.transact(&[])?;
                return Ok(self.view_in(&looked.after, &poller.step.provider, poller.step.flow));
            };
            // Another tool's file may hold its login already; an issuer wants its interval before the first poll too.
            let wait_ms =
                if is_first && kind != FlowKind::Device { 0 } else { prompt.interval_secs.saturating_mul(1000) };
            is_first = false;
            if !self.wait_while_held(&poller, wait_ms)? {
                continue;
            }
            P::keep_only(since, Keeps::Nothing, format_args!("polls {:?} {prompt:?}", poller.step));
            if poller.stop.load(Ordering::Relaxed) {
                return Ok(self.view(&poller.step.provider, poller.step.flow)?);
            }
            match issuer.poll(&poller.step.provider, &prompt) {
                Polled::Pending => {}
                Polled::SlowDown => drop(self.transact(&[Event::FlowSlowedDown(poller.step.clone())])?),
                Polled::Code(code) => {
                    let to = issuer.delegate();
                    if to.is_some_and(|to| to.log_in(&poller.step, Part::Exchange(&code)))
                        && self.still_held(&poller.step)?.is_none()
                    {
                        // It was exchanged under the claim of another process: the flow is looked at again.
                        continue;
                    }
                    if self.claim_code(&mut poller)? {
                        return self.exchange_code(issuer, poller, &code);
                    }
                }
                Polled::Granted(fresh) => return self.come_home(issuer, poller, &fresh),
                Polled::Linked { material, source } => {
                    return self.succeed(issuer, poller, (material, source), self.clock.now());
                }
                Polled::Expired => return self.fail(issuer, poller, (FlowEnd::Expired, None)),
                Polled::Failed(why) => return self.fail(issuer, poller, why.end()),
            }
        }
    }

    pub(super) fn act(&self, alive: &<P::Store as Store>::Alive) -> Act {
        Act { attempt: self.nonces.nonce(), actor: alive.actor().clone() }
    }

    /// The flow, if it is this poller's still: looked at before every poll, because polling for a flow that was cancelled
    /// or adopted may cost the login that replaced it.
    pub(super) fn still_held(&self, step: &Step) -> Result<Option<LiveFlow>, StoreError> {
        let now = self.clock.now();
        self.read(|snapshot| {
            let live = snapshot.state.slot(step.provider.as_str())?.flow.as_ref()?;
            let held = live.holder.as_ref().is_some_and(|claim| claim.attempt == step.attempt);
            (live.id == step.flow && held && !live.ends.is_reached(&now)).then(|| live.clone())
        })
    }

    fn wait_while_held(&self, poller: &Poller<P>, wait_ms: u64) -> Result<bool, StoreError> {
        let began = self.clock.now();
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("waits"));
            let spent_ms = self.clock.now().since_ms(&began);
            if self.still_held(&poller.step)?.is_none() {
                return Ok(false);
            }
            if spent_ms >= wait_ms || poller.stop.load(Ordering::Relaxed) {
                return Ok(true);
            }
            self.clock.pause((wait_ms - spent_ms).min(LOOK_MS));
        }
    }

    /// The exchange is a claim of its own, durable before the code is sent.
    pub(super) fn claim_code(&self, poller: &mut Poller<P>) -> Result<bool, TransactError> {
        let act = self.act(&poller.alive);
        let claim = ClaimCode { step: poller.step.clone(), act: act.clone() };
        let since = P::observed();
        let claimed = self.transact(&[Event::ClaimCode(claim)])?;
        let permitted = claimed.effects.iter().any(|effect| matches!(effect, Effect::ExchangeCode { .. }));
        P::keep_only(since, Keeps::Nothing, format_args!("permitted: {permitted}"));
        if permitted {
            poller.step.attempt = act.attempt;
        }
        Ok(permitted)
    }

    pub(super) fn exchange_code(
        &self,
        issuer: &(impl Issuer + ?Sized),
        poller: Poller<P>,
        code: &Code,
    ) -> Result<FlowView, TransactError> {
        match issuer.exchange(&poller.step.provider, code) {
            CodeExchanged::Granted(fresh) => self.come_home(issuer, poller, &fresh),
            CodeExchanged::Failed(why) => self.fail(issuer, poller, why.end()),
        }
    }

    fn come_home(
        &self,
        issuer: &(impl Issuer + ?Sized),
        poller: Poller<P>,
        fresh: &Fresh,
    ) -> Result<FlowView, TransactError> {
        let Step { provider, attempt, .. } = poller.step.clone();
        let (received, fresh) = (self.clock.now(), fresh.clone());
        let origins = self.reach(&provider).map(|reach| reach.present);
        let grant = Grant { origins: origins.clone(), ..fresh.grant(&received) };
        let answer = Answer { attempt, provider, label: None, received, fresh, origins };
        // It is on the medium before anything else can go wrong. If that fails, the settlement saves it.
        let _ = poller.alive.write_down(&answer);
        self.succeed(issuer, poller, (Material::Oauth(Box::new(grant)), Source::Login), received)
    }

    fn succeed(
        &self,
        issuer: &(impl Issuer + ?Sized),
        poller: Poller<P>,
        (material, source): (Material, Source),
        came: Stamp,
    ) -> Result<FlowView, TransactError> {
        let step = poller.step.clone();
        let event = Event::FlowSucceeded(Succeeded { step: step.clone(), material, source, came });
        self.end(issuer, event, poller.alive, &step)
    }

    fn fail(
        &self,
        issuer: &(impl Issuer + ?Sized),
        poller: Poller<P>,
        (end, description): (FlowEnd, Option<String>),
    ) -> Result<FlowView, TransactError> {
        let step = poller.step;
        self.end(issuer, Event::FlowFailed(Failed { step: step.clone(), end, description }), poller.alive, &step)
    }

    fn end(
        &self,
        issuer: &(impl Issuer + ?Sized),
        event: Event,
        alive: <P::Store as Store>::Alive,
        step: &Step,
    ) -> Result<FlowView, TransactError> {
        let done = self.commit_outcome(issuer, event, Arc::new(alive), None)?;
        Ok(self.view_in(&done.after, &step.provider, step.flow))
    }
}
