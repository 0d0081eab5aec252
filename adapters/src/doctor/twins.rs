//! Logins of this profile that another profile of the home holds too. Each profile is a document of its own and knows nothing
//! of the others, so each would present the one refresh token, and the second to do so loses the login.

use std::path::Path;

use credlatch_core::name::ProfileName;
use credlatch_core::secret::Secret;
use credlatch_core::state::{Entry, State};

use super::Case;
use super::finding::{Finding, Severity};
use crate::file::FileStore;

pub(super) fn examine(case: &Case<'_>, home: &Path, findings: &mut Vec<Finding>) {
    if logins(case.state).next().is_none() {
        return;
    }
    for other in crate::latch::listed(home).unwrap_or_default() {
        if other == *case.latch.profile() {
            continue;
        }
        // What can't be read is told by a look at that profile.
        let Ok(theirs) = FileStore::new(home, &other).inspect().state else { continue };
        for (place, refresh) in logins(case.state) {
            let twin = logins(&theirs).find(|(_, known)| *known == refresh);
            if let Some((twin, _)) = twin {
                findings.push(finding(&place, &other, &twin));
            }
        }
    }
}

/// Where each refresh token of a profile is: provider and label.
fn logins(state: &State) -> impl Iterator<Item = ((&str, &Entry), &Secret)> {
    let entries = state
        .providers
        .iter()
        .flat_map(|(provider, slot)| slot.entries.iter().map(move |entry| (provider.as_str(), entry)));
    entries.filter_map(|place| Some((place, place.1.material.refresh()?)))
}

fn finding(own: &(&str, &Entry), other: &ProfileName, twin: &(&str, &Entry)) -> Finding {
    let ((provider, entry), (theirs, their_entry)) = (own, twin);
    let what = format!(
        "the {provider} login {} is the {theirs} login {} of the profile {other} too: whichever rotates it second loses it",
        entry.label, their_entry.label
    );
    // Removing it would revoke it for both.
    let remedy = format!("give one of the two a login of its own: `credlatch login {provider}`");
    Finding::of_store(Severity::Warning, what, remedy)
}
