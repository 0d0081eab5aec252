//! One run of an operation, with every moment at which it may crash; and the crashes.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use credlatch_core::law::{self, Fact, LAWS, Trace};

use super::disk::{Node, Nodes, file_at, find};
use super::fault::Call;
use super::finding::{Finding, Search};
use super::image;
use super::issuer::Server;
use super::left;
use super::machine::{Machine, Point, Tape, World};
use super::observe::{self, CLAIMS, DOCUMENT, HOME, Seen};
use super::ops::Op;
use super::process::Process;
use super::recover::{Trial, read};
use super::steps;
use super::wrong::Wrong;
use super::{BASE, HEIR, OP, SURVIVOR};

/// A run that was not disturbed.
pub(crate) struct Recording {
    pub(crate) op: &'static Op,
    base: World,
    wrong: Option<Wrong>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) points: Vec<Point>,
    /// The calls that the operation made.
    pub(crate) calls: Vec<Call>,
}

/// What was tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    pub(crate) calls: usize,
    pub(crate) points: usize,
    pub(crate) killed: usize,
    pub(crate) cut: usize,
    pub(crate) twice: usize,
    pub(crate) faults: usize,
    /// The laws whose witnesses were seen.
    pub(crate) witnessed: BTreeSet<u8>,
}

impl Count {
    pub(crate) fn witness(&mut self, trace: &Trace) {
        let seen = LAWS.iter().filter(|law| !self.witnessed.contains(&law.number) && law.is_witnessed(trace));
        let seen: Vec<u8> = seen.map(|law| law.number).collect();
        self.witnessed.extend(seen);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.points += other.points;
        self.killed += other.killed;
        self.cut += other.cut;
        self.twice += other.twice;
        self.faults += other.faults;
        self.witnessed.extend(&other.witnessed);
    }
}

/// What is known before an operation begins.
pub(crate) fn preamble(world: &World) -> Tape {
    let files = &world.files.nodes;
    let mut facts = Vec::new();
    if let Seen::State(state) = observe::document(files) {
        let generation = state.generation;
        // What Hermes alone wrote is no commit of anybody here.
        if generation > 0 {
            facts.push(Fact::Shown { who: BASE, state: state.clone() });
            facts.push(Fact::Durable { state });
            facts.push(Fact::Returned { who: BASE, generation });
        }
    }
    let shown = file_at(files, Path::new(DOCUMENT)).cloned();
    Tape { who: OP, facts, points: Some(Vec::new()), shown }
}

impl Recording {
    pub(crate) fn of(op: &'static Op, wrong: Option<Wrong>) -> Result<Self, Finding> {
        let base = (op.base)();
        let machine = Machine::new(base.clone());
        machine.inner().tape = Some(preamble(&base));
        steps::by(Some(OP));
        machine.mark(|| "the beginning".to_owned());
        let engine = Process::new(&machine, OP, wrong).engine(Path::new(HOME));
        let answer = (op.run)(&engine, &Server { machine: &machine, who: OP });
        match answer {
            Ok(generation) => machine.note(Fact::Returned { who: OP, generation }),
            Err(refused) => return Err(Finding::promise(format!("undisturbed it fails: {refused:?}")).at(op.name)),
        }
        machine.mark(|| "the end".to_owned());
        let mut inner = machine.inner();
        let calls = std::mem::take(&mut inner.calls);
        let tape = inner.tape.take().unwrap_or_default();
        drop(inner);
        drop(engine);
        let points = tape.points.unwrap_or_default();
        Ok(Self { op, base, wrong, facts: tape.facts, points, calls })
    }

    /// The number of the call that follows the writing of the first draft.
    pub(crate) fn drafted_at(&self) -> usize {
        let renamed = self.calls.iter().position(|call| *call == Call::Rename).unwrap_or(0);
        // The word is written in between.
        let mut writes = (0..renamed).rev().filter(|at| self.calls[*at] == Call::Write);
        writes.nth(1).map_or(0, |at| at + 1)
    }

    /// The facts before a point. Steps are judged after kills only, and only those that others may have seen.
    fn facts_before(&self, point: &Point, with_steps: bool) -> Vec<Fact> {
        let shown = observe::document(&point.world.files.nodes).generation();
        let counts = |fact: &&Fact| match fact {
            Fact::Stepped(step) => with_steps && step.before.generation < shown,
            _ => true,
        };
        self.facts[..point.facts].iter().filter(counts).cloned().collect()
    }

    /// The process is killed at every point; everything it did is there for the others.
    pub(crate) fn kill(&self, count: &mut Count, search: &mut Search) -> Result<(), Finding> {
        self.keeps_what_was_granted()?;
        for point in &self.points {
            let trial = self.kill_at(point)?;
            let found = if search.is_short { trial.run_short() } else { trial.run() };
            let place = format!("`{}`, killed after: {}", self.op.name, point.after);
            if let Some(tape) = search.weigh(found.map_err(|found| found.at(place)))? {
                count.witness(&Trace(tape.facts));
            }
            count.killed += 1;
            let facts = self.facts.iter().take(point.facts).cloned();
            count.witness(&Trace(facts.chain([Fact::Died { who: OP }]).collect()));
        }
        count.points += self.points.len();
        law::judge(&Trace(self.facts.clone())).map_err(|broken| Finding::from(broken).at(self.op.name))
    }

