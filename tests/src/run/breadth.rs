//! Breadth first: situations are entered in the order of the fewest moves that lead to them, so that the first breach is a shortest
//! one. Each move into the unknown is a play from the start.

use std::collections::HashSet;

use super::exploration::Exploration;
use super::situations::{Explorer, Mistake, Order, Subject};
use super::staged::Move;
use crate::world::{situation, still};

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
    subject: Subject<'a>,
    explorer: Explorer,
    nodes: Vec<Node>,
    known: HashSet<u128>,
    found: Exploration,
}

/// Explores breadth first.
pub(super) fn search(subject: Subject<'_>) -> Exploration {
    let (nodes, known, found) = (Vec::new(), HashSet::new(), Exploration::default());
    let mut search = Search { explorer: subject.explorer, subject, nodes, known, found };
    search.run();
    search.found
}

impl Search<'_> {
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
        let known = &self.known;
        self.found.holds_samples_to(|situation| known.contains(&situation));
    }

    fn is_over(&self) -> bool {
        let is_in_vain = self.explorer.minds_time() && self.found.has_time_passed || still::is_mistaken();
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
        let Self { subject, explorer, nodes, known, found } = self;
        found.plays += 1;
        let mut staged = subject.stage();
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
        if let Err(broken) = judged.and_then(|_| staged.judge()) {
            if found.broken.is_none() {
                found.broken = Some((broken, staged.so_far()));
                found.moves = way.len() + usize::from(step.is_some());
            }
            staged.leave();
            return operations;
        }
        let situation = staged.situation();
        if !known.insert(situation) && explorer.order != Order::Forgetful {
            if situation.is_multiple_of(explorer.one_in) {
                found.samples(staged);
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
            let waiting = staged.waiting();
            node.has_waited |= waiting;
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
