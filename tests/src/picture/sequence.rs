//! The counterexample of a wrong engine as a diagram: who does what, until the law is broken.

use std::fmt::Write as _;

use credlatch_core::law::{Broken, Deed, Fact, LAWS, Law, Observation, Stepped, Trace, Who};

use credlatch_core::put::Put;
use credlatch_core::{Event, Verdict};

use super::label;
use crate::kept::Kept;
use crate::run::play::play;
use crate::scenario::Scenario;
use crate::wrong::Wrong;

/// What is drawn whichever law is broken.
const ALWAYS: [Observation; 3] = [Observation::Shown, Observation::ReadEnded, Observation::Died];

/// The part of the page that is about a wrong engine.
pub(super) fn chapter(wrong: &Wrong) -> String {
    let law = &LAWS[usize::from(wrong.law) - 1];
    let kept = Kept::read(wrong.name).unwrap_or_else(|error| panic!("{} was not kept: {error}", wrong.name));
    let (facts, broken) = until_broken(law, play(&kept.scenario, wrong.scripted).trace)
        .unwrap_or_else(|| panic!("{} is not shown by what was kept", wrong.name));
    let mut text = format!("\n### `{}`\n\n{}\n\n", wrong.name, wrong.mistake());
    text.push_str("```mermaid\nsequenceDiagram\n");
    for line in cast(&kept.scenario) {
        let _ = writeln!(text, "    participant {line}");
    }
    let count = Who::try_from(kept.scenario.participants.len()).unwrap_or(Who::MAX);
    let is_drawn = |fact: &&Fact| law.facts.contains(&fact.kind()) || ALWAYS.contains(&fact.kind());
    let mut lines: Vec<_> = facts.0.iter().filter(is_drawn).filter_map(|fact| message(fact, count)).collect();
    lines.dedup();
    for line in lines {
        let _ = writeln!(text, "    {line}");
    }
    let _ = writeln!(text, "    note over p0,issuer: law {} {}: {}", law.number, law.name, plain(&broken.what));
    text + "```\n"
}

/// What was observed up to the breach, and the breach.
fn until_broken(law: &Law, mut trace: Trace) -> Option<(Trace, Broken)> {
    let mut monitor = law.monitor();
    for at in 0..trace.0.len() {
        if let Err(broken) = monitor.see(&trace.0[at]) {
            trace.0.truncate(at + 1);
            return Some((trace, broken));
        }
    }
    monitor.end().err().map(|broken| (trace, broken))
}

/// Who is there: processes, or threads of one.
fn cast(scenario: &Scenario) -> Vec<String> {
    let processes: Vec<_> = scenario.participants.iter().map(|one| one.process).collect();
    let is_shared = processes.len() > 1 && processes.iter().all(|process| *process == processes[0]);
    let called = if is_shared { "thread" } else { "process" };
    let participants = (0..processes.len()).map(|who| format!("p{who} as {called} {}", who + 1));
    participants.chain(["store".to_owned(), "issuer".to_owned()]).collect()
}

/// What a diagram can hold in one line.
fn plain(text: &str) -> String {
    text.replace([';', '#'], ",").replace('\n', " ")
}

/// One line of the diagram; nothing of what the stage does.
fn message(fact: &Fact, count: Who) -> Option<String> {
    let line = match fact {
        Fact::Stepped(step) => (step.who, stepped(step)?),
        Fact::ActBegan { who, deed } => (*who, format!("p{who}->>issuer: {}", begun(deed))),
        Fact::ActEnded { who, .. } => (*who, format!("issuer-->>p{who}: answers")),
        Fact::Shown { who, state } => (*who, format!("p{who}->>store: commits generation {}", state.generation)),
        Fact::Returned { who, generation } => (*who, format!("store-->>p{who}: generation {generation} is committed")),
        Fact::Told { who, put, verdict } => (*who, told(*who, put, verdict.as_ref())),
        Fact::ReadBegan { who } => (*who, format!("p{who}->>store: reads")),
        Fact::ReadEnded { who, saw } => (*who, format!("store-->>p{who}: generation {}", saw.generation)),
        Fact::Refused { who } => (*who, format!("store-->>p{who}: can't be read")),
        Fact::ClearBegan { who, provider } => (*who, format!("note over p{who}: begins to clear {provider}")),
        Fact::ClearEnded { who } => (*who, format!("note over p{who}: has cleared")),
        Fact::PassBegan { who, pass } => (*who, format!("note over p{who}: begins a pass over {pass} entries")),
        Fact::PassEnded { who } => (*who, format!("note over p{who}: ends the pass")),
        Fact::WrittenDown { who, .. } => (*who, format!("note over p{who}: writes the answer down")),
        Fact::Died { who } => (*who, format!("note over p{who}: dies")),
        Fact::Withheld { who } => (*who, format!("note over p{who}: is told that nothing is sent")),
        Fact::Held { who, version, holds, .. } => {
            (*who, format!("note over p{who}: {} version {version}", if *holds { "holds" } else { "lets go of" }))
        }
        Fact::DrawBegan { who, provider, .. } => {
            (*who, format!("note over p{who}: asks for a credential of {provider}"))
        }
        Fact::DrawEnded { who, label, .. } => {
            let got = label.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            (*who, format!("note over p{who}: gets {got}"))
        }
        _ => (0, apart(fact)?),
    };
    (line.0 < count).then_some(line.1)
}

/// What no participant is named with.
fn apart(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Drained { versions, .. } => format!("note over p0: nobody holds {versions:?} any more, says the drain"),
        Fact::Succession { old, new } => format!("note over issuer: {old} is spent, {new} follows it"),
        Fact::Sent { to, .. } => format!("note over issuer: a token is sent to {}", plain(&to.to_string())),
        Fact::Passed { ms } => format!("note over p0,issuer: {} s pass", ms / 1_000),
        Fact::Damaged => "note over store: the document is torn".to_owned(),
        Fact::BroughtBack => "note over store: a backup is put back".to_owned(),
        Fact::Planned { provider, .. } => format!("note over p0: a child of {provider} is given its environment"),
        Fact::Printed { .. } => "note over p0: prints".to_owned(),
        Fact::Rested { .. } => "note over p0,issuer: everything rests".to_owned(),
        Fact::Chosen { at: Some(at), .. } => format!("note over p0: entry {} of the pool is chosen", at + 1),
        Fact::Chosen { at: None, .. } => "note over p0: nothing is chosen".to_owned(),
        _ => return None,
    })
}

/// A step; not the purge that leads every transaction, where it purges nothing.
fn stepped(step: &Stepped) -> Option<String> {
    if matches!((&step.event, &step.verdict), (Event::Purge, Verdict::Nothing)) {
        return None;
    }
    let what = label(&step.event);
    Some(format!("note over p{}: {what}, {}", step.who, word(&step.verdict)))
}

fn told(who: Who, put: &Put, verdict: Option<&Verdict>) -> String {
    let verdict = verdict.map_or_else(|| "not saved".to_owned(), word);
    format!("note over p{who}: is told of {}: {verdict}", put.label)
}

/// A verdict in one word.
fn word(verdict: &Verdict) -> String {
    let text = format!("{verdict:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase()
}

fn begun(deed: &Deed) -> String {
    match deed {
        Deed::RequestPrompt { .. } => "asks for a device code".to_owned(),
        Deed::Poll { .. } => "polls".to_owned(),
        Deed::Present { token } => format!("presents {token}"),
        Deed::ExchangeCode { .. } => "exchanges the code".to_owned(),
        Deed::Revoke { token } => format!("revokes {token}"),
    }
}
