//! The sequential specification: `credlatch_core::apply`, as far as it can be seen from outside.
//!
//! Every change is one transaction: first the dead are noticed, then the event is applied, and if the state is another
//! now it gets the next generation. Time is left open: in the specification a day passes between two commits, so that
//! whatever the product allowed itself after a wait is allowed here. Whether it waited is for the issuer's log to say.

use std::collections::{BTreeMap, BTreeSet};

use credlatch_core::known::KnownToken;
use credlatch_core::machine::{Act, Sent};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::rotation::{Cause, ClaimRotation, Exchanged, Settle, Times};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Actor, Claim, Grant, Nonce, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Effect, Event, Verdict, apply};

use crate::line::{Held, held};
use crate::search::{Operation, Spec};
use crate::told::{Sight, Told};

const DAY_MS: u64 = 86_400_000;
pub(crate) const DEFAULT: &str = "default";

/// An operation and what was told of it.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// One transaction.
    Change { event: Event, told: Told },
    /// The first half of a rotation: the claim, on the grant with this refresh token if that is known.
    Claim { provider: String, refresh: Option<String>, act: Act },
    /// It only looked.
    Look(Sight),
}

/// The product as it should be, among processes that die at known lines.
#[derive(Default)]
pub(crate) struct Product {
    /// Who was killed, and when: at which line it began, and by which it was over.
    pub(crate) deaths: BTreeMap<u32, (usize, usize)>,
    /// The version of each value that anybody ever saw: a write can't have had another, so most orders needn't be tried.
    pub(crate) versions: BTreeMap<String, u64>,
    /// The attempts that were noted: whoever says that it presents a token has noted it before.
    pub(crate) noted: BTreeSet<Nonce>,
    /// What an attempt was granted, and the line where its actor said so: it may have written it down from there on.
    pub(crate) granted: BTreeMap<Nonce, (usize, Exchanged)>,
}

impl Product {
    /// What may be written down for a claim by then: whoever transacts settles it, whether its actor lives or not.
    fn written_down(&self, state: &State, claim: &Claim, at: usize) -> Option<Event> {
        let attempt = claim.attempt;
        let (_, outcome) = self.granted.get(&attempt).filter(|(answered, _)| *answered < at)?;
        let slots = state.providers.iter();
        let mut entries = slots.flat_map(|(provider, slot)| slot.entries.iter().map(move |entry| (provider, entry)));
        let is_its = |grant: &Grant| grant.claim().is_some_and(|held| held.attempt == attempt);
        let (provider, label) = match entries.find(|(_, entry)| entry.grant().is_some_and(is_its)) {
            Some((provider, entry)) => (provider.clone(), entry.label.clone()),
            // It is of a token that no entry holds any more: whose it was makes no difference.
            None => (ProviderId::new("acme").ok()?, Label::default()),
        };
        Some(Event::Settle(Settle { provider, label, attempt, outcome: outcome.clone() }))
    }

    /// One transaction, in each way in which the dead may or may not have been noticed yet, and what they left may have been.
    fn transact(
        &self,
        state: &State,
        event: Option<&Event>,
        begin: usize,
        at: usize,
    ) -> Vec<(State, Verdict, Vec<Effect>)> {
        let now = now(state);
        let mut ways = vec![state.clone()];
        for claim in state.claims() {
            let death = self.deaths.get(&claim.actor.pid);
            let mut noticed = Vec::new();
            if death.is_some_and(|(killing, _)| *killing < at) {
                // Who didn't get as far as to present a token had noted that or not: nobody was told.
                let is_noted = self.noted.contains(&claim.attempt);
                let sent = if is_noted { &[Sent::UNKNOWN][..] } else { &[Sent::UNKNOWN, Sent::Nothing] };
                noticed.extend(sent.iter().map(|sent| Event::ActorGone { attempt: claim.attempt, sent: *sent }));
            }
            noticed.extend(self.written_down(state, claim, at));
            let more = ways.iter().flat_map(|before| noticed.iter().map(|event| apply(before, &now, event).state));
            let more: Vec<_> = more.collect();
            if death.is_some_and(|(_, reaped)| *reaped < begin) {
                ways.clear();
            }
            ways.extend(more);
        }
        let changed = ways.into_iter().map(|before| {
            let (mut after, verdict, effects) = match event {
                Some(event) => {
                    let step = apply(&before, &now, event);
                    (step.state, step.verdict, step.effects)
                }
                None => (before, Verdict::Nothing, Vec::new()),
            };
            after.generation += u64::from(after != *state);
            (after, verdict, effects)
        });
        changed.collect()
    }

