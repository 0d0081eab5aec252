//! A store in etcd: how the cluster is, and whether each of its profiles can be what this one expects.

use std::collections::BTreeMap;

use credlatch_core::port::StoreErrorKind;

use super::finding::{Finding, Severity};
use crate::codec::KeyId;
use crate::etcd::inspect::Inspection;
use crate::etcd::port::Member;

/// So many profiles are named in one finding.
const NAMED: usize = 5;

/// What an inspection found, as findings.
pub(super) fn examine(seen: &Inspection, findings: &mut Vec<Finding>) {
    let mut all: Vec<Finding> = seen.mixed.iter().map(|error| error.clone().into()).collect();
    all.extend(cluster(seen));
    all.extend(seen.members.iter().filter_map(member));
    all.extend(rekey(seen));
    all.extend(seen.profiles.iter().filter_map(|(_, key)| Some(key.as_ref().err()?.clone().into())));
    all.extend(unseen(seen));
    for finding in all {
        // What keeps this profile from being read was told already.
        if !findings.iter().any(|known: &Finding| known.what == finding.what) {
            findings.push(finding);
        }
    }
}

fn cluster(seen: &Inspection) -> Vec<Finding> {
    let (called, mut found) = (&seen.called, Vec::new());
    match &seen.decides {
        Err(error) if error.kind == StoreErrorKind::Unreachable => found.push(Finding::of_store(
            Severity::Error,
            format!("too few members of {called} answer to decide anything: what is read may be old, and nothing can be changed or renewed"),
            "start members, or mend the network between them, until most of them are up: `etcdctl endpoint status --cluster` says which are",
        )),
        Err(error) => found.push(error.clone().into()),
        Ok(()) => {}
    }
    let states = || seen.members.iter().filter_map(|member| member.state.as_ref().ok());
    if states().any(|state| state.is_full) {
        found.push(Finding::of_store(
            Severity::Error,
            format!("{called} takes no changes: its quota is used up (alarm NOSPACE), so nothing is stored and no login is renewed"),
            "compact and defragment it (etcdctl compact REVISION, then etcdctl defrag), or raise its --quota-backend-bytes; then etcdctl alarm disarm",
        ));
    }
    if states().any(|state| state.is_corrupt) {
        found.push(Finding::of_store(
            Severity::Error,
            format!("members of {called} hold different data (alarm CORRUPT)"),
            "find the member whose data differs (etcdctl endpoint hashkv --cluster), and replace it",
        ));
    }
    found
}

fn member(member: &Member) -> Option<Finding> {
    match &member.state {
        Err(error) => Some(Finding { severity: Severity::Warning, ..error.clone().into() }),
        Ok(state) if !state.has_leader => Some(Finding::of_store(
            Severity::Warning,
            format!("{} knows no leader", member.name),
            "look whether it reaches the other members, and whether most of them are up",
        )),
        Ok(_) => None,
    }
}

/// A store of which some profiles have another key than new ones get.
fn rekey(seen: &Inspection) -> Option<Finding> {
    let mut by_key = BTreeMap::<KeyId, Vec<String>>::new();
    for (name, key) in seen.otherwise_sealed() {
        by_key.entry(key).or_default().push(name.to_string());
    }
    let (key, mark) = (*by_key.keys().next()?, seen.mark?);
    let named: Vec<String> = by_key.iter().map(|(key, names)| format!("{} with {key}", shortened(names))).collect();
    Some(Finding::of_store(
        Severity::Error,
        format!(
            "a `rekey` of {} is under way, or was stopped: it has the key {mark}, and some profiles another: {}",
            seen.called,
            named.join("; ")
        ),
        format!(
            "on a machine that has the key {mark}: `credlatch rekey --to FILE` with the file of the key {key} goes on where it was stopped"
        ),
    ))
}

fn shortened(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let first = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

fn unseen(seen: &Inspection) -> Option<Finding> {
    (seen.unseen > 0).then(|| {
        let what = format!("{} profiles of {} were not looked at: there are many", seen.unseen, seen.called);
        Finding::of_store(Severity::Note, what, "`credlatch doctor --profile NAME` looks at one of them")
    })
}
