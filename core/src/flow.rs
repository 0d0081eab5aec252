//! Logins: reserve, ask for a code, wait for the person, exchange, end.
//!
//! A provider has one place for a live flow, so two starts can't both have one: the second joins. Its end and the entry
//! that it stores are one step, so a cancel and a success can't both win.

use serde::{Deserialize, Serialize};

use crate::machine::{Act, Effect, Outcome, Refusal, Verdict};
use crate::name::{Label, ProviderId};
use crate::put::{self, How, Put};
use crate::secret::{Fingerprint, Secret, stored_option};
use crate::state::{Claim, Material, Nonce, Slot, Source, State};
use crate::time::{Deadline, Stamp};

/// How long an ended flow stays visible, in milliseconds.
pub const ENDED_KEPT_MS: u64 = 300_000;
/// The longest a flow lives.
pub const LIVE_MAX_MS: u64 = 900_000;
/// The shortest an issuer's `expires_in` is taken for.
pub const LIVE_MIN_MS: u64 = 60_000;
/// How long a flow may be without a code to show.
pub const RESERVED_MAX_MS: u64 = 60_000;
/// What `slow_down` adds to the polling interval (RFC 8628, 3.5), in seconds.
pub const SLOW_DOWN_SECS: u64 = 5;

/// Which kind of login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// A code that the person enters elsewhere: everything a poller needs is in the store, so another may take over.
    Device,
    /// A browser that comes back to a port of this process: it ends with the process.
    Loopback,
    /// Waits until another tool has logged in, then links to its file.
    Link,
}

/// A login in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveFlow {
    /// Its public name.
    pub id: Nonce,
    /// The label its entry will have.
    pub label: Label,
    /// Which kind.
    pub kind: FlowKind,
    /// When it was reserved.
    pub started: Stamp,
    /// When it ends by itself.
    pub ends: Deadline,
    /// Who works on it; nobody after its poller died.
    pub holder: Option<Claim>,
    /// How far it is.
    pub phase: Phase,
}

/// How far a login is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nobody knows a code yet.
    Reserved,
    /// The person is asked.
    Pending(Prompt),
    /// The person agreed; the code they enabled is being exchanged.
    Exchanging(Prompt),
}

/// What a person is shown, and what the poller sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What the poller sends (RFC 8628: `device_code`); none where nothing is polled.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    pub device_code: Option<Secret>,
    /// The code to enter; empty where there is none.
    pub user_code: String,
    /// Where to enter it.
    pub verification_uri: String,
    /// The same with the code in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// Seconds between two polls.
    pub interval_secs: u64,
}

/// A login that ended. It holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndedFlow {
    /// Its public name.
    pub id: Nonce,
    /// How it ended.
    pub end: FlowEnd,
    /// When.
    pub at: Stamp,
    /// The code that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Its entry is stored.
    Succeeded,
    /// Nobody agreed in time.
    Expired,
    /// Somebody cancelled it, or cleared the provider.
    Cancelled,
    /// It failed, with this short code, such as `access_denied`.
    Failed(String),
}

/// An actor wants to start a login, or to join the one in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The provider.
    pub provider: ProviderId,
    /// The label its entry will have.
    pub label: Label,
    /// The name of the flow if it is started now.
    pub flow: Nonce,
    /// Which kind.
    pub kind: FlowKind,
    /// Who.
    pub act: Act,
}

/// A step of a flow's holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
    /// The holder's claim.
    pub attempt: Nonce,
}

/// The issuer gave a code for the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompted {
    /// Whose flow it is.
    pub step: Step,
    /// What to show and to poll with.
    pub prompt: Prompt,
    /// The code's lifetime in milliseconds as the issuer gave it; taken as 60 s at least and 900 s at most.
    pub expires_in_ms: u64,
}

/// The poller wants to exchange the code it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimCode {
    /// Whose flow it is.
    pub step: Step,
    /// The claim of the exchange, which takes the place of the poller's.
    pub act: Act,
}

/// The login is through.
#[derive(Clone, Debug, PartialEq)]
pub struct Succeeded {
    /// Whose flow it is.
    pub step: Step,
    /// What to store.
    pub material: Material,
    /// Where it comes from: a login of ours, or a link to another tool's.
    pub source: Source,
    /// Digest of what identifies it.
    pub fingerprint: Fingerprint,
}

/// The login failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Whose flow it is.
    pub step: Step,
    /// How: a failure with its code, or an expiry that the issuer told.
    pub end: FlowEnd,
}

/// A person cancels a login.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancel {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
}

