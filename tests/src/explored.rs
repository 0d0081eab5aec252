//! What is explored with a memory: groups of scenarios, short ones for every run of the tests and all for a long one.

use std::fmt::Write as _;

use credlatch_core::law::{LAWS, Law};

use crate::cases::{Act, against, beside, choices};
use crate::conduct::Right;
use crate::judging::Seen;
use crate::run::exploration::Exploration;
use crate::run::situations::{Explorer, Order};
use crate::scenario::Scenario;
use crate::wrong::Wrong;

/// Scenarios of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they are.
    pub name: &'static str,
    /// How many acts meet.
    pub acts: usize,
    /// Whether the participants are threads of one engine.
    pub threads: bool,
    /// Whether the first one may die before each of its operations.
    pub dies: bool,
    /// Whether the last one is about another provider than the others.
    pub beside: bool,
    /// The acts among which they are chosen.
    pub among: &'static [Act],
    /// At least one of these takes part.
    pub with: &'static [Act],
    /// More situations of one scenario than this are too many for a run of some minutes.
    pub few: usize,
}

/// Acts that commit once or not at all.
const SHORT: &[Act] = &[Act::Start, Act::Clear, Act::Purge, Act::Read, Act::Set];
/// The same, and a rotation.
const WITH_ROTATE: &[Act] = &[Act::Start, Act::Rotate, Act::Clear, Act::Purge, Act::Read, Act::Set];

/// Acts that commit more than once.
const LONG: &[Act] = &[Act::Login, Act::Rotate];
/// These, and acts that commit once.
const LONG_AND_SHORT: &[Act] = &[Act::Login, Act::Rotate, Act::Clear, Act::Purge, Act::Set];

/// Three of these have few situations.
const WITH_START: &[Act] = &[Act::Start, Act::Clear, Act::Purge, Act::Set];
/// The same.
const WITH_READER: &[Act] = &[Act::Clear, Act::Purge, Act::Read, Act::Set];

/// What every run of the tests explores.
pub const SHORT_GROUPS: &[Group] = &[
    Group { among: WITH_ROTATE, ..PROCESSES },
    Group { name: "pairs of processes, one dies", dies: true, among: SHORT, ..PROCESSES },
    Group { name: "pairs of threads", threads: true, among: SHORT, ..PROCESSES },
    Group { name: "triples of processes with a login", acts: 3, among: WITH_START, ..PROCESSES },
    Group { name: "triples of processes with a reader", acts: 3, among: WITH_READER, ..PROCESSES },
];

/// What a long run explores.
pub const LONG_GROUPS: &[Group] = &[
    PROCESSES,
    Group { name: "pairs of processes, one dies", dies: true, ..PROCESSES },
    Group { name: "pairs of threads", threads: true, ..PROCESSES },
    Group { name: "pairs of processes at two providers", beside: true, ..PROCESSES },
    Group { name: "triples of processes", acts: 3, ..PROCESSES },
    Group { name: "pairs of threads at two providers", threads: true, beside: true, ..PROCESSES },
    Group { name: "pairs of threads, one dies", threads: true, dies: true, ..PROCESSES },
    Group { name: "triples of threads", acts: 3, threads: true, ..PROCESSES },
    Group { name: "triples of processes, one dies", acts: 3, dies: true, few: 10_000, ..PROCESSES },
    Group { name: "fours of processes that commit once", acts: 4, among: SHORT, ..PROCESSES },
    Group { name: "triples of processes at two providers", acts: 3, beside: true, few: 10_000, ..PROCESSES },
    Group {
        name: "triples of threads at two providers",
        acts: 3,
        threads: true,
        beside: true,
        few: FEWEST,
        ..PROCESSES
    },
    Group { name: "triples of threads, one dies", acts: 3, threads: true, dies: true, few: FEWEST, ..PROCESSES },
    Group {
        name: "fours of processes that log in or rotate",
        acts: 4,
        among: LONG_AND_SHORT,
        with: LONG,
        few: FEWER,
        ..PROCESSES
    },
    Group { name: "fours of processes", acts: 4, few: FEWER, ..PROCESSES },
];

/// Of these a run of some minutes explores what has few situations.
pub const PART_GROUPS: &[Group] = LONG_GROUPS.split_at(14).0;

const PROCESSES: Group = Group {
    name: "pairs of processes",
    acts: 2,
    threads: false,
    dies: false,
    beside: false,
    among: &Act::ALL,
    with: &Act::ALL,
    few: FEW,
};

