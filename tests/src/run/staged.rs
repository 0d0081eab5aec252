//! One play on the stage, by coroutines: it is led move by move, and can be left at any of them.

mod moves;

pub use moves::Move;

use std::sync::Arc;

use credlatch_core::law::{Broken, Fact, Law, Monitor, Outlook, Reader, Trace, Who};

use super::play::schedule;
use super::situations::{Explorer, Mistake};
use super::stage::Stage;
use crate::conduct::{Conduct, Process};
use crate::judging::laws;
use crate::scenario::{Participant, Scenario, Step};
use crate::world::coroutine::Player;
use crate::world::digest::{digest, digest_fed};
use crate::world::here::{Here, Recorder};
use crate::world::places;
use crate::world::scripted::Scripted;
use crate::world::sim::Sim;
use crate::world::situation::{self, Blind, Memory};
use crate::world::states::state_digest;

/// Whose part somebody plays that hasn't come yet, and what it does.
type Part = (Arc<Process<Scripted>>, Vec<Step>);

/// A play.
pub struct Staged<'a> {
    scenario: &'a Scenario,
    players: &'a mut [Player],
    stage: Stage<Scripted>,
    recorder: Arc<Recorder>,
    heres: Vec<Arc<Here>>,
    parts: Vec<Option<Part>>,
    explorer: Explorer,
    /// Whether what makes no difference to anybody is forgotten.
    forgets: bool,
    monitors: Vec<Monitor>,
    /// How many facts the laws have seen.
    seen: usize,
}

impl<'a> Staged<'a> {
    /// Sets the stage for this explorer. All laws judge, or its one alone.
    pub fn set(
        scenario: &'a Scenario,
        conduct: &'static dyn Conduct<Scripted>,
        players: &'a mut [Player],
        explorer: Explorer,
    ) -> Self {
        let Explorer { law, mistake, .. } = explorer;
        let blind = if let Some(Mistake::Blind(to)) = mistake { to } else { Blind::Nowhere };
        // A drain minds who holds what, and the turns that were drawn from a pool nobody tells.
        let minds_all = scenario.has_drain() || scenario.takes_turns();
        let forgets = explorer.forgets && conduct.forgets() && !minds_all;
        let memory = if forgets { Memory::Content } else { Memory::Changes };
        let processes = |is_one: fn(&Participant) -> bool| -> Vec<u32> {
            scenario.participants.iter().filter(|one| is_one(one)).map(|one| one.process).collect()
        };
        let counting = processes(|one| one.steps.iter().any(Step::is_use));
        situation::follow(&processes(|_| true), &counting, blind, memory, explorer.skips && forgets);
        let recorder = Arc::new(Recorder::default());
        let mut stage = Stage::<Scripted>::set(scenario, conduct, &recorder);
        let cast = (0..).zip(&scenario.participants);
        let heres: Vec<_> = cast.map(|(who, one)| stage.participant(who, one)).collect();
        for here in heres.iter().filter(|here| explorer.may_die(scenario, here.process)) {
            here.may_die();
        }
        if mistake == Some(Mistake::LooksAtOnce) {
            for here in &heres {
                here.looks_at_once();
            }
        }
        if !forgets {
            for here in &heres {
                here.keeps_all();
            }
        }
        situation::begins_at(stage.world.clock.now());
        let part = |one: &Participant| Some((stage.process(one.process), one.steps.clone()));
        let parts = scenario.participants.iter().map(part).collect();
        stage.leave();
        let judging = laws().filter(|one| law.is_none_or(|law| one.number == law));
        let monitors = judging.map(Law::monitor).collect();
        Self { scenario, players, stage, recorder, heres, parts, explorer, forgets, monitors, seen: 0 }
    }

    /// These have come before anybody moves.
    #[must_use]
    pub fn gathering(mut self, early: &[u8]) -> Self {
        for who in early {
            self.come(usize::from(*who));
        }
        self
    }

    /// This one comes, up to before its first access. Returns whether nobody can tell when that was, nor can it itself: it looks at
    /// nothing that is shared, changes nothing that somebody could look at, and no fact tells of it but that a clear begins. The law
    /// that minds that only sees more beside a clear that begins earlier.
    pub fn comes_unnoticed(&mut self, who: u8) -> bool {
        let (who, touches) = (usize::from(who), situation::touches());
        let facts = self.recorder.look(<[Fact]>::len);
        self.come(who);
        let is_told = self.recorder.look(|all| all[facts..].iter().any(|one| !matches!(one, Fact::ClearBegan { .. })));
        // That it comes is an observation of its own.
        self.players[who].is_at_it() && !is_told && situation::touches() == touches + 1
    }

