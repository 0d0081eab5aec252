//! The other half of law 14: waits whose clock does not tell their age. A harness knows the time that really passed, and
//! here every wait is measured by it: a quarantine is over only after so much of it, and everything else is over when the
//! wall clock or the true one says so, and goes on only while one of them does.

use std::collections::BTreeMap;

use crate::law::trace::{Fact, Stepped};
use crate::machine::rotation::{CHALLENGE_SPACING_MS, Cause, ClaimRotation};
use crate::machine::{Event, Refusal, Verdict};
use crate::state::name::ProviderId;
use crate::state::time::{Deadline, Expiry, Stamp};
use crate::state::{Custody, Doubt, Entry, Grant, Material, Nonce, State};

/// Whether a doubt was looked at whose age the clock since boot doesn't tell.
pub(super) fn witnessed(step: &Stepped) -> bool {
    let Event::ClaimRotation(claim) = &step.event else { return false };
    doubt(&step.before, claim).is_some_and(|(_, _, doubt)| !step.now.is_comparable(&doubt.claimed))
}

fn doubt<'a>(state: &'a State, claim: &ClaimRotation) -> Option<(&'a Entry, &'a Grant, &'a Doubt)> {
    let entry = state.entry(claim.provider.as_str(), claim.label.as_str())?;
    let grant = entry.grant()?;
    let Custody::InDoubt(doubt) = &grant.custody else { return None };
    Some((entry, grant, doubt))
}

/// The time that really passed, and when what was read and claimed.
#[derive(Default, Hash)]
pub(super) struct Truth {
    now_ms: u64,
    seen: BTreeMap<(u64, u64, u64), u64>,
    claimed: BTreeMap<Nonce, u64>,
}

/// How old something is by one clock and by the other.
#[derive(Clone, Copy)]
struct Age {
    least_ms: u64,
    most_ms: u64,
}

