//! Pictures that are drawn by the code: what the machine was seen to do in arbitrary histories, and the counterexample of each
//! wrong engine as it happens.

mod sequence;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use credlatch_core::flow::{FlowEnd, Phase};
use credlatch_core::law::{Fact, Stepped, Trace};
use credlatch_core::rotation::Exchanged;
use credlatch_core::state::{Custody, Entry, Slot, State};
use credlatch_core::{Event, apply};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::arbitrary;
use crate::cases::ACME;
use crate::moves::Machine;
use crate::wrong::WRONG;

/// Runs of histories from which the machine is drawn, each with random numbers of its own, so that each core can have some.
const RUNS: u8 = 8;
/// Histories of a run.
const HISTORIES: usize = 15_000;

/// Edges of a diagram: from, to, and what leads there.
type Edges = BTreeMap<(&'static str, &'static str), BTreeSet<String>>;

/// The document with the pictures.
///
/// # Panics
/// If the machine breaks a law, or a wrong engine doesn't.
pub fn picture_document() -> String {
    let (grants, flows) = machine();
    let sequences = WRONG.iter().map(sequence::chapter).collect::<String>();
    format!("{HEAD}{GRANT}{}{FLOW}{}{SEQUENCES}{sequences}", diagram(&grants), diagram(&flows))
}

/// What grants and logins were seen to do.
fn machine() -> (Edges, Edges) {
    let mut edges = (Edges::new(), Edges::new());
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..RUNS).map(|run| scope.spawn(move || run_of_histories(run))).collect();
        for run in runs {
            let (grants, flows) = run.join().expect("the machine keeps the laws");
            merge(&mut edges.0, grants);
            merge(&mut edges.1, flows);
        }
    });
    edges
}

fn run_of_histories(run: u8) -> (Edges, Edges) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[run; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut grants, mut flows) = (Edges::new(), Edges::new());
    for _ in 0..HISTORIES {
        let moves = arbitrary::moves().new_tree(&mut runner).expect("moves can always be made").current();
        let trace = Machine::run_as(apply, &moves).expect("the machine keeps the laws");
        for step in steps(&trace) {
            add(&mut grants, step, grant_of);
            add(&mut flows, step, flow_of);
        }
    }
    (grants, flows)
}

fn merge(into: &mut Edges, from: Edges) {
    for (edge, labels) in from {
        into.entry(edge).or_default().extend(labels);
    }
}

fn steps(trace: &Trace) -> impl Iterator<Item = &Stepped> {
    trace.0.iter().filter_map(|fact| match fact {
        Fact::Stepped(step) => Some(&**step),
        _ => None,
    })
}

fn add(edges: &mut Edges, step: &Stepped, of: fn(&State) -> Option<&'static str>) {
    let (before, after) = (of(&step.before), of(&step.after));
    let is_about = !matches!(step.event, Event::CountUses(_));
    if let (Some(before), Some(after)) = (before, after)
        && before != after
        && is_about
    {
        edges.entry((before, after)).or_default().insert(label(&step.event));
    }
}

/// The custody of the default grant; nothing if something else has its place.
fn grant_of(state: &State) -> Option<&'static str> {
    let Some(entry) = state.entry(ACME, "default") else { return Some(NOTHING) };
    Some(match &Entry::grant(entry)?.custody {
        Custody::Settled => "settled",
        Custody::Rotating(_) => "rotating",
        Custody::InDoubt(_) => "in_doubt",
        Custody::Lost(_) => "lost",
    })
}

/// The login of the provider: in progress, or how the last one ended.
#[expect(clippy::unnecessary_wraps, reason = "it stands beside `grant_of`, which may have nothing to say")]
fn flow_of(state: &State) -> Option<&'static str> {
    let Some(slot) = state.slot(ACME) else { return Some(NOTHING) };
    Some(match (&slot.flow, Slot::clone(slot).ended.last().map(|ended| ended.end.clone())) {
        (Some(live), _) => match (&live.phase, &live.holder) {
            (Phase::Reserved, _) => "reserved",
            (Phase::Pending(_), Some(_)) => "pending",
            (Phase::Pending(_), None) => "pending_unattended",
            (Phase::Exchanging(_), _) => "exchanging",
        },
        (None, None) => NOTHING,
        (None, Some(FlowEnd::Succeeded)) => "succeeded",
        (None, Some(FlowEnd::Cancelled)) => "cancelled",
        (None, Some(FlowEnd::Expired)) => "expired",
        (None, Some(FlowEnd::Failed(_))) => "failed",
    })
}

const NOTHING: &str = "[*]";

fn label(event: &Event) -> String {
    match event {
        Event::Put(_) => "put".to_owned(),
        Event::Remove(_) => "remove".to_owned(),
        Event::Clear(_) => "clear".to_owned(),
        Event::ClaimRotation(_) => "claim".to_owned(),
        Event::Settle(settle) => match settle.outcome {
            Exchanged::Granted(_) => "settle, granted",
            Exchanged::Rejected { .. } => "settle, rejected",
            Exchanged::NotConsumed { .. }
            | Exchanged::TurnedAway { .. }
            | Exchanged::Unreached(_)
            | Exchanged::Untrusted => "settle, not consumed",
            Exchanged::Unknown => "settle, unknown",
        }
        .to_owned(),
        Event::StartFlow(_) => "start".to_owned(),
        Event::FlowPrompted(_) => "prompted".to_owned(),
        Event::ClaimCode(_) => "claim the code".to_owned(),
        Event::FlowSucceeded(_) => "succeed".to_owned(),
        Event::FlowFailed(_) => "fail".to_owned(),
        Event::CancelFlow(_) => "cancel".to_owned(),
        Event::AdoptFlow(_) => "adopt".to_owned(),
        Event::ActorGone { .. } => "actor gone".to_owned(),
        Event::Purge => "purge".to_owned(),
        Event::MarkShared(_) => "mark as shared with a copy".to_owned(),
        Event::NameOrigins(_) => "name the origins".to_owned(),
        Event::AdoptCopy => "adopt the copy".to_owned(),
        other => format!("{other:?}").split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase(),
    }
}

fn diagram(edges: &Edges) -> String {
    let mut text = String::from("```mermaid\nstateDiagram-v2\n");
    for ((from, to), labels) in edges {
        let labels = labels.iter().map(String::as_str).collect::<Vec<_>>().join(" / ");
        let _ = writeln!(text, "    {from} --> {to}: {labels}");
    }
    text + "```\n"
}

const HEAD: &str = "# Pictures

Drawn by `tests/src/picture.rs` from what the code does; a test holds this page to it. `CREDLATCH_KEEP=1 cargo test -p
credlatch-tests --test pages picture` draws it anew.
";

const GRANT: &str = "
## A grant

Who may present the refresh token. Every edge was seen in 120,000 arbitrary histories of the machine; what is rarer
than that isn't drawn.

";

const FLOW: &str = "
## A login

One provider of one profile has at most one in progress. What ended is seen for 300 s.

";

const SEQUENCES: &str = "
## Counterexamples

For each wrong engine the fewest moves with which it breaks the law that names it, as the explorer with a memory finds them; each is
kept as a scenario, `tests/scenarios/ENGINE.json`, and played again by every `cargo test`. Drawn is what that law judges, with the
commits, the reads and the deaths.
";
