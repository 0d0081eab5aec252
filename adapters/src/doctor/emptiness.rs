//! The directory to which programs are sent so that they find no credentials there.

use std::path::Path;

use super::finding::{Finding, Severity};
use crate::latch::nothing_in;

pub(super) fn examine(home: &Path, findings: &mut Vec<Finding>) {
    let problem = nothing_in::problem(home);
    findings.extend(
        problem.map(|error| Finding::of_store(Severity::Warning, error.written_message(), error.written_remedy())),
    );
}
