//! The same for a document that is sealed: what is promised of it is the same, judged by the same laws, and beside that nothing that
//! lies on the disk at any moment says a secret (law 20).

use std::path::Path;
use std::sync::{Arc, LazyLock};

use credlatch::seal::{Keys, Sealing};
use credlatch_core::law::{self, Fact, Trace};
use credlatch_core::state::Nonce;

use super::disk::{Change, Node, file_at};
use super::finding::Finding;
use super::machine::{Point, World};
use super::observe::{DOCUMENT, HOME, Seen};
use super::ops::{self, Op, bare};
use super::record::Recording;
use super::{counts, say};

/// The key, which is in memory as it is in a program that was given one.
static KEYS: LazyLock<Arc<Keys>> = LazyLock::new(|| Keys::of([7; 32]));

/// With what every store here is opened.
pub(crate) fn sealing() -> Sealing {
    Sealing::new(Arc::clone(&KEYS), "default", None)
}

/// What a sealed document says; none if it isn't one, or its seal is broken.
pub(crate) fn parse(bytes: &[u8]) -> Option<Seen> {
    let is_sealed = bytes.starts_with(br#"{"version":3"#);
    is_sealed.then(|| sealing().state(bytes)).flatten().map(|state| Seen::State(Arc::new(state)))
}

/// What an issuer granted, if it was sealed for this attempt.
pub(crate) fn open_answer(attempt: &str, body: &[u8]) -> Option<Vec<u8>> {
    let attempt = Nonce::try_from(attempt.to_owned()).ok()?;
    sealing().read_answer(attempt, body).ok()?.map(|opened| opened.to_vec())
}

fn sealed(world: World) -> World {
    World { is_sealed: true, ..world }
}

/// A store with a login and keys that was sealed since it was made.
fn used() -> World {
    ops::stocked(sealed(bare(HOME)))
}

static OPS: &[Op] = &[
    Op { name: "first", base: || sealed(bare(HOME)), ..SET },
    Op { name: "set, which seals", base: || sealed(ops::used()), ..SET },
    SET,
    ROTATE,
];

const SET: Op = Op { name: "set", base: used, run: ops::set_spare, is_done: ops::has_spare };
const ROTATE: Op = Op { name: "rotate", base: used, run: ops::rotate_acme, is_done: ops::is_rotated };

#[test]
fn a_crash_of_a_sealed_store_leaves_the_old_document_or_the_new_one() {
    // Second power cuts would take ten times as long as all the rest, and those of a rotation as long as all of these.
    let enumerate = |ops, jobs| counts::enumerate(ops, jobs).unwrap_or_else(|finding| panic!("{finding}"));
    let mut counts = enumerate(&OPS[..3], &counts::ALL[1..]);
    counts.extend(enumerate(&OPS[3..], &counts::ALL[2..]).into_values().map(|count| (3, count)));
    let table = counts::table(OPS, &counts);
    say(&table);
    let document = include_str!("../../../docs/crash.md");
    assert!(document.contains(&table), "docs/crash.md has another table than this run:\n{table}");
}

/// What none of these texts may say. No base64 and no number has a dash in it.
const SECRETS: [&str; 3] = ["refresh-", "access-", "-key-"];

/// What law 20 says of bytes that anybody may read.
fn judge(bytes: &[u8]) -> Result<(), Finding> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let fact = Fact::Left { text, secrets: SECRETS.map(str::to_owned).to_vec() };
    Ok(law::judge(&Trace(vec![fact]))?)
}

/// What it says of everything that lies on the disk at this moment, or could after a power cut.
fn judge_all(point: &Point) -> Result<(), Finding> {
    let files = &point.world.files;
    let nodes = files.nodes.values().chain(files.durable.values()).filter_map(|node| match node {
        Node::File { bytes, .. } => Some(bytes),
        Node::Folder(_) => None,
    });
    let pending = files.pending.iter().filter_map(|change| match change {
        Change::Write { bytes, .. } => Some(bytes),
        _ => None,
    });
    let judged = nodes.chain(pending).try_for_each(|bytes| judge(bytes));
    judged.map_err(|found| found.at(format!("after: {}", point.after)))
}

#[test]
fn nothing_that_lies_on_the_disk_beside_a_sealed_document_says_a_secret() {
    let points = |op: &'static Op| Recording::of(op, None).unwrap_or_else(|finding| panic!("{finding}")).points;
    for op in [&OPS[0], &OPS[2], &OPS[3]] {
        let points = points(op);
        assert!(points.len() > 10, "{}", op.name);
        points.iter().try_for_each(judge_all).unwrap_or_else(|found| panic!("`{}`: {found}", op.name));
    }
    // The same, where nothing is sealed, is seen.
    for (op, least) in [("set", 10), ("rotate", 20)] {
        let seen = points(ops::named(op)).iter().filter(|point| judge_all(point).is_err()).count();
        assert!(seen >= least, "{op}: {seen}");
    }
    // What sealed it has left nothing in its place.
    let sealing = points(&OPS[1]);
    let documents = [0, sealing.len() - 1].map(|at| {
        let nodes = &sealing[at].world.files.nodes;
        file_at(nodes, Path::new(DOCUMENT)).unwrap().to_vec()
    });
    assert_eq!(documents.each_ref().map(|bytes| judge(bytes).is_err()), [true, false]);
}
