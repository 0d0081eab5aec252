//! The sequential specification: `credlatch_core::apply`, as far as it can be seen from outside.
//!
//! Every change is one transaction: first the dead are noticed, then the event is applied, and if the state is another
//! now it gets the next generation. Time is left open: in the specification a day passes between two commits, so that
//! whatever the product allowed itself after a wait is allowed here. Whether it waited is for the issuer's log to say.

use std::collections::BTreeMap;

use credlatch_core::machine::Act;
use credlatch_core::pool::{self, Choice, Unusable};
use credlatch_core::rotation::{Cause, ClaimRotation, Times};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Actor, Claim, Nonce, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Effect, Event, Verdict, apply};

use crate::line::{Held, View, held};
use crate::search::{Operation, Spec};

const DAY_MS: u64 = 86_400_000;
const DEFAULT: &str = "default";

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

/// What a change was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Nothing: it was cut off, or failed for a reason of the issuer's.
    Nothing,
    Stored,
    /// These labels are gone, since that generation.
    Cleared {
        provider: String,
        labels: Vec<String>,
        generation: u64,
    },
    /// There was no such entry.
    NoEntry,
    /// A rotation ended, and this is the entry now.
    Rotated {
        provider: String,
        version: u64,
        value: String,
    },
    /// A rotation ended, and the entry is gone.
    Gone {
        provider: String,
    },
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    All(View),
    Picked {
        provider: String,
        label: String,
        version: u64,
        value: String,
        generation: u64,
    },
    NothingToPick {
        provider: String,
    },
    OnlyLost {
        provider: String,
    },
    /// The provider's default entry.
    Entry {
        provider: String,
        version: u64,
        value: String,
    },
    NoEntry {
        provider: String,
    },
    /// The provider's default entry is one of these; `true` if trying may notice a death.
    Held {
        provider: String,
        any_of: &'static [Held],
    },
    /// No state explains it.
    Never,
}

/// The product as it should be, among processes that die at known lines.
#[derive(Default)]
pub(crate) struct Product {
    /// Who was killed, and when: at which line it began, and by which it was over.
    pub(crate) deaths: BTreeMap<u32, (usize, usize)>,
    /// The version of each value that anybody ever saw: a write can't have had another, so most orders needn't be tried.
    pub(crate) versions: BTreeMap<String, u64>,
}

impl Product {
    /// One transaction, in each way in which the dead may or may not have been noticed yet.
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
            let Some((killing, reaped)) = self.deaths.get(&claim.actor.pid) else { continue };
            let noticed = |before: &State| apply(before, &now, &Event::ActorGone { attempt: claim.attempt }).state;
            if *reaped < begin {
                ways = ways.iter().map(noticed).collect();
            } else if *killing < at {
                let more: Vec<_> = ways.iter().map(noticed).collect();
                ways.extend(more);
            }
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

/// What tells one state from another: of each entry, and of each token that no entry holds any more.
type Key = (u64, u64, Vec<(u64, Fingerprint, Held, Option<Nonce>)>, Vec<(Fingerprint, String)>);

impl Spec for Product {
    type State = State;
    type Op = Op;
    type Key = Key;

    fn key(&self, state: &State) -> Key {
        let entries = state.providers.values().flat_map(|slot| &slot.entries);
        let entries = entries.map(|entry| {
            let attempt = entry.grant().and_then(|grant| grant.claim()).map(|claim: &Claim| claim.attempt);
            (entry.version, entry.fingerprint, held(entry), attempt)
        });
        let tokens = state.tokens.iter().map(|known| (known.mark.fingerprint, format!("{:?}", known.fate)));
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
        if !transacts || state.claims().all(|claim| !self.deaths.contains_key(&claim.actor.pid)) {
            return Vec::new();
        }
        let ways = self.transact(state, None, 0, at).into_iter();
        ways.map(|way| way.0).filter(|after| after.generation != state.generation).collect()
    }
}

impl Told {
    fn is_of(&self, before: &State, after: &State, verdict: &Verdict) -> bool {
        match self {
            Self::Nothing => true,
            Self::Stored => matches!(verdict, Verdict::Done | Verdict::Nothing),
            Self::NoEntry => *verdict == Verdict::Nothing,
            Self::Cleared { provider, labels, generation } => {
                let gone = |slot: &credlatch_core::state::Slot| {
                    let stays = |label: &str| after.entry(provider, label).is_some();
                    let labels = slot.entries.iter().map(|entry| entry.label.as_str().to_owned());
                    labels.filter(|label| !stays(label)).collect::<Vec<_>>()
                };
                after.generation == *generation && before.slot(provider).map(gone).unwrap_or_default() == *labels
            }
            Self::Rotated { provider, version, value } => is_entry(after, provider, *version, value),
            Self::Gone { provider } => after.entry(provider, DEFAULT).is_none(),
        }
    }
}

impl Sight {
    fn is_of(&self, state: &State) -> bool {
        let choose = |provider: &str| state.slot(provider).map(|slot| (slot, pool::select(slot, &now(state), &ANY)));
        match self {
            Self::All(view) => state.generation == view.generation && View::of(state) == *view,
            Self::Picked { provider, label, version, value, generation } => {
                *generation == state.generation
                    && choose(provider).is_some_and(|(slot, chosen)| {
                        chosen.is_ok_and(|at| {
                            let entry = &slot.entries[at];
                            let secret = entry.secret().map(credlatch::Secret::expose_secret);
                            entry.label.as_str() == label && entry.version == *version && secret == Some(value)
                        })
                    })
            }
            Self::NothingToPick { provider } => {
                choose(provider).is_none_or(|(_, chosen)| chosen == Err(Unusable::Empty))
            }
            Self::OnlyLost { provider } => choose(provider).is_some_and(|(_, chosen)| chosen == Err(Unusable::SignIn)),
            Self::Entry { provider, version, value } => is_entry(state, provider, *version, value),
            Self::NoEntry { provider } => state.entry(provider, DEFAULT).is_none(),
            Self::Held { provider, any_of } => {
                state.entry(provider, DEFAULT).is_some_and(|entry| any_of.contains(&held(entry)))
            }
            Self::Never => false,
        }
    }
}

const ANY: Choice<'static> = Choice { model: None, turn: 0, drawn: None, passed: &[] };

fn is_entry(state: &State, provider: &str, version: u64, value: &str) -> bool {
    state.entry(provider, DEFAULT).is_some_and(|entry| {
        entry.version == version && entry.secret().is_some_and(|secret| secret.expose_secret() == value)
    })
}

fn now(state: &State) -> Stamp {
    let ms = state.generation * DAY_MS;
    Stamp { wall_ms: ms, up_ms: ms, boot: 1 }
}

/// The act of this worker whose claim is this operation.
pub(crate) fn act(who: u32, begin: usize) -> Act {
    let attempt = Nonce(begin as u128);
    Act { attempt, actor: Actor { name: attempt, pid: who, started: 0, pid_namespace: 0 } }
}
