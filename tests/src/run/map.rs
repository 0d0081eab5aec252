//! All situations that were entered, with the moves that were made in each and those that are left.
//!
//! A move *sleeps* in a situation (Godefroid's sleep sets) if it was made somewhere on the way there, and commutes with all that was
//! made since then instead: what it leads to is come to by the other order. A situation that is come to by several ways lets sleep only
//! what sleeps on each of them; what wakes by a later way is made then, and after it sleeps only what still did, or was made before it of
//! those that woke with it.

use std::collections::HashMap;
use std::io::Write as _;

use super::commute::{Sleeper, Touched};
use super::situations::{Explorer, Mistake};
use super::staged::Move;
use crate::scenario::Scenario;

/// Whoever waits for hours is told of each so many situations.
const SAID: usize = 1_000_000;

/// A situation that was entered.
struct Place {
    choices: Vec<Choice>,
    /// The moves that are not made here.
    asleep: Vec<Sleeper>,
    outlook: Outlook,
    /// Who has waited, as bits: only where nobody is woken again.
    has_waited: u8,
    has_died: bool,
}

/// A move that may be made in a situation.
struct Choice {
    by: Move,
    /// Where it led, and what it touched; nothing if it was never made.
    made: Option<(u32, Touched)>,
    /// With which others it woke.
    wave: u16,
}

/// Whether a move is left that was never made, here or anywhere behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outlook {
    /// There may be one.
    Open,
    /// It is being looked for.
    Asked,
    /// There is none.
    Done,
}

/// All situations that were entered.
pub(super) struct Map<'a> {
    explorer: Explorer,
    scenario: &'a Scenario,
    places: Vec<Place>,
    /// Where each situation is.
    known: HashMap<u128, u32>,
    /// Whether a way leads back to where it has been. None does, because whoever moves observes something.
    pub(super) is_circular: bool,
}

/// Which move led on from where.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) choice: usize,
}

impl<'a> Map<'a> {
    /// Nothing was entered yet.
    pub(super) fn new(explorer: Explorer, scenario: &'a Scenario) -> Self {
        Self { explorer, scenario, places: Vec::new(), known: HashMap::new(), is_circular: false }
    }

    /// How many situations were entered.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Where this situation is, if it is known.
    pub(super) fn find(&self, situation: u128) -> Option<u32> {
        self.known.get(&situation).copied()
    }

