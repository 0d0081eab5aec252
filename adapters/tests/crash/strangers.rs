//! What others do at the worst moment of an operation that nobody crashes: another process writes, somebody deletes the
//! lock file, a second process wants the same rotation, the document was damaged before.

use std::path::Path;
use std::sync::Arc;

use credlatch_core::law::{self, Fact, LAWS, Trace};
use credlatch_core::port::StoreErrorKind;

use super::disk::{Change, file_at, find};
use super::finding::{Finding, Search};
use super::issuer::{HOUR_MS, Server};
use super::machine::Machine;
use super::observe::{self, DOCUMENT, HOME, LOCK, Seen};
use super::ops::{Op, named, put_key, used};
use super::process::Process;
use super::record::{Recording, preamble};
use super::recover::read;
use super::wrong::Wrong;
use super::{OP, SURVIVOR, steps};

/// All of it. Returns how many runs there were.
pub(crate) fn all(wrong: Option<Wrong>, search: &mut Search) -> Result<usize, Finding> {
    let mut runs = 0;
    for op in ["set", "rotate", "first"].map(named) {
        for at in 0..Recording::of(op, wrong)?.calls.len() {
            let found = disturbed(op, wrong, Moment::Call(at), write_beside);
            search.weigh(found.map_err(|found| found.at(format!("`{}`, another writes before call {at}", op.name))))?;
            runs += 1;
        }
    }
    let mut damages = 0;
    for op in ["set", "rotate"].map(named) {
        for at in 0..Recording::of(op, wrong)?.calls.len() {
            let found = overwritten(op, wrong, at);
            let found = found.map_err(|found| found.at(format!("`{}`, damaged before call {at}", op.name)));
            damages += usize::from(*found.as_ref().unwrap_or(&true));
            search.weigh(found.map(drop))?;
            runs += 1;
        }
    }
    assert!(damages > 20, "damage stood at the end of {damages} runs");
    let set = named("set");
    let found = disturbed(set, wrong, Moment::Call(Recording::of(set, wrong)?.drafted_at()), |machine, wrong| {
        machine.remove(Path::new(LOCK)).unwrap();
        write_beside(machine, wrong);
    });
    search
        .weigh(found.map_err(|found| found.at("`set`, after its draft the lock file is deleted and another writes")))?;
    let found = disturbed(named("rotate"), wrong, Moment::Request, rotate_beside);
    search.weigh(found.map_err(|found| found.at("`rotate`, another would rotate during the request")))?;
    for bytes in [&b"{\"version\":1,\"profile\":{\"gener"[..], b"", &[0; 512]] {
        let found = damaged(wrong, bytes);
        search.weigh(found.map_err(|found| found.at(format!("the document is {} wrong bytes", bytes.len()))))?;
    }
    Ok(runs + 5)
}

#[derive(Clone, Copy)]
enum Moment {
    Call(usize),
    Request,
}

type Disturb = fn(&Arc<Machine>, Option<Wrong>);

/// An operation, and at that moment what somebody else does.
fn disturbed(op: &'static Op, wrong: Option<Wrong>, moment: Moment, disturb: Disturb) -> Result<(), Finding> {
    let base = (op.base)();
    let machine = Machine::new(base.clone());
    let mut tape = preamble(&base);
    tape.points = None;
    machine.inner().tape = Some(tape);
    steps::by(Some(OP));
    let also = Arc::clone(&machine);
    let hook = Box::new(move || {
        also.now_acts(SURVIVOR);
        disturb(&also, wrong);
        also.now_acts(OP);
    });
    match moment {
        Moment::Call(at) => machine.inner().hook = Some((at, hook)),
        Moment::Request => machine.inner().meanwhile = Some(hook),
    }
    let engine = Process::new(&machine, OP, wrong).engine(Path::new(HOME));
    let done = (op.run)(&engine, &Server { machine: &machine, who: OP });
    let told = match &done {
        Ok(generation) => {
            machine.note(Fact::Returned { who: OP, generation: *generation });
            None
        }
        // Whoever is locked out at the very end may be told so; then it is not done.
        Err(refused) => Some(format!("{refused:?}")),
    };
    read(&machine, &engine, OP)?;
    let tape = machine.inner().tape.take().unwrap_or_default();
    law::judge(&Trace(tape.facts))?;
    let state = observe::document(&machine.inner().world.files.nodes).state();
    match told {
        Some(refused) => Err(Finding::promise(format!("it was not done: {refused}"))),
        None if !(op.is_done)(&state) => Err(Finding::of(7, "it was said to be saved and is not there")),
        None => Ok(()),
    }
}