impl Truth {
    pub(super) fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Passed { ms } => self.now_ms += ms,
            Fact::Stepped(step) => {
                self.saw(&step.now);
                self.judge(step)?;
                if let (Event::ClaimRotation(claim), Verdict::Done) = (&step.event, &step.verdict) {
                    self.claimed.insert(claim.act.attempt, self.now_ms);
                }
            }
            Fact::Chosen { now, state, provider, at, .. } => {
                self.saw(now);
                self.judge_choice(now, state, provider, *at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn saw(&mut self, now: &Stamp) {
        self.seen.entry((now.wall_ms, now.up_ms, now.boot)).or_insert(self.now_ms);
    }

    fn age(&self, now: &Stamp, from: &Stamp) -> Option<Age> {
        if now.is_comparable(from) {
            // Where no clock stumbled, this is the matter of other laws.
            return super::stumbled_ms(now, from).map(|ms| Age { least_ms: ms, most_ms: ms });
        }
        let true_ms = self.now_ms.checked_sub(*self.seen.get(&(from.wall_ms, from.up_ms, from.boot))?)?;
        let wall_ms = now.wall_ms.saturating_sub(from.wall_ms);
        Some(Age { least_ms: true_ms.min(wall_ms), most_ms: true_ms.max(wall_ms) })
    }

    /// Whether no clock says that it is reached.
    fn is_ahead(&self, now: &Stamp, at: &Deadline) -> bool {
        self.age(now, &at.from).is_some_and(|age| age.most_ms < at.after_ms)
    }

    /// Whether every clock says that it is reached.
    fn is_past(&self, now: &Stamp, at: &Deadline) -> bool {
        self.age(now, &at.from).is_some_and(|age| age.least_ms >= at.after_ms)
    }

    fn judge(&self, step: &Stepped) -> Result<(), String> {
        let Event::ClaimRotation(claim) = &step.event else { return Ok(()) };
        let Some(entry) = step.before.entry(claim.provider.as_str(), claim.label.as_str()) else { return Ok(()) };
        let Some(grant) = entry.grant() else { return Ok(()) };
        self.quarantine(step, claim)?;
        let now = &step.now;
        let spacing = entry.health.challenged.map(|at| at.plus_ms(CHALLENGE_SPACING_MS));
        let spacing = spacing.filter(|_| claim.cause == Cause::Challenged);
        let due_ms = grant.advisory_ms(claim.times.skew_ms).max(grant.expiry.least_left_ms());
        let due = match grant.expiry {
            Expiry::After(end) => Some(Deadline { after_ms: end.after_ms.saturating_sub(due_ms), ..end }),
            Expiry::Never | Expiry::At(_) => None,
        };
        let due = due.filter(|_| claim.cause == Cause::Due);
        let (waits, what) = match &step.verdict {
            Verdict::Done => {
                let waits = [(entry.health.retry_at, "a back-off"), (spacing, "a spacing"), (due, "a token's life")];
                let cut = waits.iter().find(|(at, _)| at.is_some_and(|at| self.is_ahead(now, &at)));
                return cut.map_or(Ok(()), |(_, what)| Err(format!("{what} was cut short because a clock was wrong")));
            }
            Verdict::Refused(Refusal::BackOff(_)) => (entry.health.retry_at, "a back-off"),
            Verdict::Refused(Refusal::TooSoon(_)) => (spacing, "a spacing"),
            Verdict::Refused(Refusal::NotDue) => (due, "a token's life"),
            _ => return Ok(()),
        };
        match waits {
            Some(at) if self.is_past(now, &at) => Err(format!("{what} goes on for longer than a clock was wrong")),
            _ => Ok(()),
        }
    }

    fn quarantine(&self, step: &Stepped, claim: &ClaimRotation) -> Result<(), String> {
        let Some((_, grant, doubt)) = doubt(&step.before, claim) else { return Ok(()) };
        let now = &step.now;
        let since_claim = || self.now_ms.checked_sub(*self.claimed.get(&doubt.attempt)?);
        let noted = doubt.noted.filter(|noted| now.is_comparable(noted));
        let whole_ms = match noted {
            Some(_) => claim.times.quarantine_after_note_ms(),
            None => claim.times.quarantine_ms(),
        };
        let from = noted.unwrap_or(doubt.claimed);
        let is_exact = now.is_comparable(&from);
        let age_ms = if is_exact { super::stumbled_ms(now, &from) } else { since_claim() };
        match (&step.verdict, age_ms) {
            (Verdict::Done, Some(age_ms)) if age_ms < whole_ms && age_ms >= claim.times.grace_ms => {
                Err(format!("a token in doubt was claimed again {age_ms} ms after it was presented"))
            }
            (Verdict::Refused(Refusal::InDoubtUntil(until)), _) => {
                let bound_ms = whole_ms.max(grant.expiry.left_ms(now));
                let is_late = until.left_ms(now) > bound_ms;
                if is_late { Err("a quarantine is told to go on for longer than one lasts".to_owned()) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn judge_choice(&self, now: &Stamp, state: &State, provider: &ProviderId, at: Option<usize>) -> Result<(), String> {
        let entries = state.pool(provider.as_str());
        let rest = |entry: &Entry| entry.health.rest.map(|rest| rest.until);
        let end = |entry: &Entry| match entry.grant().filter(|grant| grant.refresh.is_none())?.expiry {
            Expiry::After(end) => Some(end),
            Expiry::Never | Expiry::At(_) => None,
        };
        let is_set_aside = |entry: &Entry| {
            let is_at =
                entry.grant().is_some_and(|grant| grant.refresh.is_none() && matches!(grant.expiry, Expiry::At(_)));
            let is_suspended = matches!(&entry.material, Material::Link(link) if link.suspended);
            entry.health.dead.is_some() || entry.is_lost() || is_suspended || is_at
        };
        let is_good = |entry: &Entry| {
            let is_rested = rest(entry).is_none_or(|at| self.is_past(now, &at));
            is_rested && end(entry).is_none_or(|at| self.is_ahead(now, &at)) && !is_set_aside(entry)
        };
        match at.and_then(|at| entries.get(at)) {
            Some(entry) if rest(entry).is_some_and(|at| self.is_ahead(now, &at)) => {
                Err(format!("the rest of {provider}/{} was cut short because a clock was wrong", entry.label))
            }
            Some(entry) if end(entry).is_some_and(|at| self.is_past(now, &at)) => {
                Err(format!("{provider}/{} was chosen after its end because a clock was wrong", entry.label))
            }
            None if entries.iter().any(is_good) => {
                Err(format!("nothing of {provider} was chosen for longer than a clock was wrong"))
            }
            _ => Ok(()),
        }
    }
}