    /// What was once written down stays so until the document holds it for good.
    fn keeps_what_was_granted(&self) -> Result<(), Finding> {
        let mut granted = Vec::new();
        for point in &self.points {
            let files = &point.world.files;
            let written = left::written_down(&files.nodes);
            let is_kept = |answer| written.contains(answer) || answer.is_stored(&observe::durable(files).state());
            if !granted.iter().all(is_kept) {
                let what = "what was granted is not written down any more, and not durable in the document";
                return Err(Finding::of(5, what).at(format!("`{}`, after: {}", self.op.name, point.after)));
            }
            granted.extend(written);
        }
        Ok(())
    }

    fn kill_at(&self, point: &Point) -> Result<Trial, Finding> {
        let machine = Machine::new(self.base.clone());
        let survivor = Process::new(&machine, SURVIVOR, self.wrong).engine(Path::new(HOME));
        // The second read is answered from what the first one kept.
        machine.inner().tape = Some(Tape::default());
        read(&machine, &survivor, SURVIVOR)?;
        read(&machine, &survivor, SURVIVOR)?;
        machine.become_world(point.world.clone());
        Ok(Trial::new(&machine, Some(survivor), self.facts_before(point, true), false, self.wrong))
    }

    /// The power fails at every point, and takes every subset of what was not durable.
    pub(crate) fn cut(&self, count: &mut Count, search: &mut Search) -> Result<(), Finding> {
        let mut acted = BTreeSet::new();
        for (point, image) in images(&self.points) {
            // Signs of life of the dead decide nothing but who is dead, what they left, and what is swept: where images differ
            // only in those and nothing else was left in them, acts are begun anew on one of them.
            let left = left::all(&image);
            let is_new = acted.insert((point.facts, without_claims(image.clone()), left));
            let trial = self.cut_at(point, image, false);
            let found = if is_new && !search.is_short { trial.run() } else { trial.run_short() };
            search.weigh(found.map(drop).map_err(|found| found.at(self.place(point))))?;
            count.cut += 1;
        }
        Ok(())
    }

    /// The same, and the power fails again while somebody recovers.
    pub(crate) fn cut_twice(&self, count: &mut Count) -> Result<(), Finding> {
        for (point, image) in images(&self.points) {
            let tape = self.cut_at(point, image, true).run_short().map_err(|found| found.at(self.place(point)))?;
            for (again, image) in images(&tape.points.unwrap_or_default()) {
                let mut facts = tape.facts[..again.facts].to_vec();
                facts.push(Fact::Died { who: HEIR });
                let found = trial(&again.world, image, facts, false, self.wrong).run_short();
                found.map_err(|found| {
                    found.at(format!("power cut again after: {}", again.after)).at(self.place(point))
                })?;
                count.twice += 1;
            }
        }
        Ok(())
    }

    fn cut_at(&self, point: &Point, image: Nodes, keeps_points: bool) -> Trial {
        trial(&point.world, image, self.facts_before(point, false), keeps_points, self.wrong)
    }

    fn place(&self, point: &Point) -> String {
        format!("`{}`, power cut after: {}", self.op.name, point.after)
    }
}

/// What a power cut may leave at each point. What it may also have left a moment before, when nothing else had been seen
/// than now, is not tried again.
fn images(points: &[Point]) -> impl Iterator<Item = (&Point, Nodes)> {
    let mut tried = HashSet::new();
    let at =
        points.iter().flat_map(|point| image::all(&point.world.files).into_iter().map(move |image| (point, image)));
    at.filter(move |(point, image)| tried.insert((point.facts, image.clone())))
}

fn without_claims(mut nodes: Nodes) -> Nodes {
    if let Some(Node::Folder(names)) = find(&nodes, Path::new(CLAIMS)).ok().and_then(|ino| nodes.get_mut(&ino)) {
        let signs: Vec<_> = std::mem::take(names).into_values().collect();
        for sign in signs {
            nodes.remove(&sign);
        }
    }
    nodes
}

/// One image, to recover from. Whoever saw a commit that is lost is dead, and nobody was told of it.
fn trial(before: &World, image: Nodes, mut facts: Vec<Fact>, keeps_points: bool, wrong: Option<Wrong>) -> Trial {
    let world = before.rebooted(before.files.cut_down_to(image));
    let found = observe::document(&world.files.nodes).generation();
    facts.retain(|fact| !matches!(fact, Fact::Shown { state, .. } if state.generation > found));
    Trial::new(&Machine::new(world), None, facts, keeps_points, wrong)
}
