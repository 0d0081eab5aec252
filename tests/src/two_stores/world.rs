//! Two stores, an issuer that takes each refresh token once, and what can be seen of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credlatch_core::law::{Broken, Deed, Fact, Stepped, Who, check_step};
use credlatch_core::machine::{Sent, Verdict, apply};
use credlatch_core::moving::{MoveStep, Next, Resume, Route, Stage};
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::{Actor, Nonce, State};
use credlatch_core::{Effect, Event};

use super::given::{NOW, actor};

/// How a mover decides.
pub type Decide = fn(&State, &State, Route<'_>) -> Next;

/// The addresses of the two stores.
pub(super) const ROUTE: Route<'static> = Route { from: "file:///a", to: "file:///b" };

/// The source.
pub(super) const SOURCE: usize = 0;
/// Whatever is at the address of the target.
pub(super) const TARGET: usize = 1;
/// Another store: the target moves on to there, or it comes to stand at the target's address.
pub(super) const OTHER: usize = 2;

/// All that is shared.
#[derive(Clone)]
pub(super) struct World {
    /// The source, the target, and another one.
    stores: [State; 3],
    /// Which of them is at the address of the target.
    target: usize,
    /// The source as it was first set aside, and the target as it first received that: somebody copied them.
    pub(super) copies: [Option<State>; 2],
    /// Whether the other store is a copy of one of the two, and nobody has noticed it.
    is_copied: bool,
    /// The number of moves that is remembered of each, outside of it.
    remembered: [u64; 3],
    /// The refresh token that the issuer takes.
    pub(super) live: String,
    /// How many it gave.
    given: u32,
    /// Who has a sign of life.
    pub(super) living: BTreeSet<Who>,
    /// How many moves have a name.
    names: u32,
    /// By which name each mover has sent something, as it remembers itself.
    sent: BTreeMap<Who, Nonce>,
    /// What was seen.
    pub(super) facts: Vec<Arc<Fact>>,
}

impl World {
    pub(super) fn new(source: State) -> Self {
        let mut world = Self {
            stores: [source, State::default(), State::default()],
            target: TARGET,
            copies: [None, None],
            is_copied: false,
            remembered: [0; 3],
            live: "rt-0".to_owned(),
            given: 0,
            living: BTreeSet::new(),
            names: 0,
            sent: BTreeMap::new(),
            facts: Vec::new(),
        };
        (0..3).for_each(|store| world.stands(store));
        world
    }

    fn place(&self, store: usize) -> usize {
        if store == TARGET { self.target } else { store }
    }

    /// What a store holds.
    pub(super) fn store(&self, store: usize) -> &State {
        &self.stores[self.place(store)]
    }

    /// All of them, wherever they are.
    pub(super) fn all(&self) -> (usize, &[State], &[Option<State>]) {
        (self.target, &self.stores, &self.copies)
    }

    /// What else makes a difference to what follows.
    pub(super) fn more(&self) -> (u32, &BTreeMap<Who, Nonce>, bool) {
        (self.names, &self.sent, self.is_copied)
    }

    /// A number that no move has yet.
    pub(super) fn names(&mut self) -> u128 {
        self.names += 1;
        self.names.into()
    }

    pub(super) fn sent(&self, who: Who) -> Option<Nonce> {
        self.sent.get(&who).copied()
    }

    pub(super) fn sends(&mut self, who: Who, step: &MoveStep) {
        let name = match step {
            MoveStep::Receive(arrival) => arrival.id,
            // What somebody else began may have been sent by that one.
            MoveStep::Resume(Resume { id, name, .. }) if id == name => *id,
            _ => return,
        };
        self.sent.insert(who, name);
    }

    /// It is there again.
    pub(super) fn finds_the_target(&mut self) {
        self.target = TARGET;
    }

    /// What is at the address of the target isn't there any more, and nothing is in its place.
    pub(super) fn loses_the_target(&mut self) {
        self.target = OTHER;
    }

    /// Somebody puts a copy over a store; false if there is none.
    pub(super) fn brings_back(&mut self, store: usize) -> bool {
        let Some(copy) = self.copies[store].clone() else { return false };
        self.sees(Fact::BroughtBack);
        self.stores[store] = copy;
        self.stands(store);
        true
    }

    /// Another store stands at the source's address; false while somebody moves, or if nobody else has what was there.
    pub(super) fn replaces_source(&mut self, by: State) -> bool {
        let is_elsewhere = self.stores[TARGET..].iter().any(State::has_refresh_tokens);
        let may_be = is_elsewhere && self.living.is_empty();
        if may_be {
            (self.stores[SOURCE], self.remembered[SOURCE]) = (by, 0);
            self.stands(SOURCE);
        }
        may_be
    }

    /// Somebody has a copy of a store in another place; false if there is none.
    pub(super) fn copies_elsewhere(&mut self, store: usize) -> bool {
        let Some(copy) = self.copies[store].clone() else { return false };
        self.stores[OTHER] = copy;
        self.is_copied = true;
        self.stands(OTHER);
        true
    }

    pub(super) fn is_alive(&self, of: &Actor) -> bool {
        self.living.iter().any(|who| actor(*who) == *of)
    }

    pub(super) fn dies(&mut self, who: Who) {
        self.living.remove(&who);
        self.sees(Fact::Died { who });
    }

    fn sees(&mut self, fact: Fact) {
        self.facts.push(Arc::new(fact));
    }

    /// What an engine does in one transaction: it notices who died, and applies an event.
    pub(super) fn transact(
        &mut self,
        who: Who,
        store: usize,
        event: Option<&Event>,
    ) -> Result<(Verdict, Vec<Effect>), Broken> {
        let store = self.place(store);
        let before = self.stores[store].clone();
        let gone = before.claims().filter(|claim| !self.is_alive(&claim.actor));
        let mut recovery: Vec<Event> =
            gone.map(|claim| Event::ActorGone { attempt: claim.attempt, sent: Sent::UNKNOWN }).collect();
        let counted = self.remembered[store];
        if before.last_move < counted {
            recovery.push(Event::MarkShared(MarkShared { why: Shared::RolledBack, counted }));
        }
        if store == OTHER && std::mem::take(&mut self.is_copied) {
            recovery.push(Event::MarkShared(MarkShared { why: Shared::Copied, counted }));
        }
        let mut last = (Verdict::Nothing, Vec::new());
        for event in recovery.iter().chain(event) {
            let now = self.stores[store].clone();
            let step = apply(&now, &NOW, event);
            check_step(&now, &NOW, event, &step)?;
            self.steps(who, now, event, &step.state, &step.verdict);
            self.stores[store] = step.state;
            last = (step.verdict, step.effects);
        }
        if self.stores[store] != before {
            self.stores[store].generation += 1;
            self.remembered[store] = self.stores[store].last_move;
            self.stands(store);
            self.copies(store);
        }
        Ok(last)
    }

    /// Somebody copies the source when it is set aside, and the target when it has received that.
    fn copies(&mut self, store: usize) {
        let state = &self.stores[store];
        let is_there = |stage: Stage| state.moving.as_ref().is_some_and(|moving| moving.stage == stage);
        let copied_at = [Stage::SetAside, Stage::Arrived].get(store).copied();
        if copied_at.is_some_and(is_there) && self.copies[store].is_none() {
            self.copies[store] = Some(state.clone());
        }
    }

    /// A program that knows no moves adopts a copy.
    pub(super) fn adopts_as_before(&mut self, who: Who, store: usize) {
        let store = self.place(store);
        let before = self.stores[store].clone();
        let moving = self.stores[store].moving.take();
        let mut after = apply(&self.stores[store], &NOW, &Event::AdoptCopy).state;
        after.moving = moving;
        self.steps(who, before, &Event::AdoptCopy, &after, &Verdict::Done);
        self.stores[store] = after;
        self.stands(store);
    }

    fn steps(&mut self, who: Who, before: State, event: &Event, after: &State, verdict: &Verdict) {
        let (event, after, verdict) = (event.clone(), after.clone(), verdict.clone());
        self.sees(Fact::Stepped(Box::new(Stepped { who, now: NOW, before, event, after, verdict })));
    }

    fn stands(&mut self, store: usize) {
        let state = Arc::new(self.stores[store].clone());
        self.sees(Fact::Stands { store: u32::try_from(store).unwrap_or_default(), state: Arc::clone(&state) });
        self.sees(Fact::Durable { state });
    }

    /// Presents a refresh token: what the issuer gives for it, or none if it has been spent.
    pub(super) fn presents(&mut self, who: Who, token: &str) -> Option<String> {
        let deed = Deed::Present { token: token.to_owned() };
        self.sees(Fact::ActBegan { who, deed: deed.clone() });
        let given = (self.live == token).then(|| {
            self.given += 1;
            let new = format!("rt-{}", self.given);
            self.sees(Fact::Succession { old: token.to_owned(), new: new.clone() });
            self.live.clone_from(&new);
            new
        });
        self.sees(Fact::ActEnded { who, deed });
        given
    }
}