/// A waiter takes over the polling of a login whose poller died.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopt {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
    /// Who.
    pub act: Act,
}

pub(crate) fn start(state: &mut State, now: &Stamp, start: &Start) -> Outcome {
    let slot = state.slot_mut(&start.provider);
    lapse(slot, now);
    if let Some(live) = &mut slot.flow {
        let id = live.id;
        return if live.is_adoptable() {
            take_over(live, now, &start.provider, &start.act)
        } else {
            Verdict::Joined(id).into()
        };
    }
    slot.flow = Some(LiveFlow {
        id: start.flow,
        label: start.label.clone(),
        kind: start.kind,
        started: *now,
        ends: now.plus_ms(RESERVED_MAX_MS),
        holder: Some(held(now, &start.act)),
        phase: Phase::Reserved,
    });
    Outcome::permits(Effect::RequestPrompt {
        provider: start.provider.clone(),
        flow: start.flow,
        attempt: start.act.attempt,
        kind: start.kind,
    })
}

pub(crate) fn prompted(state: &mut State, now: &Stamp, prompted: &Prompted) -> Outcome {
    let Prompted { step, prompt, expires_in_ms } = prompted;
    let Some(live) = held_flow(state, now, step) else { return Verdict::Stale.into() };
    if live.phase != Phase::Reserved {
        return Verdict::Stale.into();
    }
    let room_ms = LIVE_MAX_MS.saturating_sub(now.age_ms(&live.started));
    live.ends = now.plus_ms((*expires_in_ms).clamp(LIVE_MIN_MS, LIVE_MAX_MS).min(room_ms));
    live.phase = Phase::Pending(prompt.clone());
    Outcome::permits(poll(step))
}

pub(crate) fn slowed_down(state: &mut State, now: &Stamp, step: &Step) -> Outcome {
    match held_flow(state, now, step).map(|live| &mut live.phase) {
        Some(Phase::Pending(prompt)) => {
            prompt.interval_secs = prompt.interval_secs.saturating_add(SLOW_DOWN_SECS);
            Verdict::Done.into()
        }
        _ => Verdict::Stale.into(),
    }
}

pub(crate) fn claim_code(state: &mut State, now: &Stamp, claim: &ClaimCode) -> Outcome {
    let Some(live) = held_flow(state, now, &claim.step) else { return Verdict::Stale.into() };
    let Phase::Pending(prompt) = &live.phase else { return Verdict::Stale.into() };
    // The device code did its part and is dropped; the user code stays, so that waiters see what they joined.
    live.phase = Phase::Exchanging(Prompt { device_code: None, ..prompt.clone() });
    live.holder = Some(held(now, &claim.act));
    Outcome::permits(Effect::ExchangeCode {
        provider: claim.step.provider.clone(),
        flow: claim.step.flow,
        attempt: claim.act.attempt,
    })
}

pub(crate) fn succeeded(state: &mut State, now: &Stamp, success: &Succeeded) -> Outcome {
    let Succeeded { step, material, source, fingerprint } = success;
    let Some(live) = held_flow(state, now, step) else { return unwanted(state, success) };
    let put = Put {
        provider: step.provider.clone(),
        label: live.label.clone(),
        material: material.clone(),
        source: source.clone(),
        fingerprint: *fingerprint,
        how: How::Named,
    };
    put::store(state, &put);
    end_live(state.slot_mut(&step.provider), now, &FlowEnd::Succeeded);
    Verdict::Done.into()
}

/// A login that came through after its flow had ended stores nothing; its grant is revoked where that can't hurt another.
fn unwanted(state: &State, success: &Succeeded) -> Outcome {
    let deserted = state.slot(success.step.provider.as_str()).is_none_or(Slot::is_deserted);
    let effects = match &success.material {
        Material::Oauth(grant) if deserted => {
            vec![Effect::Revoke { provider: success.step.provider.clone(), token: grant.revocable().clone() }]
        }
        _ => Vec::new(),
    };
    Outcome { verdict: Verdict::Stale, effects }
}

pub(crate) fn failed(state: &mut State, now: &Stamp, failed: &Failed) -> Outcome {
    if held_flow(state, now, &failed.step).is_none() {
        return Verdict::Stale.into();
    }
    end_live(state.slot_mut(&failed.step.provider), now, &failed.end);
    Verdict::Done.into()
}

