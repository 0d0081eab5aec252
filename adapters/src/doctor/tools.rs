//! Other tools' files: they are not used unless they are linked, and no refresh token may be in two hands.

use std::path::Path;

use credlatch_core::secret::Fingerprint;

use super::Case;
use super::finding::{About, Finding, Severity};
use super::seen::{self, ImportSource};
use super::surroundings::Surroundings;
use crate::docfile::errors::quoted as shell_quoted;
use crate::foreign::{Tool, claude_code, codex, hermes, refresh_tokens};

const TOOLS: [(Tool, &str); 3] = [(Tool::ClaudeCode, "claude-code"), (Tool::Codex, "codex"), (Tool::Hermes, "hermes")];

pub(super) fn examine(case: &Case<'_>, surroundings: &Surroundings, findings: &mut Vec<Finding>) {
    for (tool, import) in TOOLS {
        let Some(path) = tool.default_path(|name| surroundings.var(name)) else { continue };
        let read = match tool {
            Tool::ClaudeCode => claude_code::read(&path),
            Tool::Codex => codex::read(&path),
            Tool::Hermes => hermes::read(&path, case.latch.providers()),
        };
        match read {
            Ok(None) => continue,
            Ok(Some(imported)) => {
                let source = ImportSource { place: format!("in {tool}'s file {}", path.display()), import };
                findings.extend(seen::findings(case, &source, imported));
            }
            Err(error) => findings.push(Finding::outside(Severity::Note, error.to_string(), error.remedy())),
        }
        // What can't be read was told above.
        findings.extend(shared(case, tool, import, &refresh_tokens(tool, &path).unwrap_or_default()));
    }
}

/// Logins of ours that another tool holds as well: each renewal by one of the two takes it from the other.
fn shared(case: &Case<'_>, tool: Tool, import: &str, theirs: &[Fingerprint]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, slot) in &case.state.providers {
        let has_refresh = |entry: &&credlatch_core::state::Entry| {
            entry.grant().is_some_and(|grant| grant.refresh.is_some()) && theirs.contains(&entry.fingerprint)
        };
        for entry in slot.entries.iter().filter(has_refresh) {
            let label = &entry.label;
            let quoted = shell_quoted(Path::new(label.as_str()));
            findings.push(Finding::new(
                About::Provider(id.clone()),
                Severity::Warning,
                format!("{tool} holds the refresh token of the {id} entry {label} too: whoever rotates second loses the login"),
                format!("`credlatch remove {id} --label {quoted}`, then `credlatch import {import}` links to {tool}'s login"),
            ));
        }
    }
    findings
}
