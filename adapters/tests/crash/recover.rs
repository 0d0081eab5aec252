//! What is done and looked at after a crash: others read, somebody transacts, time passes, acts are begun anew; and the
//! laws judge all that was seen before and since.

use std::path::Path;
use std::sync::Arc;

use credlatch_core::engine::{Engine, RotationRequest, TransactError};
use credlatch_core::flow::FlowKind;
use credlatch_core::law::{self, Deed, Fact, Trace, Who};
use credlatch_core::name::Label;
use credlatch_core::port::Store;
use credlatch_core::rotation::{Cause, Times};

use super::disk::file_at;
use super::finding::Finding;
use super::issuer::{HOUR_MS, Server};
use super::left::{self, WrittenDown};
use super::machine::{Machine, Tape};
use super::observe::{self, DOCUMENT, HOME, Seen};
use super::ops::{provider, put_key};
use super::process::{Here, Process};
use super::steps;
use super::wrong::Wrong;
use super::{AFTER, FRESH, HEIR, OP, SURVIVOR};

pub(crate) const TORN: &str = "what disk shows is no commit, but a torn document";

/// A machine after a crash, and who looks at it.
pub(crate) struct Trial {
    machine: Arc<Machine>,
    /// Whoever read before the crash and lived through it.
    survivor: Option<Engine<Here>>,
    fresh: Engine<Here>,
    heir: Engine<Here>,
}

impl Trial {
    /// The machine must be as the crash left it; `facts` are those from before.
    pub(crate) fn new(
        machine: &Arc<Machine>,
        survivor: Option<Engine<Here>>,
        facts: Vec<Fact>,
        keeps_points: bool,
        wrong: Option<Wrong>,
    ) -> Self {
        // Steps are judged after a kill; a power cut brings no others.
        steps::by(survivor.as_ref().map(|_| HEIR));
        let engine = |pid| Process::new(machine, pid, wrong).engine(Path::new(HOME));
        let trial = Self { machine: Arc::clone(machine), survivor, fresh: engine(FRESH), heir: engine(HEIR) };
        let shown = file_at(&machine.inner().world.files.nodes, Path::new(DOCUMENT)).cloned();
        let points = keeps_points.then(Vec::new);
        machine.inner().tape = Some(Tape { who: HEIR, facts, points, shown });
        trial
    }

    /// The whole of it, up to the judgement.
    pub(crate) fn run(&self) -> Result<Tape, Finding> {
        let done = self.recover().and_then(|()| self.act()).and_then(|()| self.go_on()).and_then(|()| self.act_later());
        self.judge(done)
    }

    /// Only what is written and read, without acts on the outside world.
    pub(crate) fn run_short(&self) -> Result<Tape, Finding> {
        let done = self.recover().and_then(|()| self.go_on());
        self.judge(done)
    }

    fn judge(&self, done: Result<(), Finding>) -> Result<Tape, Finding> {
        let tape = self.machine.inner().tape.take().unwrap_or_default();
        // A law that is broken says more than that the store does not go on.
        let trace = Trace(tape.facts);
        law::judge(&trace)?;
        if self.seen() == Seen::Torn {
            return Err(Finding::of(8, TORN));
        }
        done?;
        Ok(Tape { facts: trace.0, ..tape })
    }

    /// What whoever comes next finds.
    fn recover(&self) -> Result<(), Finding> {
        // A read may begin before the death and end after it.
        if self.survivor.is_some() {
            self.machine.note(Fact::ReadBegan { who: SURVIVOR });
        }
        self.machine.note(Fact::Died { who: OP });
        if self.seen() == Seen::Torn {
            return Err(Finding::of(8, TORN));
        }
        self.read_all()?;
        let is_own = self.heir.store().permit_acts();
        let granted = self.awaited();
        self.transact(&[])?;
        self.rest();
        let state = self.seen().state();
        if !granted.iter().all(|answer| answer.is_stored(&state)) {
            return Err(Finding::of(
                5,
                "what was granted and written down is not what is stored after the next commit",
            ));
        }
        is_own.map_err(|error| Finding::promise(format!("a crash is taken for a copy: {error}")))
    }

    /// What was written down for claims that are still open.
    fn awaited(&self) -> Vec<WrittenDown> {
        let inner = self.machine.inner();
        let mut found = left::written_down(&inner.world.files.nodes);
        let state = observe::document(&inner.world.files.nodes).state();
        found.retain(|answer| state.claims().any(|claim| claim.attempt.to_string() == answer.attempt));
        found
    }

    /// What was going on goes on, as far as it may so soon.
    fn act(&self) -> Result<(), Finding> {
        self.log_in_again()?;
        self.rotate()
    }

