//! Explores a scenario with a memory: every situation that any order of turns leads to is entered once.
//!
//! It goes breadth first, so that a counterexample is a shortest one. Plays can't be copied, so each step into the unknown is a
//! play from the start; what bounds an exploration is how many situations there are, not how many orders lead to them.

use std::collections::HashSet;

use credlatch_core::law::Trace;

use super::end::End;
use super::exploration::Exploration;
use super::staged::{Move, Staged};
use crate::conduct::Conduct;
use crate::scenario::{Participant, Scenario};
use crate::world::coroutine::Player;
use crate::world::scripted::Scripted;
use crate::world::situation::{self, Blind, digest};

/// How a scenario is explored.
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
    /// Whether a situation that is known is not entered again. Without that every order is gone through, and there are few
    /// scenarios for which that ends.
    pub remembers: bool,
    /// Whether those have come before anybody moves of whom nobody can tell when they came, so that all orders of their coming are one.
    pub gathers: bool,
    /// Whether whoever has locked the store goes on at once, so that nobody moves in between.
    pub goes_on: bool,
    /// The mistake that it makes, to see that it is noticed.
    pub mistake: Option<Mistake>,
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
}

impl Default for Explorer {
    fn default() -> Self {
        Self::NEW
    }
}

/// A situation that was entered: how, and what may happen next.
struct Node {
    from: u32,
    by: Move,
    depth: u32,
    choices: Vec<u8>,
    /// Who has waited, as bits: only where nobody is woken again.
    has_waited: u8,
    has_died: bool,
}

struct Search<'a> {
    explorer: Explorer,
    scenario: &'a Scenario,
    conduct: &'static dyn Conduct<Scripted>,
    players: Vec<Player>,
    /// Who comes before anybody moves.
    early: Vec<u8>,
    nodes: Vec<Node>,
    known: HashSet<u128>,
    found: Exploration,
}

impl Explorer {
    /// One that makes no mistake, and nobody dies.
    pub const NEW: Self = Self {
        most: 4_000_000,
        one_in: 64,
        dying: None,
        law: None,
        remembers: true,
        gathers: true,
        goes_on: true,
        mistake: None,
    };