/// Cancelling what has ended, or was never there, changes nothing and is no error.
pub(crate) fn cancel(state: &mut State, now: &Stamp, cancel: &Cancel) -> Outcome {
    let slot = state.providers.get_mut(&cancel.provider);
    let named = |slot: &&mut Slot| slot.flow.as_ref().is_some_and(|live| live.id == cancel.flow);
    let Some(slot) = slot.filter(named) else { return Verdict::Nothing.into() };
    if !lapse(slot, now) {
        end_live(slot, now, &FlowEnd::Cancelled);
    }
    Verdict::Done.into()
}

pub(crate) fn adopt(state: &mut State, now: &Stamp, adopt: &Adopt) -> Outcome {
    let Some(slot) = state.providers.get_mut(&adopt.provider) else { return Refusal::NoFlow.into() };
    match &mut slot.flow {
        Some(live) if live.ends.is_reached(now) => Refusal::NoFlow.into(),
        Some(live) if live.id != adopt.flow => Verdict::Stale.into(),
        Some(live) if live.is_adoptable() => take_over(live, now, &adopt.provider, &adopt.act),
        Some(live) => Verdict::Joined(live.id).into(),
        None => Refusal::NoFlow.into(),
    }
}

fn take_over(live: &mut LiveFlow, now: &Stamp, provider: &ProviderId, act: &Act) -> Outcome {
    live.holder = Some(held(now, act));
    Outcome::permits(poll(&Step { provider: provider.clone(), flow: live.id, attempt: act.attempt }))
}

/// A dead poller's flow waits for somebody to adopt it; a dead actor in any other phase ends the flow, because nobody
/// else can know what came of its request.
pub(crate) fn actor_gone(slot: &mut Slot, now: &Stamp, attempt: Nonce) -> bool {
    let held = |live: &&mut LiveFlow| live.holder.as_ref().is_some_and(|claim| claim.attempt == attempt);
    let Some(live) = slot.flow.as_mut().filter(held) else { return false };
    live.holder = None;
    if !live.is_adoptable() {
        end_live(slot, now, &FlowEnd::Failed("interrupted".to_owned()));
    }
    true
}

/// Ends a flow whose time is up.
pub(crate) fn lapse(slot: &mut Slot, now: &Stamp) -> bool {
    let Some(live) = slot.flow.as_ref().filter(|live| live.ends.is_reached(now)) else { return false };
    let end = if live.phase == Phase::Reserved { FlowEnd::Failed("no_answer".to_owned()) } else { FlowEnd::Expired };
    end_live(slot, now, &end);
    true
}

/// Forgets flows that ended 300 s ago or earlier.
pub(crate) fn forget_ended(slot: &mut Slot, now: &Stamp) -> bool {
    let before = slot.ended.len();
    slot.ended.retain(|ended| ended.is_visible(now));
    slot.ended.len() != before
}

/// Ends the live flow, if there is one. Its secrets go with it.
pub(crate) fn end_live(slot: &mut Slot, now: &Stamp, end: &FlowEnd) {
    if let Some(live) = slot.flow.take() {
        let user_code = live.prompt().map(|prompt| prompt.user_code.clone());
        slot.ended.push(EndedFlow { id: live.id, end: end.clone(), at: *now, user_code });
    }
}

impl LiveFlow {
    /// What the person is shown, once the issuer gave it.
    pub fn prompt(&self) -> Option<&Prompt> {
        match &self.phase {
            Phase::Reserved => None,
            Phase::Pending(prompt) | Phase::Exchanging(prompt) => Some(prompt),
        }
    }

    /// Whether it has lost its poller and another may take over.
    pub fn is_adoptable(&self) -> bool {
        self.holder.is_none() && self.kind == FlowKind::Device && matches!(self.phase, Phase::Pending(_))
    }
}

impl EndedFlow {
    /// Whether it ended less than 300 s ago.
    pub fn is_visible(&self, now: &Stamp) -> bool {
        now.age_ms(&self.at) < ENDED_KEPT_MS
    }
}

/// The flow of this step, if its holder still has it and its time isn't up.
fn held_flow<'a>(state: &'a mut State, now: &Stamp, step: &Step) -> Option<&'a mut LiveFlow> {
    let live = state.providers.get_mut(&step.provider)?.flow.as_mut()?;
    let held = live.holder.as_ref().is_some_and(|claim| claim.attempt == step.attempt);
    (live.id == step.flow && held && !live.ends.is_reached(now)).then_some(live)
}

fn held(now: &Stamp, act: &Act) -> Claim {
    Claim { attempt: act.attempt, actor: act.actor.clone(), at: *now, doubt: None }
}

fn poll(step: &Step) -> Effect {
    Effect::Poll { provider: step.provider.clone(), flow: step.flow, attempt: step.attempt }
}