/// Another process sets a key, unless it finds the store locked.
fn write_beside(machine: &Arc<Machine>, wrong: Option<Wrong>) {
    let engine = Process::new(machine, SURVIVOR, wrong).engine(Path::new(HOME));
    if let Ok(done) = engine.transact(&[put_key("delta", "beside", "delta-key")]) {
        machine.note(Fact::Returned { who: SURVIVOR, generation: done.after.state.generation });
    }
}

/// Another process wants the same rotation, long after the request was sent; its sender lives.
fn rotate_beside(machine: &Arc<Machine>, wrong: Option<Wrong>) {
    machine.inner().world.pass(2 * HOUR_MS);
    let engine = Process::new(machine, SURVIVOR, wrong).engine(Path::new(HOME));
    let _ = (named("rotate").run)(&engine, &Server { machine, who: SURVIVOR });
}

/// An operation, and before that call somebody who doesn't lock writes nonsense into the document. If it is there when all is over,
/// then within a second or so that is told. Returns whether it was.
fn overwritten(op: &'static Op, wrong: Option<Wrong>, at: usize) -> Result<bool, Finding> {
    let machine = Machine::new((op.base)());
    let also = Arc::clone(&machine);
    machine.inner().hook = Some((
        at,
        Box::new(move || {
            let files = &mut also.inner().world.files;
            let Ok(file) = find(&files.nodes, Path::new(DOCUMENT)) else { return };
            files.change(Change::Length { file, length: 0 });
            files.change(Change::Write { file, at: 0, bytes: Arc::new(b"{".to_vec()) });
        }),
    ));
    let engine = Process::new(&machine, OP, wrong).engine(Path::new(HOME));
    let _ = (op.run)(&engine, &Server { machine: &machine, who: OP });
    machine.inner().world.pass(2_000);
    let told = engine.snapshot();
    let is_damaged = observe::document(&machine.world().files.nodes) == Seen::Torn;
    match told {
        Err(error) if error.kind == StoreErrorKind::Unreadable => Ok(is_damaged),
        Err(error) => Err(Finding::promise(format!("damage is told as {error:?}"))),
        Ok(_) if is_damaged => Err(Finding::of(16, "a damaged document was taken for the one that was committed")),
        Ok(_) => Ok(false),
    }
}

/// A document that doesn't parse is told, and left alone.
fn damaged(wrong: Option<Wrong>, bytes: &[u8]) -> Result<(), Finding> {
    let mut world = used();
    let file = find(&world.files.nodes, Path::new(DOCUMENT)).unwrap();
    world.files.change(Change::Length { file, length: 0 });
    world.files.change(Change::Write { file, at: 0, bytes: Arc::new(bytes.to_vec()) });
    world.files.settle();
    let machine = Machine::new(world);
    let mut facts = vec![Fact::Damaged];
    let engine = Process::new(&machine, SURVIVOR, wrong).engine(Path::new(HOME));
    facts.push(Fact::ReadBegan { who: SURVIVOR });
    match engine.snapshot() {
        Ok(snapshot) => facts.push(Fact::ReadEnded { who: SURVIVOR, saw: Arc::clone(&snapshot.state) }),
        Err(error) if error.kind == StoreErrorKind::Unreadable => facts.push(Fact::Refused { who: SURVIVOR }),
        Err(error) => return Err(Finding::promise(format!("damage is told as {error:?}"))),
    }
    let done = engine.transact(&[put_key("beta", "default", "beta-key")]);
    let nodes = machine.world().files.nodes;
    if file_at(&nodes, Path::new(DOCUMENT)).is_none_or(|now| ***now != *bytes) {
        let state = observe::document(&nodes).state();
        facts.push(Fact::Shown { who: SURVIVOR, state });
    }
    let trace = Trace(facts);
    law::judge(&trace)?;
    if done.is_ok() || observe::document(&nodes) != Seen::Torn {
        return Err(Finding::of(16, "a damaged document was written to"));
    }
    let law = LAWS.iter().find(|law| law.number == 16);
    if law.is_some_and(|law| law.is_witnessed(&trace)) {
        Ok(())
    } else {
        Err(Finding::of(16, "its witness is missing"))
    }
}
