//! Two stores, an issuer that takes each refresh token once, and what can be seen of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use credlatch_core::law::{Broken, Deed, Fact, Stepped, Who, check_step};
use credlatch_core::machine::{Sent, Verdict, apply};
use credlatch_core::moving::{Next, Route};
use credlatch_core::state::{Actor, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Effect, Event};

use super::part::actor;

/// How a mover decides.
pub type Decide = fn(&State, &State, Route<'_>) -> Next;

/// The addresses of the two stores.
pub(super) const ROUTE: Route<'static> = Route { from: "file:///a", to: "file:///b" };

/// It never passes.
pub(super) const NOW: Stamp = Stamp { wall_ms: 1_800_000_000_000, up_ms: 1_000, boot: 7 };

/// All that is shared.
#[derive(Clone)]
pub(super) struct World {
    /// The source and the target.
    pub(super) stores: [State; 2],
    /// The refresh token that the issuer takes.
    pub(super) live: String,
    /// How many it gave.
    given: u32,
    /// Who has a sign of life.
    pub(super) living: BTreeSet<Who>,
    /// What was seen.
    pub(super) facts: Vec<Arc<Fact>>,
}

impl World {
    pub(super) fn new(source: State) -> Self {
        let stands = |store: u32, state: &State| Arc::new(Fact::Stands { store, state: Arc::new(state.clone()) });
        let durable = Arc::new(Fact::Durable { state: Arc::new(source.clone()) });
        let facts = vec![stands(0, &source), durable, stands(1, &State::default())];
        Self { stores: [source, State::default()], live: "rt-0".to_owned(), given: 0, living: BTreeSet::new(), facts }
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
        let before = self.stores[store].clone();
        let gone = before.claims().filter(|claim| !self.is_alive(&claim.actor));
        let recovery: Vec<Event> =
            gone.map(|claim| Event::ActorGone { attempt: claim.attempt, sent: Sent::UNKNOWN }).collect();
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
            self.stands(store);
        }
        Ok(last)
    }

    /// A program that knows no moves adopts a copy.
    pub(super) fn adopts_as_before(&mut self, who: Who, store: usize) {
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
