//! What is kept of a play that is followed, and of each of its participants.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use super::coroutine;
use super::digest::digest;
use super::hand::Hand;
use super::hands::Hands;
use super::holds::{Holds, Part};
use super::mind::Mind;

/// What is left out of a digest: only to see that such a mistake is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blind {
    /// Nothing.
    #[default]
    Nowhere,
    /// What participants observe of the store: its word, and its documents.
    ToStore,
    /// What participants observe of the issuer.
    ToIssuer,
    /// What participants observe of signs of life.
    ToSigns,
    /// What those did outside who are through.
    ToDeeds,
    /// What makes a difference of what participants have observed before.
    ToKept,
    /// What the memory of a process holds that has one thread.
    ToMemory,
    /// What is told apart only as long as it may be asked for: words in hand, what is published, acts watched, and signs of life.
    ToHands,
}

/// By what the memory of processes is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// By how it came to be.
    #[default]
    Changes,
    /// By what is in it. Not where somebody waits for the end of those who read.
    Content,
}

/// Something shared that a move looked at, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It looked at this.
    Look(u128),
    /// It changed this.
    Change(u128),
}

#[derive(Default)]
pub(super) struct Situation {
    /// Who moves; nobody while the stage is set.
    pub(super) who: Option<usize>,
    /// Whose process is made ready while the stage is set.
    pub(super) setting: Option<u32>,
    pub(super) minds: Vec<Mind>,
    /// What each place holds, by the place.
    pub(super) places: BTreeMap<u128, u128>,
    /// The sum of what distinguishes the places, so that it needn't be made anew.
    pub(super) sum: u128,
    pub(super) made: u64,
    /// How often anybody looked at something, changed something or did something outside. To make a place that is found by its name
    /// alone is none of these: nobody knows the name.
    pub(super) touches: u64,
    /// What the last move touched, but for what lies in the memory of its process alone.
    pub(super) touched: Vec<Touch>,
    /// What the last move took its turn for.
    pub(super) access: Option<&'static str>,
    /// The places that may hold what is old.
    pub(super) parts: BTreeMap<u128, Part>,
    /// The places in the memory of whoever made them.
    pub(super) own: BTreeSet<u128>,
    /// Who has the store's lock.
    pub(super) locker: Option<usize>,
    /// Whether clocks are taken to stand while somebody moves.
    pub(super) stands: bool,
    /// Whether a clock has gone on while somebody moved.
    pub(super) has_time_passed: bool,
    pub(super) blind: Blind,
    pub(super) memory: Memory,
    /// What of the store is in somebody's hand.
    pub(super) hands: Hands,
}

/// What is touched by whoever uses a credential or looks how often records were used: that is counted in no place.
const USES: u128 = 0;
/// What each move looks at, since it may let somebody go on who is blocked; and what is changed by whoever is.
pub(super) const BLOCKED: u128 = 1;

thread_local! {
    pub(super) static NOW: RefCell<Option<Situation>> = const { RefCell::new(None) };
}

pub(super) fn with<R>(look: impl FnOnce(&mut Situation) -> R) -> Option<R> {
    NOW.with(|now| now.borrow_mut().as_mut().map(look))
}

/// Whoever owes a turn takes it now, because others can tell when that was which it does next. It observes that it waits: it may come to
/// what it does next without owing one, as well.
pub fn settle() {
    if coroutine::owes_turn() {
        with(|now| now.mind().map(|mind| mind.observes("owes")));
        coroutine::settle();
        with(|now| now.mind().map(|mind| mind.observes("paid")));
    }
}

impl Situation {
    pub(super) fn observe(&mut self, what: impl Hash) {
        self.stays_untold();
        self.touches += 1;
        if let Some(mind) = self.mind() {
            mind.observes(what);
        }
    }

    /// The memory of whoever moves, or of the process that is made ready, holds this now.
    pub(super) fn remembers(&mut self, holds: Holds) {
        let process = self.who.map_or(self.setting, |who| self.hands.process(who));
        self.hands.remembers(process, holds);
    }

    /// What tells apart what a place holds, as far as that can make a difference to whoever moves.
    pub(super) fn holding(&self, at: u128) -> Option<u128> {
        let told = match self.parts.get(&at) {
            None => return self.places.get(&at).copied(),
            Some(Part::Published) => self.hands.told_of_published(self.who?),
            Some(Part::Ledger) => self.hands.told_of_ledger(self.who?),
            Some(Part::Sign(name)) => self.hands.seen_of_sign(*name),
        };
        // Where only its history tells what it holds, that does.
        Some(digest((told, self.places.get(&at))))
    }

    /// That of whoever moves.
    pub(super) fn hand(&mut self) -> Option<&mut Hand> {
        self.hands.hand(self.who?)
    }

    /// That of whoever moves.
    pub(super) fn mind(&mut self) -> Option<&mut Mind> {
        self.minds.get_mut(self.who?)
    }

    /// Whoever owes a turn does nothing of which others can tell when that was.
    fn stays_untold(&self) {
        assert!(
            self.who.is_none() || !coroutine::owes_turn(),
            "whoever owes a turn takes it before it does what can be told"
        );
    }

    pub(super) fn touch(&mut self, touch: Touch, place: u128) {
        self.stays_untold();
        let is_alone = self.who.is_some_and(|who| self.hands.is_alone(who));
        if !is_alone || !self.own.contains(&place) {
            self.touched.push(touch);
        }
        if matches!(self.parts.get(&place), Some(Part::Published | Part::Ledger)) {
            self.touch_uses();
        }
    }

    /// Whoever moves uses a credential, or finds out how often records were used, if that counts.
    pub(super) fn touch_uses(&mut self) {
        if self.who.is_some_and(|who| self.hands.is_counting(who)) {
            self.touched.push(Touch::Change(USES));
        }
    }

    pub(super) fn holds(&mut self, place: u128, holds: u128) {
        let before = self.places.insert(place, holds);
        // Who leaves it as it was has looked at it.
        self.touch(if before == Some(holds) { Touch::Look(place) } else { Touch::Change(place) }, place);
        if let Some(before) = before {
            self.sum = self.sum.wrapping_sub(digest((place, before)));
        }
        self.sum = self.sum.wrapping_add(digest((place, holds)));
    }
}
