//! The same for a file that is shared with Hermes. It has no word, and the lock file holds a pid; what is promised of the
//! document and of acts on the outside world is the same, and judged by the same laws.

use std::path::Path;
use std::sync::Arc;

use credlatch_core::port::Store as _;
use credlatch_core::provider::Table;
use credlatch_hermes::HermesStore;

use super::disk::{Change, Node, file_at};
use super::finding::{Finding, Search};
use super::machine::{Machine, World};
use super::observe::{DOCUMENT, FOLDER, Seen};
use super::ops::{self, Op, bare, named, stocked};
use super::process::Process;
use super::record::{Count, Recording};
use super::wrong::Wrong;
use super::{BASE, counts, say};

/// What Hermes wrote: a row of its own, and what nobody here knows.
const HERMES: &str = r#"{"version":1,"providers":{},"of_hermes":[1.50],"credential_pool":{"beta":[
{"id":"aaa111","auth_type":"api_key","source":"manual","access_token":"beta-key-hermes","unknown":{"x":1e3}}]}}"#;

/// The store at the place where the other one has its document; its lock and its signs of life are there, too.
pub(crate) fn store(disk: Arc<Process>) -> HermesStore<Process> {
    let row = |id: &str| serde_json::from_str(&format!(r#"{{"id":"{id}"}}"#)).unwrap();
    let table = Table::new(["acme", "beta", "gamma", "delta"].map(row).into()).unwrap();
    HermesStore::on(disk, Path::new(DOCUMENT), Arc::new(table)).unwrap()
}

/// What a document of Hermes says, as the store reads it.
pub(crate) fn parse(bytes: &[u8]) -> Seen {
    let machine = Machine::new(with_document(bytes));
    let loaded = store(Arc::new(Process::new(&machine, BASE, None))).load();
    loaded.map_or(Seen::Torn, |loaded| Seen::State(Arc::new(loaded.state)))
}

fn empty() -> World {
    World { is_hermes: true, ..bare(FOLDER) }
}

fn with_document(bytes: &[u8]) -> World {
    let mut world = empty();
    let slot = world.files.slot(Path::new(DOCUMENT)).unwrap();
    let node = world.files.make(Node::file(bytes));
    world.files.change(Change::Name { slot, node: Some(node) });
    world.files.settle();
    world
}

/// As Hermes left it.
fn hermes() -> World {
    with_document(HERMES.as_bytes())
}

/// The same with what the other store has before an operation.
fn used() -> World {
    stocked(hermes())
}

static OPS: &[Op] = &[
    Op { name: "first", base: empty, ..SET },
    Op { name: "first in Hermes' own", base: hermes, ..SET },
    SET,
    Op { name: "set several", base: used, run: ops::set_several, is_done: ops::has_several },
    Op { name: "clear", base: used, run: ops::clear_acme, is_done: ops::is_clear },
    Op { name: "rotate", base: used, run: ops::rotate_acme, is_done: ops::is_rotated },
];

/// What the protocol on Hermes' file may not leave out, and the law that says so.
const WRONGS: [(Wrong, u8); 6] = [
    (Wrong::NoFileSync, 8),
    (Wrong::SyncAfterRename, 8),
    (Wrong::NoFolderSync, 7),
    (Wrong::ClaimNotSynced, 3),
    (Wrong::InPlace, 8),
    (Wrong::RemoveThenRename, 7),
];

const SET: Op = Op { name: "set", base: used, run: ops::set_spare, is_done: ops::has_spare };

#[test]
fn a_crash_of_a_commit_to_hermes_file_leaves_the_old_document_or_the_new_one() {
    // Second power cuts would take ten times as long as all the rest.
    let counts = counts::enumerate(OPS, &counts::ALL[1..]).unwrap_or_else(|finding| panic!("{finding}"));
    let table = counts::table(OPS, &counts);
    say(&table);
    let document = include_str!("../../../docs/crash.md");
    assert!(document.contains(&table), "docs/crash.md has another table than this run:\n{table}");
}

#[test]
fn a_wrong_protocol_on_hermes_file_is_caught_by_the_law_it_breaks() {
    for (wrong, number) in WRONGS {
        let mut search = Search { is_for_laws: true, is_short: false, promise: None };
        let mut find = |op| -> Result<(), Finding> {
            let recording = Recording::of(op, Some(wrong))?;
            recording.cut(&mut Count::default(), &mut search)?;
            recording.kill(&mut Count::default(), &mut search)
        };
        let Err(finding) = OPS.iter().try_for_each(&mut find) else { panic!("{wrong:?} is not caught") };
        assert_eq!(finding.law.map(|(number, _)| number), Some(number), "{wrong:?}: {finding}");
    }
}

#[test]
fn what_hermes_keeps_in_its_file_survives_with_its_bytes() {
    let machine = Machine::new(used());
    let engine = Process::new(&machine, super::OP, None).engine(Path::new(super::observe::HOME));
    (named("clear").run)(&engine, &super::issuer::Server { machine: &machine, who: super::OP }).unwrap();
    let world = machine.world();
    let text = String::from_utf8(file_at(&world.files.nodes, Path::new(DOCUMENT)).unwrap().to_vec()).unwrap();
    for kept in [r#""of_hermes":[1.50]"#, r#""unknown":{"x":1e3}"#, "beta-key-hermes"] {
        assert!(text.contains(kept) || text.replace(": ", ":").contains(kept), "{kept}: {text}");
    }
}