    /// Explores a scenario. Nobody goes on at once where the laws or the others could tell: where turns of a pool are counted, or
    /// where time passes, which is found out on the way.
    pub fn explore(self, scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> Exploration {
        let goes_on = self.goes_on && !scenario.takes_turns();
        let found = Self { goes_on, ..self }.search(scenario, conduct);
        if goes_on && found.has_time_passed && found.broken.is_none() {
            return Self { goes_on: false, ..self }.search(scenario, conduct);
        }
        found
    }

    fn search(self, scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> Exploration {
        let players = scenario.participants.iter().map(|_| Player::default()).collect();
        let (nodes, known, found) = (Vec::new(), HashSet::new(), Exploration::default());
        let mut search = Search { explorer: self, scenario, conduct, players, early: Vec::new(), nodes, known, found };
        if self.gathers {
            search.gather();
        }
        search.run();
        search.found
    }

    /// Whether this process may die before one of its operations.
    pub(super) fn may_die(&self, scenario: &Scenario, process: u32) -> bool {
        let is_dying = |(who, one): (u8, &Participant)| self.dying == Some(who) || one.dies_at.is_some();
        (0..).zip(&scenario.participants).any(|(who, one)| one.process == process && is_dying((who, one)))
    }
}

impl Search<'_> {
    /// Finds out who comes unnoticed, each on a stage of its own: it has looked at nothing, so that it comes alike at any time. None
    /// whose process may die: it could die first, and never come.
    fn gather(&mut self) {
        let Self { explorer, scenario, conduct, players, early, .. } = self;
        let cast = (0u8..).zip(&scenario.participants);
        for (who, _) in cast.filter(|(_, one)| !explorer.may_die(scenario, one.process)) {
            let mut staged = Staged::set(scenario, *conduct, players, *explorer);
            if staged.comes_unnoticed(who) || explorer.mistake == Some(Mistake::GathersAll) {
                early.push(who);
            }
            staged.leave();
        }
    }

    fn run(&mut self) {
        self.play(None);
        let mut at = 0;
        while at < self.nodes.len() && !self.is_over() {
            for choice in 0..self.nodes[at].choices.len() {
                let who = self.nodes[at].choices[choice];
                let operations = self.play(Some((at, Move { who, dies: 0 })));
                if self.explorer.dying != Some(who) || self.nodes[at].has_died {
                    continue;
                }
                for dies in (1..).take(operations) {
                    self.play(Some((at, Move { who, dies })));
                }
            }
            // What may happen next is not needed any more.
            self.nodes[at].choices = Vec::new();
            at += 1;
        }
        self.found.situations = self.known.len();
        self.found.is_cut = self.nodes.len() > self.explorer.most;
    }

    fn is_over(&self) -> bool {
        let is_in_vain = self.explorer.goes_on && self.found.has_time_passed;
        self.nodes.len() > self.explorer.most || self.found.broken.is_some() || is_in_vain
    }

    /// The moves that lead to a situation that was entered.
    fn way(&self, mut at: usize) -> Vec<Move> {
        let mut way = Vec::with_capacity(self.nodes[at].depth as usize);
        while self.nodes[at].depth > 0 {
            way.push(self.nodes[at].by);
            at = self.nodes[at].from as usize;
        }
        way.reverse();
        way
    }

    /// Plays up to a situation that is known, and one move further. Returns how many operations that move had.
    fn play(&mut self, step: Option<(usize, Move)>) -> usize {
        let way = step.map(|(at, _)| self.way(at)).unwrap_or_default();
        let Self { explorer, scenario, conduct, players, early, nodes, known, found } = self;
        found.plays += 1;
        let mut staged = Staged::set(scenario, *conduct, players, *explorer).gathering(early);
        for one in &way {
            staged.make(*one);
        }
        // Up to here the laws were seen to hold.
        let judged = staged.judge();
        let mut operations = 0;
        if let Some((_, by)) = step {
            found.transitions += 1;
            operations = staged.make(by) as usize;
        }
        found.has_time_passed |= situation::has_time_passed();
        if let Err(broken) = judged.and_then(|()| staged.judge()) {
            if found.broken.is_none() {
                found.broken = Some((broken, staged.so_far()));
                found.moves = way.len() + usize::from(step.is_some());
            }
            staged.leave();
            return operations;
        }
        let situation = staged.situation(explorer.mistake != Some(Mistake::ForgetsLaws));
        if !known.insert(situation) && explorer.remembers {
            if situation.is_multiple_of(explorer.one_in) {
                found.sampled.insert(End::new(&to_the_end(staged, situation)));
            } else {
                staged.leave();
            }
            return operations;
        }
        staged.look(|trace| found.seen.look(trace));
        let mut node = Node::after(nodes, step);
        found.longest = found.longest.max(node.depth as usize);
        node.choices = staged.choices();
        if node.choices.is_empty() {
            let so_far = staged.so_far();
            found.ends_with(&staged.rest(), explorer.law, (so_far, node.depth as usize));
            return operations;
        }
        if explorer.mistake == Some(Mistake::NeverWakes) {
            let waiting = (0..).take(scenario.participants.len()).filter(|who| staged.is_blocked(*who));
            node.has_waited |= waiting.fold(0, |all, who| all | 1 << who);
            node.choices.retain(|who| node.has_waited & 1 << who == 0);
        }
        staged.leave();
        nodes.push(node);
        operations
    }
}

impl Node {
    /// The situation after this move in one of these; the first one if there was none.
    fn after(nodes: &[Self], step: Option<(usize, Move)>) -> Self {
        let choices = Vec::new();
        let Some((at, by)) = step else {
            return Self { from: 0, by: Move { who: 0, dies: 0 }, depth: 0, choices, has_waited: 0, has_died: false };
        };
        let before = &nodes[at];
        let from = u32::try_from(at).unwrap_or(u32::MAX);
        let (depth, has_waited, has_died) = (before.depth + 1, before.has_waited, before.has_died || by.dies > 0);
        Self { from, by, depth, choices, has_waited, has_died }
    }
}

/// Goes on to the end, whatever is known, in an order that hangs on the situation alone.
fn to_the_end(mut staged: Staged<'_>, situation: u128) -> Trace {
    let mut drawn = situation;
    loop {
        let choices = staged.choices();
        if choices.is_empty() {
            return staged.rest();
        }
        drawn = digest(drawn);
        let place = usize::try_from(drawn % choices.len() as u128).unwrap_or(0);
        staged.make(Move { who: choices[place], dies: 0 });
    }
}
