//! Every call of every operation fails, once or from then on, in every way: what is said of it, what stands, and whether
//! everything goes on when the fault is gone.

use std::path::Path;
use std::sync::Arc;

use credlatch_core::engine::Engine;
use credlatch_core::law::{self, Fact, Trace};
use credlatch_core::port::{StoreError, StoreErrorKind};
use rustix::io::Errno;

use super::fault::{self, Fault};
use super::finding::Finding;
use super::issuer::Server;
use super::machine::Machine;
use super::observe::{self, HOME, Seen};
use super::ops::{Op, Refused};
use super::process::{Here, Process};
use super::record::{Recording, preamble};
use super::recover::{TORN, read};
use super::{OP, SURVIVOR, steps};

/// Longer than any request of the operation can be under way.
const QUIET_MS: u64 = 60_000;

/// Tries every fault at every call. Returns how many.
pub(crate) fn all(op: &'static Op) -> Result<usize, Finding> {
    let mut tried = 0;
    for (at, call) in Recording::of(op, None)?.calls.into_iter().enumerate() {
        for fault in fault::all(at, call) {
            one(op, fault).map_err(|found| found.at(format!("`{}`, {call:?} {fault:?}", op.name)))?;
            tried += 1;
        }
    }
    Ok(tried)
}

struct Run {
    op: &'static Op,
    machine: Arc<Machine>,
    engine: Engine<Here>,
    other: Engine<Here>,
    before: Seen,
}

/// Tries one.
pub(crate) fn one(op: &'static Op, fault: Fault) -> Result<(), Finding> {
    let base = (op.base)();
    let machine = Machine::new(base.clone());
    let engine = |pid| Process::new(&machine, pid, None).engine(Path::new(HOME));
    let before = observe::document(&base.files.nodes);
    let run = Run { op, engine: engine(OP), other: engine(SURVIVOR), before, machine: Arc::clone(&machine) };
    steps::by(Some(OP));
    let mut tape = preamble(&base);
    tape.points = None;
    machine.inner().tape = Some(tape);
    let done = run.fail(fault).and_then(|()| run.mend());
    let facts = machine.inner().tape.take().unwrap_or_default().facts;
    law::judge(&Trace(facts))?;
    done
}

impl Run {
    fn attempt(&self) -> Result<u64, Refused> {
        let done = (self.op.run)(&self.engine, &Server { machine: &self.machine, who: OP });
        if let Ok(generation) = done {
            self.machine.note(Fact::Returned { who: OP, generation });
        }
        done
    }

    fn seen(&self) -> Seen {
        observe::document(&self.machine.inner().world.files.nodes)
    }

    fn is_done(&self, seen: &Seen) -> bool {
        *seen != Seen::Nothing && (self.op.is_done)(&seen.state())
    }

    /// The attempt with the fault.
    fn fail(&self, fault: Fault) -> Result<(), Finding> {
        read(&self.machine, &self.other, SURVIVOR)?;
        let begun = self.machine.inner().calls.len();
        self.machine.inner().fault = Some(Fault { at: begun + fault.at, ..fault });
        let answer = self.attempt();
        self.machine.inner().fault = None;
        let seen = self.seen();
        if seen == Seen::Torn {
            return Err(Finding::of(8, TORN));
        }
        let was_done = self.is_done(&self.before);
        let wrong = match &answer {
            Ok(_) if !was_done && !self.is_done(&seen) => Some("it was said to be saved and is not"),
            Err(Refused::NotSaved(_)) if !was_done && self.is_done(&seen) => Some("it was said not to be saved and is"),
            Err(Refused::Unsaved(_)) if self.engine.unsaved_grant("acme", "default").is_none() => {
                Some("the issuer's tokens are gone")
            }
            Err(Refused::Otherwise) => Some("the failure of the disk is not told"),
            _ => None,
        };
        if let Some(what) = wrong {
            return Err(Finding::promise(format!("{what}: {answer:?}")));
        }
        if let Err(Refused::NotSaved(error) | Refused::Unknown(error) | Refused::Unsaved(error)) = &answer {
            is_told_as(error, fault.errno())?;
        }
        self.unharmed()?;
        read(&self.machine, &self.other, SURVIVOR)
    }

    /// Everything after the fault is gone.
    fn mend(&self) -> Result<(), Finding> {
        let saved = self.engine.save_unsaved();
        saved.map_err(|error| Finding::promise(format!("what was kept in memory can't be saved: {error}")))?;
        self.machine.inner().world.pass(QUIET_MS);
        let is_left = !self.is_done(&self.seen()) || self.is_done(&self.before);
        let again = if is_left {
            self.attempt()
        } else {
            // It turned out to have been done: whoever locks next confirms it.
            self.engine.transact(&[]).map(|done| done.after.state.generation).map_err(Refused::from)
        };
        again.map_err(|refused| Finding::promise(format!("the next attempt fails: {refused:?}")))?;
        read(&self.machine, &self.other, SURVIVOR)?;
        let world = self.machine.world();
        if world.accounts.presented > 1 {
            return Err(Finding::promise("the exchange was done again, though its grant was kept"));
        }
        let durable = observe::durable(&world.files);
        if self.before != Seen::Nothing && durable.generation() < self.seen().generation() {
            return Err(Finding::of(7, "what a transaction returned would not survive a power cut"));
        }
        if !(self.is_done(&durable)
            || (durable == Seen::Nothing && self.before == Seen::Nothing && self.op.name == "nothing"))
        {
            return Err(Finding::promise("the next attempt is not done"));
        }
        self.machine.note(Fact::Rested { state: self.seen().state(), live: world.accounts.live() });
        self.unharmed()
    }

    /// What the operation is not about is as it was.
    fn unharmed(&self) -> Result<(), Finding> {
        let (before, now) = (self.before.state(), self.seen().state());
        let bystander = before.entry("beta", "default");
        if bystander.is_some() && bystander != now.entry("beta", "default") {
            return Err(Finding::of(11, "an entry that the operation is not about was changed"));
        }
        Ok(())
    }
}

/// The error says what it was.
fn is_told_as(error: &StoreError, errno: Errno) -> Result<(), Finding> {
    let expected = match errno {
        Errno::NOSPC | Errno::DQUOT => StoreErrorKind::Full,
        Errno::ROFS => StoreErrorKind::ReadOnly,
        Errno::ACCESS => StoreErrorKind::Denied,
        _ => StoreErrorKind::Failed,
    };
    if error.kind == expected && error.what.contains('/') && !error.remedy.is_empty() {
        return Ok(());
    }
    Err(Finding::promise(format!("{errno} is told as {error:?}")))
}
