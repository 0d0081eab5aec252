//! A process that rewrites a file, on the machine that crashes, and what it was told at each moment.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::situation::Situation;
use crate::OP;
use crate::fault::Fault;
use crate::machine::{Machine, Tape, World};
use crate::process::Process;
use crate::wrong::Wrong;

pub(crate) const FOLDER: &str = "/home/me/project";
/// A link to the file.
pub(crate) const LINK: &str = "/elsewhere/.env";

/// The path of that name in the folder.
pub(crate) fn at(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

pub(crate) struct Sim {
    pub(crate) process: Process,
    /// What was known, from the moment of that number on.
    told: RefCell<Vec<(usize, Situation)>>,
}

impl Sim {
    pub(crate) fn new(world: World, situation: Situation, wrong: Option<Wrong>, fault: Option<Fault>) -> Self {
        let machine = Machine::new(world);
        machine.inner().fault = fault;
        machine.inner().tape = Some(Tape { points: Some(Vec::new()), ..Tape::default() });
        let sim = Self { process: Process::new(&machine, OP, wrong), told: RefCell::new(vec![(0, situation)]) };
        machine.mark(|| "the beginning".to_owned());
        sim
    }

    pub(crate) fn machine(&self) -> &Arc<Machine> {
        &self.process.machine
    }

    pub(crate) fn world(&self) -> World {
        self.machine().world()
    }

    /// What is known now.
    pub(crate) fn situation(&self) -> Situation {
        let told = self.told.borrow();
        told.last().map(|(_, known)| known.clone()).expect("something was known from the beginning")
    }

    /// The caller of the rewrite is told something, and then it may crash.
    pub(crate) fn tell(&self, learn: impl FnOnce(Situation) -> Situation) {
        let known = learn(self.situation());
        self.told.borrow_mut().push((self.moments(), known));
        self.machine().mark(|| "its caller was told".to_owned());
    }

    fn moments(&self) -> usize {
        self.machine().inner().tape.as_ref().and_then(|tape| tape.points.as_ref()).map_or(0, Vec::len)
    }

    /// Each moment at which it may crash, and what was known then.
    pub(crate) fn points(&self) -> Vec<(World, Situation)> {
        let (inner, told) = (self.machine().inner(), self.told.borrow());
        let points = inner.tape.as_ref().and_then(|tape| tape.points.as_ref()).into_iter().flatten();
        let known =
            |number: usize| told.iter().rev().find(|(since, _)| *since <= number).map(|(_, known)| known.clone());
        points.enumerate().filter_map(|(number, point)| Some((point.world.clone(), known(number)?))).collect()
    }
}
