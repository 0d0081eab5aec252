//! What is done to the file, step by step, and what is known after each.

use std::path::Path;
use std::time::Duration;

use credlatch_core::rewrite::Rewrite;

use super::files::Files;
use super::sim::{FOLDER, LINK, Sim, Wrong};
use super::situation::{DONE, EDITED, EDITED_DONE, LEFTOVER, MODE, Situation, TEXT, Text};
use crate::env::dotenv_file::DotenvFileError;
use crate::env::rewrite::{prepare_on, redo_on};

type Done = Result<(), DotenvFileError>;

pub(super) struct Op {
    pub(super) name: &'static str,
    start: fn(Option<Wrong>) -> (Files, Situation),
    pub(super) run: fn(&Sim) -> Done,
}

pub(super) const OPS: &[Op] = &[
    Op { name: "take out", start: |_| (files(Some(TEXT), false), before()), run: take_out },
    Op { name: "take out beside a draft", start: |_| (files(Some(TEXT), true), before()), run: take_out },
    Op { name: "take out what is edited meanwhile", start: |_| (files(Some(TEXT), false), before()), run: edited },
    Op { name: "give up", start: |_| (files(Some(TEXT), false), before()), run: give_up },
    Op { name: "redo", start: |_| (files(Some(TEXT), true), before().recorded(meant())), run: redo },
    Op { name: "redo after a renaming that is not durable", start: renamed, run: redo },
    Op { name: "redo through a link that is new", start: linked, run: redo },
    Op { name: "redo where the file is gone", start: |_| (files(None, true), gone().recorded(meant())), run: redo },
];

impl Op {
    pub(super) fn start(&self, wrong: Option<Wrong>) -> (Files, Situation) {
        (self.start)(wrong)
    }
}

fn before() -> Situation {
    Situation::before(Some(TEXT), Some(DONE))
}

fn gone() -> Situation {
    Situation::before(None, None)
}

fn files(text: Text, has_draft: bool) -> Files {
    let mut files = Files::default();
    if let Some(text) = text {
        files.put(".env", text, MODE);
    }
    if has_draft {
        files.put(LEFTOVER, "A=1\nSECRET=other\n", MODE);
    }
    files
}

fn meant() -> Rewrite {
    let sim = Sim::new(files(Some(TEXT), false), before(), None, None);
    let ready = prepare_on(&sim, &path(), KEYS, Duration::ZERO).unwrap().unwrap();
    ready.meant.clone()
}

/// As it is when somebody died between the renaming and the sync of the folder.
fn renamed(wrong: Option<Wrong>) -> (Files, Situation) {
    let sim = Sim::new(files(Some(TEXT), false), before(), wrong, None);
    take_out(&sim).unwrap();
    let is_done = |files: &Files| files.now.node(".env").is_some_and(|node| node.bytes == DONE.as_bytes());
    let point = sim.inner().points.iter().find(|point| is_done(&point.files)).unwrap().clone();
    (point.files, before().recorded(meant()))
}

/// The same where the path that was recorded is by now a link to the file.
fn linked(wrong: Option<Wrong>) -> (Files, Situation) {
    let (files, _) = renamed(wrong);
    (files, before().recorded(Rewrite { path: LINK.into(), ..meant() }))
}

const KEYS: &[&str] = &["ANTHROPIC_TOKEN"];

fn path() -> std::path::PathBuf {
    Path::new(FOLDER).join(".env")
}

/// The whole of it: prepare, the commit of the store, the renaming, and the look whether it worked.
pub(super) fn take_out(sim: &Sim) -> Done {
    steps(sim, |_| {})
}

fn edited(sim: &Sim) -> Done {
    steps(sim, |sim| {
        sim.moment(|inner| {
            inner.files.put(".env", EDITED, MODE);
            inner.situation.allowed = vec![Some(EDITED), Some(EDITED_DONE)];
            inner.situation.aim = Some(EDITED_DONE);
        });
    })
}

fn steps(sim: &Sim, meanwhile: fn(&Sim)) -> Done {
    let Some(ready) = prepare_on(sim, &path(), KEYS, Duration::ZERO)? else { return Ok(()) };
    // The store may have committed, and its writer doesn't know yet.
    sim.moment(|inner| inner.situation.owed = Some(ready.meant.clone()));
    sim.moment(|inner| inner.situation = inner.situation.recorded(ready.meant.clone()));
    meanwhile(sim);
    let renamed = ready.commit()?;
    sim.moment(|inner| inner.situation = inner.situation.done());
    renamed.confirm_on(sim)
}

/// The commit of the store failed, or is said to have.
fn give_up(sim: &Sim) -> Done {
    if let Some(ready) = prepare_on(sim, &path(), KEYS, Duration::ZERO)? {
        sim.moment(|inner| inner.situation.owed = Some(ready.meant.clone()));
    }
    Ok(())
}

/// What is owed is done once more.
pub(super) fn redo(sim: &Sim) -> Done {
    let owed = sim.inner().situation.owed.clone().expect("something is owed");
    redo_on(sim, &owed, Duration::ZERO)?;
    sim.moment(|inner| inner.situation = inner.situation.done());
    Ok(())
}

/// Somebody who knows of no record takes something else out, which is not there. Drafts go by it.
pub(super) fn other(sim: &Sim) -> Result<bool, DotenvFileError> {
    prepare_on(sim, &path(), &["UNRELATED"], Duration::ZERO).map(|ready| ready.is_some())
}