    /// A situation that wasn't known, by this step from one that is, in which these could move.
    pub(super) fn add(&mut self, situation: u128, last: Option<Step>, able: &[u8], waiting: u8) -> u32 {
        let (mut has_waited, mut has_died) = (0, false);
        if let Some(Step { from, choice }) = last {
            let from = &self.places[from as usize];
            (has_waited, has_died) = (from.has_waited, from.has_died || from.choices[choice].by.dies > 0);
        }
        let mut able = able.to_vec();
        if self.explorer.mistake == Some(Mistake::NeverWakes) {
            has_waited |= waiting;
            able.retain(|who| has_waited & 1 << who == 0);
        }
        let choices = able.into_iter().map(|who| Choice { by: Move { who, dies: 0 }, made: None, wave: 0 }).collect();
        let at = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place { choices, asleep: Vec::new(), outlook: Outlook::Open, has_waited, has_died });
        self.known.insert(situation, at);
        if self.len().is_multiple_of(SAID) {
            let _ = writeln!(std::io::stderr(), "{}: {} situations so far", self.scenario.name, self.len());
        }
        at
    }

    /// Which move that is.
    pub(super) fn by(&self, Step { from, choice }: Step) -> Move {
        self.places[from as usize].choices[choice].by
    }

    /// Where this step led, if it was ever made.
    pub(super) fn led(&self, Step { from, choice }: Step) -> Option<u32> {
        self.places[from as usize].choices[choice].made.map(|(to, _)| to)
    }

    /// This step was made for the first time, and led to this situation. There sleeps what commutes with it, and slept here or was made
    /// before it, of those that woke with it.
    pub(super) fn lead(&mut self, step: Step, touched: Touched, to: u32, is_new: bool) {
        let Step { from, choice } = step;
        let Place { choices, asleep, .. } = &mut self.places[from as usize];
        choices[choice].made = Some((to, touched));
        let wave = choices[choice].wave;
        let before = choices[..choice].iter().filter(|one| one.wave == wave);
        let before = before.filter_map(|one| Some(Sleeper { by: one.by, touched: one.made?.1 }));
        let (me, explorer, scenario) = (Sleeper { by: choices[choice].by, touched }, self.explorer, self.scenario);
        let sleeps = |one: &Sleeper| one.may_sleep(&explorer, scenario) && one.commutes(&me, &explorer, scenario);
        let sleepers: Vec<_> = asleep.iter().copied().chain(before).filter(sleeps).collect();
        if is_new {
            let place = &mut self.places[to as usize];
            place.choices.retain(|one| sleepers.iter().all(|sleeper| sleeper.by != one.by));
            place.asleep = sleepers;
        } else {
            self.wake(to, &sleepers);
        }
    }

    /// What doesn't sleep on this way doesn't sleep at all.
    fn wake(&mut self, at: u32, sleepers: &[Sleeper]) {
        let Place { choices, asleep, outlook, .. } = &mut self.places[at as usize];
        let wave = choices.last().map_or(0, |last| last.wave) + 1;
        let is_asleep = |one: &Sleeper| sleepers.iter().any(|other| other.by == one.by);
        let woken = asleep.iter().filter(|one| !is_asleep(one)).map(|one| Choice { by: one.by, made: None, wave });
        let before = choices.len();
        choices.extend(woken);
        asleep.retain(is_asleep);
        if choices.len() > before {
            *outlook = Outlook::Open;
        }
    }

    /// The same move again, with a death before each of its operations; nobody dies where somebody has died.
    pub(super) fn may_die(&mut self, Step { from, choice }: Step, operations: u32) {
        let Place { choices, has_died, .. } = &mut self.places[from as usize];
        let Choice { by: Move { who, dies }, wave, .. } = choices[choice];
        if dies == 0 && !*has_died && self.explorer.dying == Some(who) {
            let deaths = (1..).take(operations as usize);
            choices.extend(deaths.map(|dies| Choice { by: Move { who, dies }, made: None, wave }));
        }
    }

    /// The step to make from here: one that was never made, or else one behind which such a one is.
    pub(super) fn choose(&mut self, from: u32) -> Option<Step> {
        let count = self.places[from as usize].choices.len();
        let steps = || (0..count).map(|choice| Step { from, choice });
        let new = steps().find(|step| self.led(*step).is_none());
        new.or_else(|| steps().find(|step| self.led(*step).is_some_and(|to| self.has_more(to))))
    }

    /// Whether a move that was never made is left here, or anywhere behind.
    pub(super) fn has_more(&mut self, at: u32) -> bool {
        let place = &mut self.places[at as usize];
        match place.outlook {
            Outlook::Done => return false,
            Outlook::Asked => {
                self.is_circular = true;
                return false;
            }
            Outlook::Open => place.outlook = Outlook::Asked,
        }
        let is_left = place.choices.iter().any(|one| one.made.is_none());
        let turns_back = self.explorer.mistake == Some(Mistake::TurnsBack);
        let has_more = is_left || !turns_back && self.choose(at).is_some();
        let place = &mut self.places[at as usize];
        place.outlook = if has_more { Outlook::Open } else { Outlook::Done };
        if !has_more {
            // Nobody goes on from here, but if something wakes.
            place.choices = Vec::new();
        }
        has_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Act, against};

    #[test]
    fn what_sleeps_on_one_way_alone_wakes_by_another() {
        let scenario = against(&[Act::Set, Act::Set, Act::Set]);
        let mut map = Map::new(Explorer::NEW, &scenario);
        let [start, elsewhere] = [map.add(0, None, &[0, 1], 0), map.add(1, None, &[2], 0)];
        let make = |map: &mut Map<'_>, from| map.choose(from).expect("a move");
        let first = make(&mut map, start);
        let after = map.add(2, Some(first), &[1], 0);
        map.lead(first, Touched::default(), after, true);
        let second = make(&mut map, start);
        let met = map.add(3, Some(second), &[0], 0);
        map.lead(second, Touched::default(), met, true);
        assert!(!map.has_more(met), "the first one's move was made before the second one's, and commutes with it");
        let third = make(&mut map, elsewhere);
        map.lead(third, Touched::default(), met, false);
        assert!(map.has_more(elsewhere), "it wasn't made on this way");
        assert_eq!(map.choose(met).map(|step| map.by(step)), Some(Move { who: 0, dies: 0 }));
    }
}
