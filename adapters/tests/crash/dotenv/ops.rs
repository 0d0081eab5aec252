//! What is done to the file, step by step, and what is known after each.

use std::sync::Arc;
use std::time::Duration;

use credlatch::env::{DotenvFileError, prepare_on, redo_on};
use credlatch_core::rewrite::Rewrite;

use super::sim::{FOLDER, LINK, Sim, at};
use super::situation::{DONE, EDITED, EDITED_DONE, LEFTOVER, MODE, Situation, TEXT, Text, file};
use crate::disk::{Change, FileSystem, Node};
use crate::machine::World;
use crate::ops::bare;
use crate::wrong::Wrong;

type Done = Result<(), DotenvFileError>;

pub(crate) struct Op {
    pub(crate) name: &'static str,
    start: fn(Option<Wrong>) -> (World, Situation),
    pub(crate) run: fn(&Sim) -> Done,
}

pub(crate) const OPS: &[Op] = &[
    Op { name: "take out", start: |_| (world(Some(TEXT), false), before()), run: take_out },
    Op { name: "take out beside a draft", start: |_| (world(Some(TEXT), true), before()), run: take_out },
    Op { name: "take out what is edited meanwhile", start: |_| (world(Some(TEXT), false), before()), run: edited },
    Op { name: "give up", start: |_| (world(Some(TEXT), false), before()), run: give_up },
    Op { name: "redo", start: |_| (world(Some(TEXT), true), before().recorded(meant())), run: redo },
    Op { name: "redo after a renaming that is not durable", start: renamed, run: redo },
    Op { name: "redo through a link that is new", start: linked, run: redo },
    Op { name: "redo where the file is gone", start: |_| (world(None, true), gone().recorded(meant())), run: redo },
];

impl Op {
    pub(crate) fn start(&self, wrong: Option<Wrong>) -> (World, Situation) {
        (self.start)(wrong)
    }
}

fn before() -> Situation {
    Situation::before(Some(TEXT), Some(DONE))
}

fn gone() -> Situation {
    Situation::before(None, None)
}

fn world(text: Text, has_draft: bool) -> World {
    let mut world = bare(FOLDER);
    if let Some(text) = text {
        put(&mut world.files, ".env", text);
    }
    if has_draft {
        put(&mut world.files, LEFTOVER, "A=1\nSECRET=other\n");
    }
    world
}

/// Puts a whole file in its place at once, durable with everything else.
fn put(files: &mut FileSystem, name: &str, text: &str) {
    let slot = files.slot(&at(name)).unwrap();
    let node = files.make(Node::File { bytes: Arc::new(text.into()), mode: MODE });
    files.change(Change::Name { slot, node: Some(node) });
    files.settle();
}

fn meant() -> Rewrite {
    let sim = Sim::new(world(Some(TEXT), false), before(), None, None);
    let ready = prepare_on(&sim.process, &at(".env"), KEYS, Duration::ZERO).unwrap().unwrap();
    ready.meant().clone()
}

/// As it is when somebody died between the renaming and the sync of the folder.
fn renamed(wrong: Option<Wrong>) -> (World, Situation) {
    let sim = Sim::new(world(Some(TEXT), false), before(), wrong, None);
    take_out(&sim).unwrap();
    let is_done = |files: &FileSystem| file(&files.nodes).is_some_and(|(bytes, _)| bytes == DONE.as_bytes());
    let (world, _) = sim.points().into_iter().find(|(world, _)| is_done(&world.files)).unwrap();
    (world, before().recorded(meant()))
}

/// The same where the path that was recorded is by now a link to the file.
fn linked(wrong: Option<Wrong>) -> (World, Situation) {
    let (mut world, _) = renamed(wrong);
    world.links.insert(LINK.into(), at(".env"));
    (world, before().recorded(Rewrite { path: LINK.into(), ..meant() }))
}

const KEYS: &[&str] = &["ANTHROPIC_TOKEN"];

/// The whole of it: prepare, the commit of the store, the renaming, and the look whether it worked.
pub(crate) fn take_out(sim: &Sim) -> Done {
    steps(sim, |_| {})
}

fn edited(sim: &Sim) -> Done {
    steps(sim, |sim| {
        put(&mut sim.machine().inner().world.files, ".env", EDITED);
        let (allowed, aim) = (vec![Some(EDITED), Some(EDITED_DONE)], Some(EDITED_DONE));
        sim.tell(|known| Situation { allowed, aim, ..known });
    })
}

fn steps(sim: &Sim, meanwhile: fn(&Sim)) -> Done {
    let Some(ready) = prepare_on(&sim.process, &at(".env"), KEYS, Duration::ZERO)? else { return Ok(()) };
    // The store may have committed, and its writer doesn't know yet.
    sim.tell(|known| Situation { owed: Some(ready.meant().clone()), ..known });
    sim.tell(|known| known.recorded(ready.meant().clone()));
    meanwhile(sim);
    let renamed = ready.commit()?;
    sim.tell(|known| known.done());
    renamed.confirm_on(&sim.process)
}

/// The commit of the store failed, or is said to have.
fn give_up(sim: &Sim) -> Done {
    if let Some(ready) = prepare_on(&sim.process, &at(".env"), KEYS, Duration::ZERO)? {
        sim.tell(|known| Situation { owed: Some(ready.meant().clone()), ..known });
    }
    Ok(())
}

/// What is owed is done once more.
pub(crate) fn redo(sim: &Sim) -> Done {
    let owed = sim.situation().owed.expect("something is owed");
    redo_on(&sim.process, &owed, Duration::ZERO)?;
    sim.tell(|known| known.done());
    Ok(())
}

/// Somebody who knows of no record takes something else out, which is not there. Drafts go by it.
pub(crate) fn other(sim: &Sim) -> Result<bool, DotenvFileError> {
    prepare_on(&sim.process, &at(".env"), &["UNRELATED"], Duration::ZERO).map(|ready| ready.is_some())
}
