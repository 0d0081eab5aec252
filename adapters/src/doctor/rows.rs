//! Rows of a provider file: which of them stand in the place of shipped ones, and to which hosts they send credentials.

use credlatch_core::state::Entry;

use super::Case;
use super::finding::{About, Finding, Severity};
use crate::error::Error;
use crate::latch::list;

pub(super) fn examine(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let table = case.latch.providers();
    let file =
        case.latch.provider_file().map_or_else(|| "a provider file".to_owned(), |file| file.display().to_string());
    for replaced in table.replacements().chain(table.taken_places()) {
        let about = About::Provider(replaced.row.id.clone());
        if let Some(held_back) = case.latch.is_held_back(replaced.row) {
            findings.push(of_error(about, &held_back));
            continue;
        }
        let (hosts, shipped) = (replaced.row.origins(), replaced.shipped.origins());
        let moved = if hosts == shipped {
            String::new()
        } else {
            format!(", where the row that ships names {}", list(&shipped))
        };
        let what = format!(
            "the row of {} is the one in {file}: its credentials may go to {}{moved}",
            replaced.row.id,
            list(&hosts)
        );
        findings.push(Finding::new(about, Severity::Note, what, ""));
    }
    for (id, slot) in &case.state.providers {
        let Some((row, reach)) = table.get(id).zip(case.latch.reach(id)) else { continue };
        let grants = slot.entries.iter().filter(|entry| !entry.is_lost()).filter_map(Entry::grant);
        let mut elsewhere = grants
            .filter(|grant| grant.refresh.is_some() && !reach.admits_token(grant.origins.as_ref()))
            .map(|grant| grant.origins.as_ref().unwrap_or(&reach.usual).token.as_ref());
        // A row that isn't used yet has been told of.
        if let Some(from) = elsewhere.next().filter(|_| case.latch.is_held_back(row).is_none()) {
            findings.push(of_error(About::Provider(id.clone()), &Error::elsewhere(row, from)));
        }
    }
}

fn of_error(about: About, error: &Error) -> Finding {
    Finding::new(about, Severity::Error, error.written_message(), error.written_remedy())
}
