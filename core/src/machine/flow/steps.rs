//! The steps of a login, one function for each event.

use super::asked::{Adopt, Cancel, ClaimCode, Failed, Prompted, Start, Step, Succeeded};
use super::end::{end_live, lapse};
use crate::machine::outcome::{Act, Effect, Output, Refusal, Verdict};
use crate::machine::put::{self, Put, PutMode, Voucher};
use crate::state::extra::Extra;
use crate::state::flow::{FlowEnd, LiveFlow, Phase, Prompt};
use crate::state::name::ProviderId;
use crate::state::time::Stamp;
use crate::state::{Claim, Material, Nonce, Slot, State};

/// The longest a flow lives.
pub const LIVE_MAX_MS: u64 = 900_000;
/// The shortest an issuer's `expires_in` is taken for.
pub const LIVE_MIN_MS: u64 = 60_000;
/// How long a flow may be without a code to show.
pub const RESERVED_MAX_MS: u64 = 60_000;
/// What `slow_down` adds to the polling interval (RFC 8628, 3.5), in seconds.
pub const SLOW_DOWN_SECS: u64 = 5;

pub(crate) fn start(state: &mut State, now: &Stamp, start: &Start) -> Output {
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
        extra: Extra::default(),
    });
    Output::permits(Effect::RequestPrompt {
        provider: start.provider.clone(),
        flow: start.flow,
        attempt: start.act.attempt,
        kind: start.kind,
    })
}

pub(crate) fn prompted(state: &mut State, now: &Stamp, prompted: &Prompted) -> Output {
    let Prompted { step, prompt, expires_in_ms } = prompted;
    let Some(live) = held_flow(state, now, step) else { return Verdict::Stale.into() };
    if live.phase != Phase::Reserved {
        return Verdict::Stale.into();
    }
    let room_ms = LIVE_MAX_MS.saturating_sub(now.age_ms(&live.started));
    live.ends = now.plus_ms((*expires_in_ms).clamp(LIVE_MIN_MS, LIVE_MAX_MS).min(room_ms));
    live.phase = Phase::Pending(prompt.clone());
    Output::permits(poll(step))
}

pub(crate) fn slowed_down(state: &mut State, now: &Stamp, step: &Step) -> Output {
    match held_flow(state, now, step).map(|live| &mut live.phase) {
        Some(Phase::Pending(prompt)) => {
            prompt.interval_secs = prompt.interval_secs.saturating_add(SLOW_DOWN_SECS);
            Verdict::Done.into()
        }
        _ => Verdict::Stale.into(),
    }
}

pub(crate) fn claim_code(state: &mut State, now: &Stamp, claim: &ClaimCode) -> Output {
    let Some(live) = held_flow(state, now, &claim.step) else { return Verdict::Stale.into() };
    let Phase::Pending(prompt) = &live.phase else { return Verdict::Stale.into() };
    // The device code did its part and is dropped; the user code stays, so that waiters see what they joined.
    live.phase = Phase::Exchanging(Prompt { device_code: None, ..prompt.clone() });
    live.holder = Some(held(now, &claim.act));
    Output::permits(Effect::ExchangeCode {
        provider: claim.step.provider.clone(),
        flow: claim.step.flow,
        attempt: claim.act.attempt,
    })
}

pub(crate) fn succeeded(state: &mut State, now: &Stamp, success: &Succeeded) -> Output {
    let Succeeded { step, material, source, came } = success;
    let Some(live) = held_flow(state, came, step) else { return unwanted(state, success) };
    let put = Put {
        provider: step.provider.clone(),
        label: live.label.clone(),
        material: material.clone(),
        source: source.clone(),
        how: PutMode::Named,
    };
    if put::is_full(state, &put) {
        // The pool was filled while the person agreed: nobody would read a fuller one.
        end_live(state.slot_mut(&step.provider), now, &FlowEnd::Failed(POOL_FULL.to_owned()));
        return Verdict::Done.into();
    }
    put::store(state, &put, Voucher::Issuer);
    end_live(state.slot_mut(&step.provider), now, &FlowEnd::Succeeded);
    Verdict::Done.into()
}

/// Why a login failed for which there was no place.
const POOL_FULL: &str = "pool_full";

/// A login that came through after its flow had ended stores nothing; its grant is revoked where that can't hurt another.
fn unwanted(state: &State, success: &Succeeded) -> Output {
    let deserted = state.slot(success.step.provider.as_str()).is_none_or(Slot::is_deserted);
    let effects = match &success.material {
        Material::Oauth(grant) if deserted && !state.holds(grant.revocable()) => {
            vec![Effect::Revoke { provider: success.step.provider.clone(), token: grant.revocable().clone() }]
        }
        _ => Vec::new(),
    };
    Output { verdict: Verdict::Stale, effects }
}

pub(crate) fn failed(state: &mut State, now: &Stamp, failed: &Failed) -> Output {
    if held_flow(state, now, &failed.step).is_none() {
        return Verdict::Stale.into();
    }
    let slot = state.slot_mut(&failed.step.provider);
    end_live(slot, now, &failed.end);
    if let Some(ended) = slot.ended.last_mut() {
        ended.description.clone_from(&failed.description);
    }
    Verdict::Done.into()
}

/// Cancelling what has ended, or was never there, changes nothing and is no error.
pub(crate) fn cancel(state: &mut State, now: &Stamp, cancel: &Cancel) -> Output {
    let slot = state.providers.get_mut(&cancel.provider);
    let named = |slot: &&mut Slot| slot.flow.as_ref().is_some_and(|live| live.id == cancel.flow);
    let Some(slot) = slot.filter(named) else { return Verdict::Nothing.into() };
    if !lapse(slot, now) {
        end_live(slot, now, &FlowEnd::Cancelled);
    }
    Verdict::Done.into()
}

pub(crate) fn adopt(state: &mut State, now: &Stamp, adopt: &Adopt) -> Output {
    let Some(slot) = state.providers.get_mut(&adopt.provider) else { return Refusal::NoFlow.into() };
    match &mut slot.flow {
        Some(live) if live.ends.is_reached(now) => Refusal::NoFlow.into(),
        Some(live) if live.id != adopt.flow => Verdict::Stale.into(),
        Some(live) if live.is_adoptable() || live.is_handed_over(adopt.from) => {
            take_over(live, now, &adopt.provider, &adopt.act)
        }
        Some(live) => Verdict::Joined(live.id).into(),
        None => Refusal::NoFlow.into(),
    }
}

fn take_over(live: &mut LiveFlow, now: &Stamp, provider: &ProviderId, act: &Act) -> Output {
    live.holder = Some(held(now, act));
    Output::permits(poll(&Step { provider: provider.clone(), flow: live.id, attempt: act.attempt }))
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

/// The flow of this step, if its holder still has it and its time wasn't up by then.
fn held_flow<'a>(state: &'a mut State, by: &Stamp, step: &Step) -> Option<&'a mut LiveFlow> {
    let live = state.providers.get_mut(&step.provider)?.flow.as_mut()?;
    let held = live.holder.as_ref().is_some_and(|claim| claim.attempt == step.attempt);
    (live.id == step.flow && held && !live.ends.is_reached(by)).then_some(live)
}

fn held(now: &Stamp, act: &Act) -> Claim {
    Claim { attempt: act.attempt, actor: act.actor.clone(), at: *now, doubt: None }
}

fn poll(step: &Step) -> Effect {
    Effect::Poll { provider: step.provider.clone(), flow: step.flow, attempt: step.attempt }
}
