//! Explores a scenario with a memory: every situation that any order of turns leads to is entered once.
//!
//! Plays can't be copied, so whoever wants to know where a move leads plays up to it from the start. So each play goes on as
//! long as there is something new ahead of it (`walk.rs`). A counterexample that comes of that may be a long one: after a breach the scenario is
//! explored anew, breadth first (`breadth.rs`), and the first breach of that is a shortest one.

use super::exploration::Exploration;
use super::staged::Staged;
use super::{breadth, walk};
use crate::conduct::Conduct;
use crate::scenario::{Participant, Scenario};
use crate::world::coroutine::Player;
use crate::world::scripted::Scripted;
use crate::world::situation::Blind;
use crate::world::still;

/// How a scenario is explored.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each leaves something out, and what comes of that is tried without it"
)]
#[derive(Clone, Copy, Debug)]
pub struct Explorer {
    /// More situations than this are too many.
    pub most: usize,
    /// Of so many branches into a situation that is known one is played to its end all the same.
    pub one_in: u128,
    /// Who may die before each of its operations.
    pub dying: Option<u8>,
    /// The law that judges alone, if one does.
    pub law: Option<u8>,
    /// In what order situations are entered.
    pub order: Order,
    /// Whether those have come before anybody moves of whom nobody can tell when they came, so that all orders of their coming are one.
    pub gathers: bool,
    /// Whether whoever has locked the store goes on at once, so that nobody moves in between.
    pub goes_on: bool,
    /// Whether of what participants have observed is forgotten what makes no difference to what they do.
    pub forgets: bool,
    /// Whether accesses to the memory of a process take no turn of which nobody can tell when they were made.
    pub skips: bool,
    /// Whether of two moves that commute only one order is gone through, where it doesn't go breadth first.
    pub sleeps: bool,
    /// The mistake that it makes, to see that it is noticed.
    pub mistake: Option<Mistake>,
}

/// In what order situations are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// In whatever is quickest; a breach is looked for anew by the fewest moves.
    Quickest,
    /// In that of the fewest moves that lead to them, with a play for each move.
    FewestMoves,
    /// The same, and each again whenever an order of turns leads to it: there are few scenarios for which that ends.
    Forgetful,
}

/// A mistake that an explorer could be made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Its digests leave something out.
    Blind(Blind),
    /// It leaves the memory of the laws out.
    ForgetsLaws,
    /// Whoever has once waited is never woken.
    NeverWakes,
    /// Everybody has come before anybody moves, whatever tells of it.
    GathersAll,
    /// Everybody makes two moves at once, whatever the first one was.
    GoesOnAlways,
    /// Whoever takes what is published looks at it in the same turn, so that nobody replaces it in between.
    LooksAtOnce,
    /// It takes for done with what it has made every move of, whatever lies behind them.
    TurnsBack,
    /// It takes no turn for anything in the memory of a process.
    SkipsAll,
    /// It takes all moves of two processes for such that commute.
    CommutesAlways,
    /// It takes two moves for such that commute though both tell facts.
    CommutesTelling,
}

impl Default for Explorer {
    fn default() -> Self {
        Self::NEW
    }
}

/// What is explored, and by whom.
pub(super) struct Subject<'a> {
    pub(super) explorer: Explorer,
    pub(super) scenario: &'a Scenario,
    pub(super) conduct: &'static dyn Conduct<Scripted>,
    players: Vec<Player>,
    /// Who comes before anybody moves.
    early: Vec<u8>,
}

impl Explorer {
    /// One that makes no mistake, and nobody dies.
    pub const NEW: Self = Self {
        most: 4_000_000,
        one_in: 64,
        dying: None,
        law: None,
        order: Order::Quickest,
        gathers: true,
        goes_on: true,
        forgets: true,
        skips: true,
        sleeps: true,
        mistake: None,
    };

    /// Explores a scenario. Nobody goes on at once, nor without a turn, where the laws or the others could tell: where turns of a pool are
    /// counted, or where time passes, which is found out on the way.
    pub fn explore(self, scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> Exploration {
        let free = self.freed(scenario, conduct);
        let found = free.learning(|| free.search(scenario, conduct));
        if free.minds_time() && found.has_time_passed && found.broken.is_none() {
            return Self { goes_on: false, skips: false, ..self }.search(scenario, conduct);
        }
        found
    }

    /// The same, as long as no time passes.
    pub(super) fn freed(self, scenario: &Scenario, conduct: &dyn Conduct<Scripted>) -> Self {
        let is_free = !scenario.takes_turns();
        let skips = self.skips && is_free && self.forgets && conduct.forgets() && !scenario.has_drain();
        Self { goes_on: self.goes_on && is_free, skips, ..self }
    }

    /// Whether it is made for clocks that stand.
    pub(super) fn minds_time(&self) -> bool {
        self.goes_on || self.skips
    }

    /// Explores as often as it takes to know of which places somebody can tell when they are looked at.
    pub(super) fn learning<R>(self, mut explore: impl FnMut() -> R) -> R {
        still::assume(self.skips, self.mistake == Some(Mistake::SkipsAll));
        let found = loop {
            let found = explore();
            if !still::was_mistaken() {
                break found;
            }
        };
        still::assume(false, false);
        found
    }

    fn search(self, scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> Exploration {
        let mut subject = Subject::new(self, scenario, conduct);
        if self.gathers {
            subject.gather();
        }
        if self.order != Order::Quickest {
            return breadth::search(subject);
        }
        let found = walk::search(subject);
        if found.broken.is_none() {
            return found;
        }
        let shortest = Self { order: Order::FewestMoves, ..self }.search(scenario, conduct);
        // Breadth first there may be too many situations before the first breach.
        if shortest.broken.is_some() { shortest } else { found }
    }

    /// Whether this process may die before one of its operations.
    pub(super) fn may_die(&self, scenario: &Scenario, process: u32) -> bool {
        let is_dying = |(who, one): (u8, &Participant)| self.dying == Some(who) || one.dies_at.is_some();
        (0..).zip(&scenario.participants).any(|(who, one)| one.process == process && is_dying((who, one)))
    }
}

impl<'a> Subject<'a> {
    /// This scenario, explored so. Nobody has come yet.
    pub(super) fn new(explorer: Explorer, scenario: &'a Scenario, conduct: &'static dyn Conduct<Scripted>) -> Self {
        let players = scenario.participants.iter().map(|_| Player::default()).collect();
        Self { explorer, scenario, conduct, players, early: Vec::new() }
    }

    /// Finds out who comes unnoticed, each on a stage of its own: it has looked at nothing, so that it comes alike at any time. None
    /// whose process may die: it could die first, and never come.
    pub(super) fn gather(&mut self) {
        let Self { explorer, scenario, conduct, players, early } = self;
        let cast = (0u8..).zip(&scenario.participants);
        for (who, _) in cast.filter(|(_, one)| !explorer.may_die(scenario, one.process)) {
            let mut staged = Staged::set(scenario, *conduct, players, *explorer);
            if staged.comes_unnoticed(who) || explorer.mistake == Some(Mistake::GathersAll) {
                early.push(who);
            }
            staged.leave();
        }
    }

    /// A new play, in which those have come who come before anybody moves.
    pub(super) fn stage(&mut self) -> Staged<'_> {
        Staged::set(self.scenario, self.conduct, &mut self.players, self.explorer).gathering(&self.early)
    }
}
