//! What outlives a claim and a secret: what is remembered of claims outside the store, and of cleared secrets in it.

use credlatch_core::port::StoreError;
use credlatch_core::state::State;

use super::finding::{Finding, Severity};
use crate::file::{FileStore, Inspection};
use crate::trusted::Distrust;

/// A whole directory that is rolled back is noticed only by what is remembered outside of it: why nothing is, or who else could
/// take that away. Of a store without logins nothing is claimed.
pub(super) fn claims(state: &State, forgets: Option<StoreError>, may_be_taken: Option<Distrust>) -> Option<Finding> {
    if !state.has_refresh_tokens() {
        return None;
    }
    if let Some(StoreError { what, remedy, .. }) = forgets {
        let what = format!(
            "claims aren't remembered outside the store, so nobody notices if all of it is rolled back: {what}"
        );
        return Some(Finding::of_store(Severity::Note, what, remedy));
    }
    // A file is taken away by whoever may write to a directory on the way to it.
    let Distrust { what, remedy } = may_be_taken?;
    let what =
        format!("others may take away what is remembered of claims, and then roll back all of the store: {what}");
    Some(Finding::of_store(Severity::Note, what, remedy))
}

/// What was cleared is remembered by digests, which tell a password to whoever tries many; so they are keyed.
pub(super) fn marks(store: &FileStore, seen: &Inspection) -> Vec<Finding> {
    let Ok(state) = &seen.state else { return Vec::new() };
    let mut findings = Vec::new();
    if let Some(why) = state.marks().next().and_then(|_| store.unkeyed()) {
        let what = format!(
            "what was cleared is remembered by digests without a key ({}): who reads the store can try passwords",
            why.what
        );
        findings.push(Finding::of_store(Severity::Note, what, why.remedy));
    }
    let is_lost = |key| state.at_hand.0.as_ref().is_none_or(|own| own.id() != key);
    let lost = state.marks().filter(|mark| mark.key.is_some_and(is_lost)).count();
    if lost > 0 {
        let what = format!(
            "{lost} cleared or spent secrets can't be recognised, because their fingerprint key isn't at hand: an import \
             leaves out whatever comes from their sources"
        );
        let remedy = "name what you want again: `credlatch set`, or `credlatch import` with --provider and --again";
        findings.push(Finding::of_store(Severity::Note, what, remedy));
    }
    findings
}
