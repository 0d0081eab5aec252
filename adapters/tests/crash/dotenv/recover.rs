//! What comes after a crash or an error: somebody looks, ends what was begun, and the power fails again.

use super::ops::{self, OPS, Op};
use super::sim::Sim;
use super::situation::{Finding, Situation, What};
use crate::image;
use crate::machine::World;
use crate::wrong::Wrong;

/// How many there were.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) calls: usize,
    pub(crate) points: usize,
    pub(crate) cut: usize,
    pub(crate) twice: usize,
    pub(crate) faults: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.points += other.points;
        self.cut += other.cut;
        self.twice += other.twice;
        self.faults += other.faults;
    }
}

/// Stops an operation after each change, by a kill and by each power cut.
pub(crate) fn crash(op: &Op, wrong: Option<Wrong>) -> Result<Count, Finding> {
    let (world, situation) = op.start(wrong);
    let sim = Sim::new(world, situation, wrong, None);
    (op.run)(&sim).map_err(|error| Finding::new(What::Refused, error.to_string()))?;
    sim.situation().no_draft(&sim.world().files.nodes)?;
    let calls = sim.machine().inner().calls.len();
    let points = sim.points();
    let mut count = Count { calls, points: points.len(), ..Count::default() };
    for (at, (world, situation)) in points.iter().enumerate() {
        let within = |what: &str, finding: Finding| finding.within(&format!("{}, {what} at {at}", op.name));
        count.twice += recover(world, situation, wrong, true).map_err(|found| within("killed", found))?;
        for image in image::all(&world.files) {
            let world = world.rebooted(world.files.cut_down_to(image));
            count.cut += 1;
            count.twice += recover(&world, situation, wrong, true).map_err(|found| within("cut", found))?;
        }
    }
    Ok(count)
}

pub(crate) fn crash_all(wrong: Option<Wrong>) -> Result<(), Finding> {
    OPS.iter().try_for_each(|op| crash(op, wrong).map(drop))
}

/// Judges what is found, and ends what was begun in each way in which it may be ended. If it is to be deep the power fails
/// after each change of that; returns how many such power cuts there were.
pub(crate) fn recover(
    world: &World,
    situation: &Situation,
    wrong: Option<Wrong>,
    is_deep: bool,
) -> Result<usize, Finding> {
    situation.judge(&world.files.nodes)?;
    let mut twice = 0;
    if let Some(owed) = &situation.owed {
        let recorded = situation.recorded(owed.clone());
        let sim = Sim::new(world.clone(), Situation { keeps_leftover: false, ..recorded }, wrong, None);
        ops::redo(&sim).map_err(|error| Finding::new(What::Refused, format!("redo: {error}")))?;
        twice += end(&sim, is_deep).map_err(|found| found.within("redo"))?;
    }
    if !situation.is_recorded {
        // The store knows nothing of it: the old file stands, and whoever comes next removes the draft.
        let fresh = Situation::before(situation.allowed[0], situation.aim);
        let sim = Sim::new(world.clone(), fresh, wrong, None);
        let is_there = ops::other(&sim).map_err(|error| Finding::new(What::Refused, error.to_string()))?;
        assert!(!is_there, "what is not there is to be taken out");
        sim.situation().no_draft(&sim.world().files.nodes)?;
        sim.situation().judge(&sim.world().files.nodes)?;
        ops::take_out(&sim).map_err(|error| Finding::new(What::Refused, format!("again: {error}")))?;
        twice += end(&sim, is_deep).map_err(|found| found.within("again"))?;
    }
    Ok(twice)
}

/// It is there, and stays: through a power cut now, and through those that came before it was done.
fn end(sim: &Sim, is_deep: bool) -> Result<usize, Finding> {
    let (files, done) = (sim.world().files, sim.situation().done());
    done.judge(&files.nodes)?;
    for image in image::all(&files) {
        done.judge(&image).map_err(|found| found.within("cut when it was done"))?;
    }
    let mut twice = 0;
    for (world, situation) in sim.points().iter().filter(|_| is_deep) {
        for image in image::all(&world.files) {
            twice += 1;
            let world = world.rebooted(world.files.cut_down_to(image));
            recover(&world, situation, sim.process.wrong, false).map_err(|found| found.within("cut again"))?;
        }
    }
    Ok(twice)
}
