//! A provider's pool: which entry a request gets, by which rule, and what became of the others.

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{Choice, Strategy, Unusable, select};
use credlatch_core::provider::OAuth;
use credlatch_core::rotation::Times;
use credlatch_core::state::{Entry, Slot};

use super::entry::{self, EntryReport, Turn};
use super::finding::{About, Finding, Severity};
use super::flow::{self, FlowReport};
use super::health::{Health, fares};
use super::replacement::ReplacementCommand;
use super::{Case, verdict};
use crate::error::clock_time;

/// A grant whose refresh token may be in another copy of the store.
fn shared(id: &ProviderId, entry: &Entry) -> Option<Finding> {
    let why = entry.grant()?.shared?;
    let what = format!(
        "the {id} login {} is not rotated: the store {why}, and another copy may hold the same refresh token",
        entry.label
    );
    let remedy = format!("`credlatch login {id}`; or, if this copy is the one to live on, `credlatch adopt`");
    Some(Finding::new(About::Provider(id.clone()), Severity::Warning, what, remedy))
}

/// A provider's pool. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderReport {
    /// The provider.
    pub id: ProviderId,
    /// How an entry is chosen.
    pub strategy: Strategy,
    /// The entry that a request gets; none where several take turns, or none can be used.
    pub used: Option<Label>,
    /// The rule that was applied, or why nothing can be used.
    pub why: String,
    /// The pool, in its order.
    pub entries: Vec<EntryReport>,
    /// The login in progress.
    pub flow: Option<FlowReport>,
}

pub(super) fn examine(case: &Case<'_>, findings: &mut Vec<Finding>) -> Vec<ProviderReport> {
    let slots = case.state.providers.iter().filter(|(_, slot)| !slot.entries.is_empty() || slot.flow.is_some());
    slots.map(|(id, slot)| of_slot(case, id, slot, findings)).collect()
}

fn of_slot(case: &Case<'_>, id: &ProviderId, slot: &Slot, findings: &mut Vec<Finding>) -> ProviderReport {
    let row = case.latch.providers().get(id);
    if row.is_none() {
        findings.push(unknown(id));
    }
    let found: Vec<_> = slot.entries.iter().map(|entry| fares(entry, &case.now)).collect();
    // A request finds out one by one what it must pass over; here all are looked at anyway.
    let of_no_use = slot.entries.iter().zip(&found).filter(|(_, found)| found.health.is_passed_over());
    let passed: Vec<_> = of_no_use.map(|(entry, _)| entry.version).collect();
    let chosen = select(slot, &case.now, &Choice { passed: &passed, ..Choice::default() });
    let taken = chosen.ok().filter(|_| slot.strategy.is_steady()).map(|at| &slot.entries[at].label);
    let turn = Turn { strategy: slot.strategy, taken };
    let times = row.and_then(|row| row.oauth.as_ref()).map_or_else(Times::default, OAuth::times);
    let each = slot.entries.iter().zip(found);
    let entries: Vec<_> = each.map(|(entry, found)| entry::examine(case, entry, found, &turn, times)).collect();
    let replacement = ReplacementCommand::new(id, row);
    for (entry, report) in slot.entries.iter().zip(&entries) {
        findings.extend(verdict::of_entry(case, id, entry, report, &replacement));
        // What a move has marked so is told as that.
        if !case.state.moving.as_ref().is_some_and(|moving| moving.stage.is_frozen()) {
            findings.extend(shared(id, entry));
        }
    }
    let waits = entries.iter().any(|report| report.health == Health::NotRenewed);
    let why = match chosen {
        Ok(_) => slot.strategy.rule().to_owned(),
        Err(why) => none(id, why, waits, &replacement, findings),
    };
    let flow = slot.flow.as_ref().map(|live| flow::examine(case, id, live, findings));
    ProviderReport { id: id.clone(), strategy: slot.strategy, used: taken.cloned(), why, entries, flow }
}

fn unknown(id: &ProviderId) -> Finding {
    Finding::new(
        About::Provider(id.clone()),
        Severity::Warning,
        format!("something is stored for {id}, and no provider of that name is known here"),
        "name the file that has its row: --providers FILE, or CREDLATCH_PROVIDERS",
    )
}

/// Why a pool has nothing for a request; `waits` if a tool only has to renew what is linked. An empty one is no trouble: somebody is signing in to it.
fn none(
    id: &ProviderId,
    why: Unusable,
    waits: bool,
    replacement: &ReplacementCommand,
    findings: &mut Vec<Finding>,
) -> String {
    let about = About::Provider(id.clone());
    match why {
        Unusable::Empty => "nothing is stored".to_owned(),
        Unusable::Resting(until) => {
            let until = clock_time(&until);
            let what = format!("every {id} entry rests; the first may be used again at {until}");
            findings.push(Finding::new(about, Severity::Warning, what, "wait until then, or store another key"));
            format!("all rest until {until}")
        }
        Unusable::SignIn => {
            let what = format!("no stored {id} credential can be used");
            let new = format!("get a new one: {}", replacement.0);
            let remedy =
                if waits { format!("have the tool rotate its login, as is said above; or {new}") } else { new };
            findings.push(Finding::new(about, Severity::Error, what, remedy));
            "none can be used".to_owned()
        }
    }
}