    /// The next commit.
    fn go_on(&self) -> Result<(), Finding> {
        let boot = self.machine.inner().world.now.boot;
        self.transact(&[put_key("beta", "later", &format!("beta-key-later-{boot}"))])?;
        let id = self.fresh.store().load().map_err(|error| Finding::promise(format!("{error}")))?.id;
        let word = self.heir.store().word().ok();
        // Hermes' file has no word.
        if word != Some(id) && !self.machine.inner().world.is_hermes {
            return Err(Finding::promise("after a commit the word does not name it, so readers load each time"));
        }
        let litter = observe::litter(&self.machine.inner().world.files.nodes);
        if !litter.is_empty() {
            return Err(Finding::promise(format!("a commit left {litter:?} behind")));
        }
        Ok(())
    }

    /// Long afterwards, when no old request can still be under way.
    fn act_later(&self) -> Result<(), Finding> {
        self.machine.inner().world.pass(2 * HOUR_MS);
        self.end_requests();
        self.rotate()?;
        self.read_all()?;
        self.rest();
        Ok(())
    }

    fn seen(&self) -> Seen {
        observe::document(&self.machine.inner().world.files.nodes)
    }

    fn read_all(&self) -> Result<(), Finding> {
        self.survivor.as_ref().map_or(Ok(()), |engine| read(&self.machine, engine, SURVIVOR))?;
        read(&self.machine, &self.fresh, FRESH)
    }

    /// A transaction must get through, what it says must survive a power cut, and all readers must see it at once.
    fn transact(&self, events: &[credlatch_core::Event]) -> Result<(), Finding> {
        let done = self.heir.transact(events).map_err(|error| stuck(&error))?;
        let generation = done.after.state.generation;
        self.machine.note(Fact::Returned { who: HEIR, generation });
        let durable = observe::durable(&self.machine.world().files);
        if durable == Seen::Torn {
            return Err(Finding::of(8, "after a transaction a power cut would leave a torn document"));
        }
        if durable.generation() < generation {
            self.machine.note(Fact::ReadBegan { who: AFTER });
            self.machine.note(Fact::ReadEnded { who: AFTER, saw: durable.state() });
            return Err(Finding::promise("what a transaction returned would not survive a power cut"));
        }
        self.read_all()
    }

    /// A grant that is there is rotated, or there is a good reason why not.
    fn rotate(&self) -> Result<(), Finding> {
        let snapshot = self.heir.snapshot().map_err(|error| Finding::promise(format!("{error}")))?;
        let Some(live) = snapshot.live("acme", "default") else { return Ok(()) };
        let request = RotationRequest {
            provider: live.provider.clone(),
            label: live.label.clone(),
            version: live.version,
            cause: Cause::Due,
            times: Times::default(),
        };
        let server = Server { machine: &self.machine, who: HEIR };
        self.heir.rotate(&server, &request, 0).map(drop).map_err(|error| stuck(&error))
    }

    /// A login that lost its poller goes on under whoever asks next.
    fn log_in_again(&self) -> Result<(), Finding> {
        let state = self.seen().state();
        if state.slot("gamma").is_none_or(|slot| slot.flow.is_none()) {
            return Ok(());
        }
        let server = Server { machine: &self.machine, who: HEIR };
        let login = self.heir.login(&server, &provider("gamma"), &Label::default(), FlowKind::Device);
        match login.map_err(|error| stuck(&error))?.poller {
            Some(poller) => self.heir.poll_to_end(&server, poller).map(drop).map_err(|error| stuck(&error)),
            None => Err(Finding::of(9, "the login of a dead process can't be adopted")),
        }
    }

    /// Requests of the dead have been answered or given up by now.
    fn end_requests(&self) {
        let facts = self.machine.inner().tape.as_ref().map(|tape| tape.facts.clone()).unwrap_or_default();
        for fact in facts {
            if let Fact::ActBegan { who, deed: deed @ Deed::Present { .. } } = fact {
                self.machine.note(Fact::ActEnded { who, deed });
            }
        }
    }

    fn rest(&self) {
        let live = self.machine.inner().world.accounts.live();
        self.machine.note(Fact::Rested { state: self.seen().state(), live });
    }
}

/// One read, as any caller does it.
pub(crate) fn read(machine: &Arc<Machine>, engine: &Engine<Here>, who: Who) -> Result<(), Finding> {
    machine.note(Fact::ReadBegan { who });
    let snapshot = engine.snapshot().map_err(|error| Finding::promise(format!("it can't be read: {error}")))?;
    machine.note(Fact::ReadEnded { who, saw: Arc::clone(&snapshot.state) });
    Ok(())
}

fn stuck(error: &TransactError) -> Finding {
    Finding::promise(format!("the next transaction fails: {error}"))
}
