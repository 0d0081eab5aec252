//! Two moves that are taken for such that commute, made in both orders: each time they must lead to the same situation.

use std::collections::HashSet;

use super::commute::{Bits, Sleeper};
use super::situations::{Explorer, Subject};
use super::staged::Move;
use crate::conduct::RIGHT_SCRIPTED;
use crate::scenario::Scenario;

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Diamonds {
    /// How many situations were entered.
    pub situations: usize,
    /// In how many of them which two moves were taken for such that commute.
    pub tried: usize,
    /// How many of these led elsewhere in the other order, or could not be made in it.
    pub broken: usize,
}

/// What a move led to.
struct Led {
    situation: u128,
    choices: Vec<u8>,
    sleeper: Option<Sleeper>,
}

/// Tries them in so many situations of a scenario, those with the fewest moves first.
pub fn diamonds(scenario: &Scenario, explorer: Explorer) -> Diamonds {
    let explorer = Explorer { sleeps: true, ..explorer }.freed(scenario, RIGHT_SCRIPTED);
    explorer.learning(|| {
        let mut subject = Subject::new(explorer, scenario, RIGHT_SCRIPTED);
        subject.gather();
        let mut search = Search { explorer, subject, bits: Bits::default(), found: Diamonds::default() };
        search.run();
        search.found
    })
}

struct Search<'a> {
    explorer: Explorer,
    subject: Subject<'a>,
    bits: Bits,
    found: Diamonds,
}

impl Search<'_> {
    fn run(&mut self) {
        let first = self.play(&[]);
        let (mut known, mut ways) = (HashSet::from([first.situation]), vec![(Vec::new(), first.choices)]);
        let mut at = 0;
        while at < ways.len() && ways.len() <= self.explorer.most {
            let (way, choices) = ways[at].clone();
            let moves = choices.into_iter().map(|who| Move { who, dies: 0 });
            let after = |one: Move| [&way[..], &[one]].concat();
            let led: Vec<_> = moves.map(|one| (one, self.play(&after(one)))).collect();
            for (place, (one, first)) in led.iter().enumerate() {
                led[place + 1..].iter().for_each(|(two, second)| self.cross(&way, (*one, first), (*two, second)));
                if known.insert(first.situation) {
                    ways.push((after(*one), first.choices.clone()));
                }
            }
            at += 1;
        }
        self.found.situations = known.len();
    }

    /// Makes two moves in both orders, if they are taken for such that commute.
    fn cross(&mut self, way: &[Move], (one, first): (Move, &Led), (two, second): (Move, &Led)) {
        let (Some(of_one), Some(of_two)) = (first.sleeper, second.sleeper) else { return };
        let (explorer, scenario) = (self.explorer, self.subject.scenario);
        let may_sleep = of_one.may_sleep(&explorer, scenario) || of_two.may_sleep(&explorer, scenario);
        if !may_sleep || !of_one.commutes(&of_two, &explorer, scenario) {
            return;
        }
        self.found.tried += 1;
        let can = first.choices.contains(&two.who) && second.choices.contains(&one.who);
        let mut end = |moves: [Move; 2]| self.play(&[way, &moves].concat()).situation;
        if !can || end([one, two]) != end([two, one]) {
            self.found.broken += 1;
        }
    }

    /// Plays these moves.
    fn play(&mut self, way: &[Move]) -> Led {
        let Self { subject, bits, .. } = self;
        let mut staged = subject.stage();
        let mut sleeper = None;
        for by in way {
            staged.make(*by);
            // A breach is somebody else's to find.
            let tells = staged.judge().is_ok_and(|told| told > 0);
            sleeper = Some(Sleeper { by: *by, touched: bits.touched(tells) });
        }
        let (situation, choices) = (staged.situation(), staged.choices());
        staged.leave();
        Led { situation, choices, sleeper }
    }
}
