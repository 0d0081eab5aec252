//! What a request should carry: the entry that the pool chooses, rotated first if its token would not last.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::no_token::{NoToken, no_choice};
use super::snapshot::{Live, LiveKind, Snapshot};
use super::{Engine, Rotation, RotationRequest, UnsavedGrant};
use crate::machine::Refusal;
use crate::machine::exchanged::Exchanged;
use crate::machine::pool::{self, Choice};
use crate::machine::rotation::Cause;
use crate::port::{Clock, Issuer, Keeps, Ports, Store};
use crate::state::name::{Label, ProviderId};
use crate::state::strategy::Strategy;
use crate::state::time::{Stamp, later};
use crate::state::times::Times;
use crate::state::{Custody, Entry, Freshness, Slot};

/// What was chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The shared record.
    pub live: Arc<Live>,
    /// The generation it was chosen from.
    pub generation: u64,
    /// When, if the choice looked at the clock: whoever asks next whether it is good or due needs no other look then.
    pub at: Option<Stamp>,
    /// The turn that was drawn for it in a pool that is used in turn: whoever chooses again for the same request has drawn.
    pub turn: u64,
}

impl<P: Ports> Engine<P> {
    /// Chooses an entry from a provider's pool, as it is, and counts that it is used. Rotates nothing.
    ///
    /// # Errors
    /// There is none, or none that may be used now; or the store can't be read.
    pub fn current(&self, provider: &str, choice: &Choice<'_>) -> Result<Chosen, NoToken> {
        let chosen = self.choose(provider, choice)?;
        // Whether a link is used at all is known to whoever looks behind it.
        if chosen.live.secret().is_some() {
            chosen.live.count_use();
        }
        Ok(chosen)
    }

    /// The same, and counts nothing: whoever hands it out does.
    ///
    /// # Errors
    /// As [`Engine::current`].
    pub fn choose(&self, provider: &str, choice: &Choice<'_>) -> Result<Chosen, NoToken> {
        let since = P::observed();
        let word = self.store.word()?;
        let mut chosen = None;
        // What most requests get leaves this closure in two registers: another choice is larger, and moved more often.
        let constant = self.look(word, |snapshot| {
            P::keep_only(since, Keeps::State(&snapshot.state, snapshot.id), format_args!("found"));
            let constant = snapshot.constant(provider, choice, P::copy());
            if constant.is_none() {
                chosen = Some(self.choose_in(snapshot, provider, choice));
            }
            constant.map(|(live, generation)| (Arc::clone(live), generation))
        });
        if let Some((live, generation)) = constant {
            return Ok(Chosen { live, generation, at: None, turn: 0 });
        }
        if let Some(chosen) = chosen {
            return chosen;
        }
        P::keep_only(since, Keeps::Word(word), format_args!("reloads"));
        let snapshot = self.reload(word)?;
        P::keep_only(since, Keeps::State(&snapshot.state, snapshot.id), format_args!("found"));
        self.choose_in(&snapshot, provider, choice)
    }

    /// Chooses from what is stored at one commit, at this moment.
    #[inline(never)]
    fn choose_in(&self, snapshot: &Snapshot, provider: &str, choice: &Choice<'_>) -> Result<Chosen, NoToken> {
        if let Some((live, generation)) = snapshot.constant(provider, choice, P::copy()) {
            return Ok(Chosen { live: Arc::clone(live), generation, at: None, turn: 0 });
        }
        let now = self.clock.now();
        let slot = snapshot.state.slot(provider).ok_or(NoToken::Empty)?;
        let turn = self.turn(slot, choice);
        let place =
            pool::select(slot, &now, &Choice { turn, ..*choice }).map_err(|why| no_choice(slot, &now, choice, why))?;
        let live = snapshot.pool(provider).get(place).ok_or(NoToken::Empty)?;
        Ok(Chosen { live: Arc::clone(live), generation: snapshot.state.generation, at: Some(now), turn })
    }

    /// Draws a turn in a pool that is used in turn. Others leave the counter alone: threads that share it wait for each
    /// other. Whoever chooses again for one request goes on with the turn that it had, or whoever stands behind would get
    /// too many.
    fn turn(&self, slot: &Slot, choice: &Choice<'_>) -> u64 {
        match slot.strategy {
            Strategy::RoundRobin | Strategy::Random => {
                let draw = || choice.turn.wrapping_add(self.turns.fetch_add(1, Ordering::Relaxed));
                choice.drawn.unwrap_or_else(draw)
            }
            Strategy::FillFirst | Strategy::LeastUsed => choice.turn,
        }
    }

