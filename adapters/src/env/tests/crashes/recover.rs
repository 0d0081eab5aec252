//! What comes after a crash or an error: somebody looks, ends what was begun, and the power fails again.

use super::files::Files;
use super::ops::{self, OPS, Op};
use super::sim::{Sim, Wrong};
use super::situation::{Finding, Situation, What};

/// How many there were.
#[derive(Default)]
pub(super) struct Count {
    pub(super) calls: usize,
    pub(super) points: usize,
    pub(super) cut: usize,
    pub(super) twice: usize,
    pub(super) faults: usize,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.points += other.points;
        self.cut += other.cut;
        self.twice += other.twice;
        self.faults += other.faults;
    }
}

/// Stops an operation after each change, by a kill and by each power cut.
pub(super) fn crash(op: &Op, wrong: Option<Wrong>) -> Result<Count, Finding> {
    let (files, situation) = op.start(wrong);
    let sim = Sim::new(files, situation, wrong, None);
    (op.run)(&sim).map_err(|error| Finding::new(What::Refused, error.to_string()))?;
    let end = sim.inner();
    end.situation.no_draft(&end.files.now)?;
    let mut count = Count { calls: end.calls.len(), points: end.points.len(), ..Count::default() };
    for (at, point) in end.points.iter().enumerate() {
        let within = |what: &str, finding: Finding| finding.within(&format!("{}, {what} at {at}", op.name));
        count.twice += recover(&point.files, &point.situation, wrong, true).map_err(|found| within("killed", found))?;
        for image in point.files.images() {
            let files = point.files.cut_down_to(image);
            count.cut += 1;
            count.twice += recover(&files, &point.situation, wrong, true).map_err(|found| within("cut", found))?;
        }
    }
    Ok(count)
}

pub(super) fn crash_all(wrong: Option<Wrong>) -> Result<(), Finding> {
    OPS.iter().try_for_each(|op| crash(op, wrong).map(drop))
}

/// Judges what is found, and ends what was begun in each way in which it may be ended. If it is to be deep the power fails
/// after each change of that; returns how many such power cuts there were.
pub(super) fn recover(
    files: &Files,
    situation: &Situation,
    wrong: Option<Wrong>,
    is_deep: bool,
) -> Result<usize, Finding> {
    situation.judge(&files.now)?;
    let mut twice = 0;
    if let Some(owed) = &situation.owed {
        let recorded = situation.recorded(owed.clone());
        let sim = Sim::new(files.clone(), Situation { keeps_leftover: false, ..recorded }, wrong, None);
        ops::redo(&sim).map_err(|error| Finding::new(What::Refused, format!("redo: {error}")))?;
        twice += end(&sim, is_deep).map_err(|found| found.within("redo"))?;
    }
    if !situation.is_recorded {
        // The store knows nothing of it: the old file stands, and whoever comes next removes the draft.
        let fresh = Situation::before(situation.allowed[0], situation.aim);
        let sim = Sim::new(files.clone(), fresh, wrong, None);
        let is_there = ops::other(&sim).map_err(|error| Finding::new(What::Refused, error.to_string()))?;
        assert!(!is_there, "what is not there is to be taken out");
        sim.inner().situation.no_draft(&sim.inner().files.now)?;
        sim.inner().situation.judge(&sim.inner().files.now)?;
        ops::take_out(&sim).map_err(|error| Finding::new(What::Refused, format!("again: {error}")))?;
        twice += end(&sim, is_deep).map_err(|found| found.within("again"))?;
    }
    Ok(twice)
}

/// It is there, and stays: through a power cut now, and through those that came before it was done.
fn end(sim: &Sim, is_deep: bool) -> Result<usize, Finding> {
    let end = sim.inner();
    let done = end.situation.done();
    done.judge(&end.files.now)?;
    for image in end.files.images() {
        done.judge(&image).map_err(|found| found.within("cut when it was done"))?;
    }
    let mut twice = 0;
    for point in end.points.iter().filter(|_| is_deep) {
        for image in point.files.images() {
            twice += 1;
            let files = point.files.cut_down_to(image);
            recover(&files, &point.situation, sim.wrong, false).map_err(|found| found.within("cut again"))?;
        }
    }
    Ok(twice)
}
