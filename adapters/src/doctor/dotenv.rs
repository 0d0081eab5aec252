//! `.env` files: the one in the working directory is not used, and this says what is in it, by name; and what a clear that
//! died still owes to others.

use credlatch_core::rewrite::Rewrite;

use super::Case;
use super::finding::{Finding, Severity};
use super::seen::{self, ImportSource};
use super::surroundings::Surroundings;
use crate::env::dotenv_file;

pub(super) fn examine(case: &Case<'_>, surroundings: &Surroundings, findings: &mut Vec<Finding>) {
    findings.extend(case.state.rewrites.iter().map(owed));
    let Some(path) = surroundings.folder.as_ref().map(|folder| folder.join(".env")) else { return };
    match dotenv_file::import(&path, case.latch.providers(), None) {
        Ok(None) => {}
        Ok(Some(imported)) => {
            let source = ImportSource { place: format!("in {}", path.display()), import: "dotenv" };
            findings.extend(seen::findings(case, &source, imported));
        }
        Err(error) => findings.push(Finding::outside(Severity::Note, error.to_string(), error.remedy())),
    }
}

/// The store is cleared and the file is not: whoever cleared died in between, or could not rewrite it.
fn owed(rewrite: &Rewrite) -> Finding {
    let mut names: Vec<&str> = rewrite.variables.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    Finding::outside(
        Severity::Warning,
        format!("{} still has what a clear was to take out of it: {}", rewrite.path, names.join(", ")),
        "`credlatch purge` takes it out, as the next change does",
    )
}
