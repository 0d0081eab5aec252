//! The one order: which of a provider's entries a request gets, and what keeps the others from it.
//!
//! Entries stand in the order in which they were stored: a new one goes to the end, and one that replaces its label keeps
//! the place, whatever source it comes from. Of those that may be used, the pool's strategy takes one. Nothing outside the
//! store has a place in this order. `docs/guide.md` has the same as a table.

use crate::state::health::{Dead, Rest};
use crate::state::strategy::Strategy;
use crate::state::time::{Deadline, Stamp, later};
use crate::state::{Custody, Entry, Grant, Lost, Material, Slot};

/// What keeps an entry from being used, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Eligibility<'a> {
    /// The provider's verdict: nothing but a new credential helps.
    Dead(&'a Dead),
    /// The issuer rejected its refresh token.
    Lost(&'a Lost),
    /// Another account appeared behind the link.
    Suspended,
    /// Its token has ended, and it has no refresh token to get another.
    Ended,
    /// It rests.
    Resting(Rest),
    /// It rests for the model that is asked for.
    RestingForModel(Deadline),
    /// Nothing: a request may carry it.
    Usable,
}

/// Why no entry can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Empty,
    /// All rest; the first will be usable then.
    Resting(Deadline),
    /// What there is, is dead, lost or over, or was passed over: a new login is needed.
    SignIn,
}

/// What a choice depends on beside the state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// The model the request is for, if known.
    pub model: Option<&'a str>,
    /// The entry that is wanted, and no other; none leaves it to the pool's strategy.
    pub label: Option<&'a str>,
    /// For round robin: how many were chosen before. For random: any number that is never the same twice. An engine adds a
    /// count of its own.
    pub turn: u64,
    /// The turn that this request has drawn before, as [`Chosen`](crate::engine::Chosen) says it: a request is one turn,
    /// however often it has to choose. None draws one.
    pub drawn: Option<u64>,
    /// Versions that were chosen for this request before, and turned out to be of no use when they were looked at: only
    /// the other tool's file tells what is behind a link, and it is read when the link's turn comes.
    pub passed: &'a [u64],
}

impl Choice<'_> {
    /// Whether it is the entry that is wanted, if one is.
    pub(crate) fn wants(&self, entry: &Entry) -> bool {
        self.label.is_none_or(|label| entry.label.as_str() == label)
    }
}

/// Chooses an entry. Neither a resting one is ever chosen nor one that is dead, lost or over.
///
/// Returns its place in the pool.
///
/// # Errors
/// Says whether there is nothing, or when something will be, or that a login is needed.
pub fn select(slot: &Slot, now: &Stamp, choice: &Choice<'_>) -> Result<usize, Unusable> {
    let all = || slot.entries.iter().enumerate();
    let usable = || all().filter(|(_, entry)| is_eligible(entry, now, choice)).map(|(at, _)| at);
    let chosen = match slot.strategy {
        Strategy::FillFirst => usable().next(),
        Strategy::RoundRobin | Strategy::Random => {
            let turn = if slot.strategy == Strategy::Random { scattered(choice.turn) } else { choice.turn };
            let at = turn.checked_rem(usable().count() as u64).unwrap_or(0);
            usable().nth(usize::try_from(at).unwrap_or(0))
        }
        Strategy::LeastUsed => usable().min_by_key(|at| slot.entries[*at].health.uses),
    };
    chosen.ok_or_else(|| why_none(slot, now, choice))
}

/// Whether the request may get this entry, if the strategy takes it.
pub fn is_eligible(entry: &Entry, now: &Stamp, choice: &Choice<'_>) -> bool {
    choice.wants(entry) && entry.is_usable(now, choice.model) && !choice.passed.contains(&entry.version)
}

/// What [`select`] chooses for every request until something is committed, if that is certain: if neither the time nor the
/// model, neither the turn nor what was passed over has a say. A reader is then spared everything else that is stored.
pub fn constant(slot: &Slot) -> Option<usize> {
    let mut left = slot.entries.iter().enumerate().filter(|(_, entry)| !entry.is_finished_until_commit());
    let (at, first) = left.next()?;
    // One that is alone is taken by every strategy.
    let is_taken = slot.strategy == Strategy::FillFirst || left.next().is_none();
    (is_taken && first.is_usable_until_commit()).then_some(at)
}