    /// Chooses an entry that is good for a request, renews it first if it isn't, and counts that it is used.
    ///
    /// # Errors
    /// As [`Engine::renew`].
    pub fn token(
        &self,
        issuer: &(impl Issuer + ?Sized),
        provider: &ProviderId,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Chosen, NoToken> {
        let chosen = self.choose(provider.as_str(), choice)?;
        let good = self.renew(issuer, chosen, choice, times, patience_ms)?;
        good.live.count_use();
        Ok(good)
    }

    /// Makes what was chosen good for a request: rotates it first if it isn't. While it is still good, though due, a failed
    /// rotation is no failure: the present token is returned. One that has ended, and that nothing renews any more, is
    /// passed over. Tokens that were granted and could not be saved are as good as others while they last: see
    /// [`Live::unsaved`].
    ///
    /// # Errors
    /// There is nothing good, and this says what to do about it.
    pub fn renew(
        &self,
        issuer: &(impl Issuer + ?Sized),
        chosen: Chosen,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Chosen, NoToken> {
        let began = self.clock.now();
        let provider = chosen.live.provider.clone();
        let mut chosen = chosen;
        let mut renewed: Vec<Label> = Vec::new();
        let mut passed = choice.passed.to_vec();
        let mut first = None;
        loop {
            let freshness = self.freshness(&chosen, times)?;
            // A token that is due, or even over, as soon as it comes won't get better by asking again and again.
            if freshness == Freshness::Good || renewed.contains(&chosen.live.label) {
                return Ok(chosen);
            }
            let request = RotationRequest {
                provider: provider.clone(),
                label: chosen.live.label.clone(),
                version: chosen.live.version,
                cause: Cause::Due,
                times,
            };
            let left_ms = patience_ms.saturating_sub(self.clock.now().since_ms(&began));
            let rotation = self.rotate(issuer, &request, left_ms);
            match (rotation, freshness) {
                (Ok(Rotation::Granted(live) | Rotation::Newer(live)), _) => {
                    renewed.push(live.label.clone());
                    if let Some(settled) = self.settled_choice(live, &chosen, choice)? {
                        return Ok(settled);
                    }
                }
                (Ok(Rotation::Gone), _) => {}
                (Ok(Rotation::Unsaved(unsaved)), _) => return self.unsaved_choice(unsaved, &chosen),
                (_, Freshness::Due) => return Ok(chosen),
                (Ok(rotation), _) => match self.explain(&chosen, times, rotation) {
                    Err(why) if why.asks_for_login() => {
                        passed.push(chosen.live.version);
                        first.get_or_insert(why);
                    }
                    explained => explained?,
                },
                (Err(error), _) => return Err(NoToken::Store(error)),
            }
            let again = Choice { passed: &passed, drawn: Some(chosen.turn), ..*choice };
            let next = self.choose(provider.as_str(), &again);
            chosen = next.map_err(|why| if why.asks_for_login() { first.take().unwrap_or(why) } else { why })?;
        }
    }

    /// The record that a rotation settled, for the request that its entry was chosen for. Nothing is chosen again for that,
    /// unless the record was replaced or cleared since, or may not be used.
    fn settled_choice(&self, live: Arc<Live>, chosen: &Chosen, choice: &Choice<'_>) -> Result<Option<Chosen>, NoToken> {
        let now = self.clock.now();
        Ok(self.read(|snapshot| {
            let entry = snapshot.state.entry(live.provider.as_str(), live.label.as_str())?;
            let stands = entry.version == live.version && pool::is_eligible(entry, &now, choice);
            let generation = snapshot.state.generation;
            stands.then(|| Chosen { live, generation, at: Some(now), turn: chosen.turn })
        })?)
    }

    /// What waits to be saved, for the request that the entry was chosen for.
    fn unsaved_choice(&self, unsaved: UnsavedGrant, chosen: &Chosen) -> Result<Chosen, NoToken> {
        let now = self.clock.now();
        if unsaved.live.expiry.is_spent(&now) {
            return Err(NoToken::Unsaved(Box::new(unsaved)));
        }
        Ok(Chosen { live: unsaved.live, at: Some(now), ..*chosen })
    }

    /// How good the chosen token was when it was chosen: whether a request may carry it, and whether it is to be rotated
    /// first. What is due and can't be rotated now is good.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn freshness(&self, chosen: &Chosen, times: Times) -> Result<Freshness, NoToken> {
        if chosen.live.kind != LiveKind::Oauth {
            return Ok(Freshness::Good);
        }
        let at = chosen.at.unwrap_or_else(|| self.clock.now());
        if chosen.live.expiry.is_spent(&at) {
            return Ok(Freshness::Spent);
        }
        // Most calls end here, without another look at the store: no window is longer than the skew.
        if chosen.live.expiry.left_ms(&at) > times.skew_ms {
            return Ok(Freshness::Good);
        }
        let wants = self.read(|snapshot| {
            let entry = snapshot.state.entry(chosen.live.provider.as_str(), chosen.live.label.as_str());
            entry.is_some_and(|entry| wants_rotation(entry, &at, times))
        })?;
        Ok(if wants { Freshness::Due } else { Freshness::Good })
    }

    /// Says why a spent token could not be replaced. A doubt that clears up soon enough is waited for by the caller.
    fn explain(&self, chosen: &Chosen, times: Times, rotation: Rotation) -> Result<(), NoToken> {
        let snapshot = self.snapshot()?;
        let entry = snapshot.state.entry(chosen.live.provider.as_str(), chosen.live.label.as_str());
        let cause = entry.and_then(|entry| match &entry.grant()?.custody {
            Custody::InDoubt(doubt) => Some(doubt.why),
            _ => None,
        });
        let retry_at = entry.and_then(|entry| entry.health.retry_at);
        let is_untrusted = entry.is_some_and(|entry| entry.health.untrusted);
        let turned_away = entry.and_then(|entry| entry.health.turned_away.clone());
        let unreached = entry.and_then(|entry| entry.health.unreached.clone());
        let label = &chosen.live.label;
        // What is known of the last try says more than the doubt that it returned to.
        let is_told = is_untrusted || turned_away.is_some() || unreached.is_some();
        let no_answer = |until| match (turned_away, unreached) {
            (Some(answer), _) => NoToken::TurnedAway { label: label.clone(), until, answer: Box::new(answer) },
            (None, Some(unreached)) => NoToken::Unreached { label: label.clone(), until, unreached },
            (None, None) if is_untrusted => NoToken::Untrusted(until),
            (None, None) => NoToken::Unreachable(until),
        };
        Err(match rotation {
            // Not due is what was spent a moment ago, if somebody set the wall clock meanwhile: look again.
            Rotation::Granted(_) | Rotation::Newer(_) | Rotation::Gone | Rotation::Refused(Refusal::NotDue) => {
                return Ok(());
            }
            Rotation::Unsaved(unsaved) => NoToken::Unsaved(Box::new(unsaved)),
            Rotation::Busy(actor) => NoToken::Busy(actor),
            Rotation::Failed(Exchanged::Rejected { code }) => NoToken::SignIn(Some(code)),
            Rotation::NoIssuer => NoToken::NoIssuer { label: chosen.live.label.clone() },
            Rotation::Failed(_) => {
                // The token is presented again when the doubt allows it and the back-off too: that is told at once.
                let now = self.clock.now();
                let quiet = entry.and_then(|entry| match &entry.grant()?.custody {
                    Custody::InDoubt(doubt) => doubt.retry_at(entry.grant()?.expiry, &now, times),
                    _ => None,
                });
                let until = later(retry_at, quiet, &now).unwrap_or_else(|| now.plus_ms(0));
                if cause.is_some() && !is_told { NoToken::InDoubt { until, cause } } else { no_answer(until) }
            }
            Rotation::Refused(Refusal::InDoubtUntil(until)) => NoToken::InDoubt { until, cause },
            Rotation::Refused(Refusal::BackOff(until) | Refusal::TooSoon(until)) => match cause {
                Some(_) if !is_told => NoToken::InDoubt { until, cause },
                _ => no_answer(until),
            },
            Rotation::Refused(Refusal::NotRotatable) => NoToken::Ended { label: chosen.live.label.clone() },
            Rotation::Refused(Refusal::Elsewhere(from)) => NoToken::Elsewhere(from),
            Rotation::Refused(Refusal::Shared(why)) => NoToken::Shared(why),
            Rotation::Refused(_) => NoToken::SignIn(None),
        })
    }
}

fn wants_rotation(entry: &Entry, now: &Stamp, times: Times) -> bool {
    entry.grant().is_some_and(|grant| {
        let settled = matches!(grant.custody, Custody::Settled);
        let open = entry.health.retry_at.is_none_or(|at| at.is_reached(now));
        settled && open && grant.refresh.is_some() && grant.freshness(now, times.skew_ms) != Freshness::Good
    })
}