    /// Whether what is new in a state has the version that somebody saw.
    fn is_as_seen(&self, before: &State, after: &State) -> bool {
        let entries = after.providers.values().flat_map(|slot| &slot.entries);
        entries.filter(|entry| entry.version > before.last_version).all(|entry| {
            let known = entry.secret().and_then(|secret| self.versions.get(secret.expose_secret()));
            known.is_none_or(|version| *version == entry.version)
        })
    }

    fn claim(
        &self,
        state: &State,
        (provider, refresh, act): (&str, Option<&str>, &Act),
        begin: usize,
        at: usize,
    ) -> Vec<State> {
        let Some(slot) = state.providers.get_key_value(provider) else { return Vec::new() };
        let Some(entry) = slot.1.entry(DEFAULT) else { return Vec::new() };
        let event = Event::ClaimRotation(ClaimRotation {
            provider: slot.0.clone(),
            label: entry.label.clone(),
            version: entry.version,
            cause: Cause::Asked,
            act: act.clone(),
            times: Times::default(),
            reach: None,
            watched: None,
        });
        let permits = |effects: &[Effect]| {
            effects.iter().any(|effect| match effect {
                Effect::Refresh { refresh: sent, .. } => refresh.is_none_or(|token| token == sent.expose_secret()),
                _ => false,
            })
        };
        let ways = self.transact(state, Some(&event), begin, at).into_iter();
        ways.filter(|(_, verdict, effects)| *verdict == Verdict::Done && permits(effects)).map(|way| way.0).collect()
    }
}

/// What tells one state from another: of each entry, and of each token that no entry holds and somebody still presents. What
/// became of the others makes no difference: nobody signs in with a token twice.
type Key = (u64, u64, Vec<(u64, Fingerprint, Held, Option<Attempt>)>, Vec<(Fingerprint, Attempt)>);

/// Who has a claim, and whether there was a doubt before: that is there again if nothing comes of it.
type Attempt = (Nonce, bool);

fn attempt(claim: &Claim) -> Attempt {
    (claim.attempt, claim.doubt.is_some())
}

impl Spec for Product {
    type State = State;
    type Op = Op;
    type Key = Key;

    fn key(&self, state: &State) -> Key {
        let entries = state.providers.values().flat_map(|slot| &slot.entries);
        let entries = entries.map(|entry| {
            let claim = entry.grant().and_then(|grant| grant.claim());
            (entry.version, entry.fingerprint, held(entry), claim.map(attempt))
        });
        let presented = |known: &KnownToken| known.fate.claim().map(|claim| (known.mark.fingerprint, attempt(claim)));
        let tokens = state.tokens.iter().filter_map(presented);
        (state.generation, state.last_version, entries.collect(), tokens.collect())
    }

    fn sees(&self, state: &State, op: &Op) -> Option<bool> {
        let Op::Look(sight) = op else { return None };
        Some(sight.is_of(state))
    }

    fn steps(&self, state: &State, op: &Operation<Op>, at: usize) -> Vec<State> {
        match &op.what {
            Op::Look(_) => Vec::new(),
            Op::Claim { provider, refresh, act } => {
                self.claim(state, (provider, refresh.as_deref(), act), op.begin, at)
            }
            Op::Change { event, told } => {
                let ways = self.transact(state, Some(event), op.begin, at).into_iter();
                let ways = ways.filter(|(after, verdict, _)| told.is_of(state, after, verdict)).map(|way| way.0);
                ways.filter(|after| self.is_as_seen(state, after)).collect()
            }
        }
    }

    /// A try that came to nothing still commits what it noticed.
    fn asides(&self, state: &State, op: &Op, at: usize) -> Vec<State> {
        let transacts = match op {
            Op::Look(sight) => !matches!(sight, Sight::All(_) | Sight::Picked { .. } | Sight::NothingToPick { .. }),
            Op::Claim { .. } => true,
            Op::Change { .. } => false,
        };
        let is_left =
            |claim: &Claim| self.deaths.contains_key(&claim.actor.pid) || self.written_down(state, claim, at).is_some();
        if !transacts || !state.claims().any(is_left) {
            return Vec::new();
        }
        let ways = self.transact(state, None, 0, at).into_iter();
        ways.map(|way| way.0).filter(|after| after.generation != state.generation).collect()
    }
}

pub(crate) fn now(state: &State) -> Stamp {
    let ms = state.generation * DAY_MS;
    Stamp { wall_ms: ms, up_ms: ms, boot: 1 }
}

/// The act of this worker whose claim is this operation.
pub(crate) fn act(who: u32, begin: usize) -> Act {
    let attempt = Nonce(begin as u128);
    Act { attempt, actor: Actor { name: attempt, pid: who, started: 0, pid_namespace: 0, notes: false } }
}
