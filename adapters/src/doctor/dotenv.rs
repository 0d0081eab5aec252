//! A `.env` in the working directory: it is not used, and this says what is in it, by name.

use super::Case;
use super::finding::{Finding, Severity};
use super::seen::{self, Place};
use super::surroundings::Surroundings;
use crate::env::dotenv_file;

pub(super) fn examine(case: &Case<'_>, surroundings: &Surroundings, findings: &mut Vec<Finding>) {
    let Some(path) = surroundings.folder.as_ref().map(|folder| folder.join(".env")) else { return };
    match dotenv_file::import(&path, case.latch.providers(), None) {
        Ok(None) => {}
        Ok(Some(imported)) => {
            let place = Place { place: format!("in {}", path.display()), import: "dotenv" };
            findings.extend(seen::findings(case, &place, imported));
        }
        Err(error) => findings.push(Finding::outside(Severity::Note, error.to_string(), error.remedy())),
    }
}