/// All pairs have fewer, and so have nearly all triples of processes and most of threads.
const FEW: usize = 400_000;
/// There are many of these that have more than some ten thousand, so that fewer situations of each have to be enough.
const FEWER: usize = 60_000;
/// There are as many of these, of three acts, with more in their way, and in most they are too many anyhow.
const FEWEST: usize = 1_000;

/// What came of a group.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// How many scenarios.
    pub scenarios: usize,
    /// How many situations.
    pub situations: usize,
    /// How many moves between them.
    pub transitions: usize,
    /// How many plays.
    pub plays: usize,
    /// The longest way to a situation.
    pub longest: usize,
    /// In how many ways they end.
    pub ends: usize,
    /// What was seen of the laws: in how many situations each could have been broken by then.
    pub seen: Seen,
}

impl Group {
    /// Its scenarios. Who dies is the first, and who is at another provider the last, so that there the order of the acts makes
    /// a difference.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let mut all: Vec<Vec<Act>> = choices(self.acts);
        all.retain(|acts| acts.iter().all(|act| self.among.contains(act)));
        all.retain(|acts| acts.iter().any(|act| self.with.contains(act)));
        if self.dies || self.beside {
            let singled = |acts: &Vec<Act>| (0..acts.len()).map(|at| self.singled(acts, at)).collect::<Vec<_>>();
            all = all.iter().flat_map(singled).collect();
            all.sort();
            all.dedup();
        }
        let meet = if self.beside { beside } else { against };
        let scenario = |acts: &Vec<Act>| if self.threads { meet(acts).as_threads() } else { meet(acts) };
        all.iter().map(scenario).collect()
    }

    /// The same acts, with this one first, or last where the last one is at another provider.
    fn singled(&self, acts: &[Act], one: usize) -> Vec<Act> {
        let mut others = acts.to_vec();
        let one = vec![others.remove(one)];
        if self.beside { [others, one].concat() } else { [one, others].concat() }
    }

    /// How one of its scenarios is explored.
    pub fn explore(&self, scenario: &Scenario, most: usize) -> Exploration {
        Explorer { dying: self.dies.then_some(0), most, ..Explorer::default() }.explore(scenario, &Right)
    }
}

impl Sum {
    /// Adds one more.
    pub fn add(&mut self, found: &Exploration) {
        self.scenarios += 1;
        self.situations += found.situations;
        self.transitions += found.transitions;
        self.plays += found.plays;
        self.longest = self.longest.max(found.longest);
        self.ends += found.ends.len();
        self.seen.add(&found.seen);
    }

    /// Its line in a table.
    pub fn line(&self, name: &str) -> String {
        let Self { scenarios, situations, transitions, plays, longest, ends, .. } = self;
        let mut text = String::new();
        let _ = write!(text, "| {name} | {scenarios} | {situations} | {transitions} | {plays} | {longest} | {ends} |");
        text
    }
}

/// What every run explores, as tables: a line for each group, and a line for each law.
///
/// # Panics
/// If a law is broken, or an exploration isn't whole.
pub fn tables() -> (String, String) {
    let (mut groups, mut all) = (String::new(), Seen::default());
    for group in SHORT_GROUPS {
        let sum = whole(group);
        let _ = writeln!(groups, "{}", sum.line(group.name));
        all.add(&sum.seen);
    }
    let mut laws = String::new();
    for Law { number, name, witness, .. } in LAWS {
        let count = all.witnessed.get(number).copied().unwrap_or_default();
        let _ = writeln!(laws, "| {number} `{name}` | {witness} | {count} |");
    }
    (groups, laws)
}

/// What is entered of a wrong engine's scenario until the law that names it is broken: by the fewest moves that can break it.
pub fn until(wrong: &Wrong) -> Exploration {
    let explorer = Explorer {
        law: Some(wrong.law),
        most: 100_000,
        order: Order::FewestMoves,
        gathers: false,
        goes_on: false,
        skips: false,
        ..Explorer::default()
    };
    explorer.explore(&(wrong.scenario)(), wrong.scripted)
}

/// Explores a whole group.
///
/// # Panics
/// If a law is broken, or an exploration isn't whole.
pub fn whole(group: &Group) -> Sum {
    let mut sum = Sum::default();
    for scenario in group.scenarios() {
        let found = group.explore(&scenario, MOST);
        found.assert_whole(&scenario.name);
        sum.add(&found);
    }
    sum
}

/// More situations than this of one scenario are too many: what is kept of them would take about a gigabyte.
pub const MOST: usize = 8_000_000;
