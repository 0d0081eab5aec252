//! A move: one participant makes the access before which it waits, and goes on up to the next one.

use std::sync::Arc;

use credlatch_core::law::Fact;

use super::Staged;
use crate::run::hand::Hand;
use crate::run::situations::Mistake;
use crate::world::scripted::Scripted;
use crate::world::sim::Sim;
use crate::world::situation;

/// What one participant does next: it makes the access before which it waits, and goes on up to the next one. One that hasn't
/// come yet comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// Who.
    pub who: u8,
    /// Its process dies instead of this operation of the move, counted from 1; it doesn't if zero.
    pub dies: u8,
}

impl Staged<'_> {
    /// Makes a move. Whoever has locked the store by that goes on at once, as if it were one. Returns how many operations it had,
    /// before each of which its process could have died.
    pub fn make(&mut self, Move { who, dies }: Move) -> u32 {
        let me = usize::from(who);
        let here = Arc::clone(&self.heres[me]);
        let before = here.operations();
        if dies > 0 {
            here.dies_at(before + u32::from(dies));
        }
        let (turns, facts) = (self.recorder.turns(), self.recorder.look(<[Fact]>::len));
        let (has_come, had_locked) = (self.parts[me].is_some(), situation::has_locked(me));
        situation::begins();
        self.come(me);
        self.go(me, !has_come);
        let goes_on = match self.explorer.mistake {
            Some(Mistake::GoesOnAlways) => true,
            _ => !had_locked && self.may_go_on(me, facts),
        };
        if goes_on {
            if !self.can(me) && self.players[me].is_at_it() {
                situation::is_blocked();
            }
            self.go(me, false);
        }
        if has_come && self.recorder.turns() == turns {
            // A script gives it a turn too, or else it would come later.
            self.recorder.turn(u32::from(who));
        }
        here.operations() - before
    }

    /// This one makes the access before which it waits, if it can, or else gives up if it may.
    fn go(&mut self, who: usize, gives_up: bool) {
        let can = self.can(who);
        situation::moves(Some(who));
        if can || gives_up {
            self.pays(who);
        }
        if can {
            self.players[who].go();
        } else if self.players[who].is_at_it() && gives_up {
            self.players[who].give_up();
        }
        self.pays_at_end(who);
        if !self.players[who].is_at_it() {
            situation::is_through(self.heres[who].is_alone());
        }
        situation::moves(None);
    }

    /// The turns that this one owes are written down where it goes on.
    fn pays(&mut self, who: usize) {
        let owed = self.players[who].pays();
        (0..owed).for_each(|_| self.recorder.turn(self.heres[who].who));
    }

    fn pays_at_end(&mut self, who: usize) {
        if !self.players[who].is_at_it() {
            self.pays(who);
        }
    }

    /// Whether this one, who had not locked the store before its move, has locked it now and looked only at what nobody changes who
    /// hasn't, and the facts since then tell of steps of the machine alone. Then whatever others do next they could have done
    /// before it. Not if another thread of its process may die, since that ends it too.
    fn may_go_on(&self, who: usize, facts: usize) -> bool {
        let here = &self.heres[who];
        let is_mute = |all: &[Fact]| all[facts..].iter().all(|one| matches!(one, Fact::Stepped(_)));
        let is_safe = here.is_alone() || !self.explorer.may_die(self.scenario, here.process);
        self.explorer.goes_on && situation::has_locked(who) && is_safe && self.recorder.look(is_mute)
    }

    pub(super) fn come(&mut self, who: usize) {
        let Some((process, steps)) = self.parts[who].take() else { return };
        Scripted::enter(Arc::clone(&self.heres[who]));
        situation::moves(Some(who));
        situation::observe("comes");
        self.players[who].begin(move || Hand::new(process).act(&steps));
        self.pays_at_end(who);
        situation::moves(None);
    }
}