/// Turns a count into a choice by chance: neighbours come out far apart (the finaliser of splitmix64).
fn scattered(turn: u64) -> u64 {
    let turn = (turn ^ (turn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let turn = (turn ^ (turn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    turn ^ (turn >> 31)
}

fn why_none(slot: &Slot, now: &Stamp, choice: &Choice<'_>) -> Unusable {
    let wanted = || slot.entries.iter().filter(|entry| choice.wants(entry));
    if wanted().next().is_none() {
        return Unusable::Empty;
    }
    let wakes = wanted().filter(|entry| !entry.is_finished(now)).filter_map(|entry| entry.wakes(now, choice.model));
    wakes.min_by_key(|at| at.left_ms(now)).map_or(Unusable::SignIn, Unusable::Resting)
}

impl Entry {
    /// What keeps it from being used at this moment, if anything does.
    pub fn eligibility(&self, now: &Stamp, model: Option<&str>) -> Eligibility<'_> {
        let rest = || self.resting(now).map(Eligibility::Resting);
        let of_model = || self.resting_for(now, model).map(Eligibility::RestingForModel);
        self.finished(now).or_else(rest).or_else(of_model).unwrap_or(Eligibility::Usable)
    }

    /// Whether a request may carry it.
    pub fn is_usable(&self, now: &Stamp, model: Option<&str>) -> bool {
        self.eligibility(now, model) == Eligibility::Usable
    }

    /// Whether nothing but a new login helps.
    pub(super) fn is_finished(&self, now: &Stamp) -> bool {
        self.finished(now).is_some()
    }

    fn finished(&self, now: &Stamp) -> Option<Eligibility<'_>> {
        let dead = self.health.dead.as_ref().map(Eligibility::Dead);
        dead.or_else(|| match &self.material {
            Material::Oauth(grant) => match &grant.custody {
                Custody::Lost(lost) => Some(Eligibility::Lost(lost)),
                Custody::Settled | Custody::Rotating(_) | Custody::InDoubt(_) => {
                    grant.is_over(now).then_some(Eligibility::Ended)
                }
            },
            Material::Link(link) => link.suspended.then_some(Eligibility::Suspended),
            Material::ApiKey(_) => None,
        })
    }

    /// Whether it is finished at any time: what has a token that ended may be finished on another clock only.
    fn is_finished_until_commit(&self) -> bool {
        let is_lost = |grant: &Grant| matches!(grant.custody, Custody::Lost(_));
        self.health.dead.is_some()
            || match &self.material {
                Material::Oauth(grant) => is_lost(grant),
                Material::Link(link) => link.suspended,
                Material::ApiKey(_) => false,
            }
    }

    fn is_usable_until_commit(&self) -> bool {
        let stays_so = match &self.material {
            Material::ApiKey(_) => true,
            Material::Oauth(grant) => grant.refresh.is_some() && !matches!(grant.custody, Custody::Lost(_)),
            // It may be passed over once somebody looks behind it.
            Material::Link(_) => false,
        };
        stays_so && self.health.dead.is_none() && self.health.rest.is_none() && self.health.models.is_empty()
    }

    /// When its rest ends, if it rests.
    fn wakes(&self, now: &Stamp, model: Option<&str>) -> Option<Deadline> {
        later(self.resting(now).map(|rest| rest.until), self.resting_for(now, model), now)
    }

    fn resting(&self, now: &Stamp) -> Option<Rest> {
        self.health.rest.filter(|rest| !rest.until.is_reached(now))
    }

    fn resting_for(&self, now: &Stamp, model: Option<&str>) -> Option<Deadline> {
        let until = model.and_then(|model| self.health.models.get(model)).copied();
        until.filter(|until| !until.is_reached(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_finaliser_of_splitmix64() {
        // Its generator's first two numbers from the seed 0, as published: the finaliser of one step, and of two.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        assert_eq!(scattered(STEP), 0xe220_a839_7b1d_cdaf);
        assert_eq!(scattered(STEP.wrapping_mul(2)), 0x6e78_9e6a_a1b9_65f4);
    }
}
