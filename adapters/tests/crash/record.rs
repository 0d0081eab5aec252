//! One run of an operation, with every moment at which it may crash; and the crashes.

use std::collections::BTreeSet;
use std::path::Path;

use credlatch_core::law::Fact;

use super::disk::{Node, Nodes, file_at, find};
use super::fault::Call;
use super::finding::Finding;
use super::image;
use super::issuer::Server;
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

/// How many crashes were tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) points: usize,
    pub(crate) killed: usize,
    pub(crate) cut: usize,
    pub(crate) twice: usize,
}

/// What is known before an operation begins.
pub(crate) fn preamble(world: &World) -> Tape {
    let files = &world.files.nodes;
    let mut facts = Vec::new();
    if let Seen::State(state) = observe::document(files) {
        let generation = state.generation;
        facts.push(Fact::Shown { who: BASE, state: state.clone() });
        facts.push(Fact::Durable { state });
        facts.push(Fact::Returned { who: BASE, generation });
    }
    let shown = file_at(files, Path::new(DOCUMENT)).cloned();
    Tape { who: OP, facts, points: Some(Vec::new()), shown }
}

impl Recording {
    pub(crate) fn of(op: &'static Op, wrong: Option<Wrong>) -> Result<Self, Finding> {
        let base = (op.base)();
        let machine = Machine::new(base.clone());
        machine.inner().tape = Some(preamble(&base));
        steps::by(OP);
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

    /// The facts before a point, without the steps: those were judged when they were taken.
    fn before(&self, point: &Point) -> Vec<Fact> {
        let facts = self.facts.iter().take(point.facts);
        facts.filter(|fact| !matches!(fact, Fact::Stepped(_))).cloned().collect()
    }

    /// The process is killed at every point; everything it did is there for the others.
    pub(crate) fn kill(&self, count: &mut Count) -> Result<(), Finding> {
        for point in &self.points {
            self.kill_at(point)
                .map_err(|finding| finding.at(format!("`{}`, killed after: {}", self.op.name, point.after)))?;
            count.killed += 1;
        }
        count.points += self.points.len();
        Ok(())
    }

    fn kill_at(&self, point: &Point) -> Result<(), Finding> {
        let machine = Machine::new(self.base.clone());
        let survivor = Process::new(&machine, SURVIVOR, self.wrong).engine(Path::new(HOME));
        // The second read is answered from what the first one kept.
        machine.inner().tape = Some(Tape::default());
        read(&machine, &survivor, SURVIVOR)?;
        read(&machine, &survivor, SURVIVOR)?;
        machine.become_world(point.world.clone());
        Trial::new(&machine, Some(survivor), self.before(point), false, self.wrong).run().map(drop)
    }

    /// The power fails at every point, and takes every subset of what was not durable.
    pub(crate) fn cut(&self, twice: bool, count: &mut Count) -> Result<(), Finding> {
        let mut tried = BTreeSet::new();
        let mut acted = BTreeSet::new();
        let mut facts = 0;
        for point in &self.points {
            if point.facts != facts {
                facts = point.facts;
                tried.clear();
                acted.clear();
            }
            for image in image::all(&point.world.files) {
                if tried.insert(image.clone()) {
                    let place = || format!("`{}`, power cut after: {}", self.op.name, point.after);
                    let world = point.world.rebooted(point.world.files.cut_down_to(image.clone()));
                    let trial = cut_at(world.clone(), self.before(point), false, self.wrong);
                    // Signs of life of the dead decide nothing but who is dead and what is swept: where images differ only
                    // in those, acts are begun anew on one of them.
                    let is_new = acted.insert(without_claims(image.clone()));
                    let tape = if is_new { trial.run() } else { trial.run_short() };
                    tape.map_err(|found| found.at(place()))?;
                    count.cut += 1;
                    if twice {
                        let tape = cut_at(world, self.before(point), true, self.wrong).run_short();
                        let again = tape.and_then(|tape| self.cut_again(tape, count));
                        again.map_err(|found| found.at(place()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The power fails again, while somebody recovers.
    fn cut_again(&self, tape: Tape, count: &mut Count) -> Result<(), Finding> {
        let mut tried = BTreeSet::new();
        for point in tape.points.unwrap_or_default() {
            for image in image::all(&point.world.files) {
                if tried.insert((image.clone(), point.facts)) {
                    let world = point.world.rebooted(point.world.files.cut_down_to(image));
                    let mut facts = tape.facts[..point.facts].to_vec();
                    facts.push(Fact::Died { who: HEIR });
                    let again = cut_at(world, facts, false, self.wrong).run_short();
                    again.map_err(|found| found.at(format!("power cut again after: {}", point.after)))?;
                    count.twice += 1;
                }
            }
        }
        Ok(())
    }
}

fn without_claims(mut nodes: Nodes) -> Nodes {
    if let Some(Node::Folder(names)) = find(&nodes, Path::new(CLAIMS)).ok().and_then(|ino| nodes.get_mut(&ino)) {
        let signs: Vec<_> = std::mem::take(names).into_values().collect();
        signs.iter().for_each(|sign| drop(nodes.remove(sign)));
    }
    nodes
}

/// One image, to recover from. Whoever saw a commit that is lost is dead, and nobody was told of it.
fn cut_at(world: World, mut facts: Vec<Fact>, keeps_points: bool, wrong: Option<Wrong>) -> Trial {
    let found = observe::document(&world.files.nodes).generation();
    facts.retain(|fact| !matches!(fact, Fact::Shown { state, .. } if state.generation > found));
    Trial::new(&Machine::new(world), None, facts, keeps_points, wrong)
}