    /// Who could move. If nobody can, it is the first of those who wait, and it gives up waiting; none if all are through.
    pub fn choices(&mut self) -> Vec<u8> {
        let mut all: Vec<u8> = Vec::new();
        for who in 0..self.heres.len() {
            if self.parts[who].is_some() || self.can(who) {
                all.push(u8::try_from(who).unwrap_or(u8::MAX));
            }
        }
        if all.is_empty() {
            let waiting = self.players.iter().take(self.heres.len()).position(Player::is_at_it);
            all.extend(waiting.and_then(|who| u8::try_from(who).ok()));
        }
        all
    }

    /// Who waits and can't move, as bits.
    pub fn waiting(&mut self) -> u8 {
        let all = (0..self.heres.len()).filter(|who| self.players[*who].is_at_it() && !self.can(*who));
        all.fold(0, |all, who| all | 1 << who)
    }

    fn can(&mut self, who: usize) -> bool {
        Scripted::enter(Arc::clone(&self.heres[who]));
        self.players[who].can()
    }

    /// The laws see what they have not seen yet. Returns how many facts that are.
    ///
    /// # Errors
    /// The first breach.
    pub fn judge(&mut self) -> Result<usize, Broken> {
        let Self { recorder, monitors, seen, .. } = self;
        recorder.look(|facts| {
            let fresh = &facts[*seen..];
            *seen = facts.len();
            monitors.iter_mut().try_for_each(|monitor| fresh.iter().try_for_each(|fact| monitor.see(fact)))?;
            Ok(fresh.len())
        })
    }

    /// Looks at what was observed so far.
    pub fn look(&self, look: impl FnOnce(&Trace)) {
        self.recorder.look_at_all(look);
    }

    /// How many facts were told so far.
    pub(super) fn told(&self) -> usize {
        self.recorder.look(<[Fact]>::len)
    }

    /// Looks at what was told since then.
    pub(super) fn look_since<R>(&self, facts: usize, look: impl FnOnce(&[Fact]) -> R) -> R {
        self.recorder.look(|all| look(&all[facts..]))
    }

    /// What tells apart what was told since then.
    pub(super) fn told_since(&self, facts: usize) -> u128 {
        self.recorder.look(|all| digest(format!("{:?}", &all[facts..])))
    }

    /// The situation, with the memory of the laws.
    pub fn situation(&self) -> u128 {
        let with_laws = self.explorer.mistake != Some(Mistake::ForgetsLaws);
        let readers = self.readers();
        let outlook = Outlook { digest: &state_digest, readers: readers.as_deref() };
        let laws = || digest_fed(|into| self.monitors.iter().for_each(|monitor| monitor.keep(into, outlook)));
        digest((situation::now(), with_laws.then(laws)))
    }

    /// Who may still read, and what of that which is there; nothing if that isn't told.
    pub(super) fn readers(&self) -> Option<Vec<Reader>> {
        let reads = |who: usize| self.scenario.participants[who].steps.contains(&Step::Read);
        let is_left = |who: usize| self.parts[who].is_some() || self.players[who].is_at_it();
        let all = (0..self.heres.len()).filter(|who| reads(*who) && is_left(*who) && !self.heres[*who].is_dead());
        let reader = |who: usize| {
            let here = &self.heres[who];
            Reader { who: here.who, may_see: places::may_see(here.process) }
        };
        self.forgets.then(|| all.map(reader).collect())
    }

    /// The scenario with the schedule that leads here.
    pub fn so_far(&self) -> Scenario {
        let turns: Vec<Who> = self.recorder.path();
        let mut scenario = Scenario { schedule: schedule(&turns), ..self.scenario.clone() };
        for (one, here) in scenario.participants.iter_mut().zip(&self.heres) {
            one.dies_at = here.death().or(one.dies_at);
        }
        scenario
    }

    /// Goes on to the end, whatever is known, in an order that hangs on the situation alone. Says what situations that leads to.
    pub fn to_the_end(mut self, mut say: impl FnMut(u128)) -> Trace {
        let mut drawn = self.situation();
        loop {
            let choices = self.choices();
            if choices.is_empty() {
                return self.rest();
            }
            drawn = digest(drawn);
            let place = usize::try_from(drawn % choices.len() as u128).unwrap_or(0);
            self.make(Move { who: choices[place], dies: 0 });
            // A breach is told by the end too.
            let _ = self.judge();
            say(self.situation());
        }
    }

    /// All are through: everything comes to rest.
    pub fn rest(self) -> Trace {
        situation::forget();
        drop(self.parts);
        self.stage.rest()
    }

    /// Leaves the play where it is: everybody dies, and what they do then is of no interest.
    pub fn leave(mut self) {
        situation::forget();
        for here in &self.heres {
            here.abandon();
        }
        self.parts.clear();
        loop {
            let waiting: Vec<_> = (0..self.heres.len()).filter(|who| self.players[*who].is_at_it()).collect();
            let Some(first) = waiting.first().copied() else { return };
            let next = waiting.into_iter().find(|who| self.can(*who));
            Scripted::enter(Arc::clone(&self.heres[next.unwrap_or(first)]));
            match next {
                Some(who) => self.players[who].go(),
                None => self.players[first].give_up(),
            }
        }
    }
}
