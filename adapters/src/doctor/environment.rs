//! The environment: nothing in it is used, and a program that is started without credlatch would go by it.

use std::borrow::Cow;
use std::ffi::OsString;

use credlatch_core::name::ProviderId;
use credlatch_core::provider::{Provider, Url, sniff};
use credlatch_core::state::{Entry, Source};

use super::Case;
use super::finding::{Finding, Severity};
use super::seen::{self, ImportSource};
use super::surroundings::Surroundings;
use crate::env::import_env;

pub(super) fn examine(case: &Case<'_>, surroundings: &Surroundings, findings: &mut Vec<Finding>) {
    let mut imported = import_env(surroundings.vars.iter().cloned(), case.latch.providers(), None);
    let mut told = Vec::new();
    for (name, value) in &surroundings.vars {
        let variable = Variable::new(case, name, value);
        if let Some(finding) = variable.and_then(|variable| variable.finding(case)) {
            findings.push(finding);
            told.push(name.to_string_lossy().into_owned());
        }
    }
    // What was told as a danger is not told again as something to take in.
    let is_told = |name: &str| told.iter().any(|told| told == name);
    imported.found.retain(|found| !matches!(&found.source, Source::Env(name) if is_told(name)));
    imported.skipped.retain(|skipped| !is_told(&skipped.what));
    let source = ImportSource { place: "of the environment".to_owned(), import: "env" };
    findings.extend(seen::findings(case, &source, imported));
}

/// A variable that some provider's programs read, or that holds some provider's token.
struct Variable<'a> {
    name: String,
    /// What it holds, as text. Nothing here prints it.
    value: Cow<'a, str>,
    /// Whose it is.
    owners: Vec<&'a Provider>,
    /// Whether it is an address that is exactly its provider's own, which changes nothing.
    is_harmless: bool,
}

impl<'a> Variable<'a> {
    fn new(case: &Case<'a>, name: &OsString, value: &'a OsString) -> Option<Self> {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if value.trim().is_empty() {
            return None;
        }
        let table = case.latch.providers();
        let tokens = sniff::tokens(table, &value);
        let is_owner = |row: &&Provider| {
            row.all_names().any(|own| own.eq_ignore_ascii_case(&name))
                || tokens.iter().any(|token| token.belongs_to(&row.id))
        };
        let owners: Vec<_> = table.providers().filter(is_owner).collect();
        let is_native = |url: &Url<'_>| owners.iter().any(|row| row.is_native(url));
        let is_harmless = Url::parse(value.trim()).is_some_and(|url| is_native(&url));
        (!owners.is_empty()).then(|| Self { name: name.into_owned(), value, owners, is_harmless })
    }

    /// Whether a program that reads it would not use what is stored.
    fn finding(&self, case: &Case<'_>) -> Option<Finding> {
        let stored = || case.state.providers.iter().filter(|(_, slot)| !slot.entries.is_empty()).map(|(id, _)| id);
        if self.is_harmless || self.is_stored(case) {
            return None;
        }
        let is_owner = |id: &ProviderId| self.owners.iter().any(|row| row.id == *id);
        let first = stored().find(|id| is_owner(id)).or_else(|| stored().next())?;
        let outranked: Vec<String> =
            if is_owner(first) { vec![first.to_string()] } else { stored().map(ToString::to_string).collect() };
        let name = &self.name;
        Some(Finding::outside(
            Severity::Warning,
            format!(
                "{name} is set: a program that is not started by `credlatch run` may use it instead of what is stored \
                 for {}",
                outranked.join(", ")
            ),
            format!("`credlatch run {first} -- PROGRAM` keeps {name} from it; or unset {name}"),
        ))
    }

    /// Whether it holds what is stored for its provider anyhow.
    fn is_stored(&self, case: &Case<'_>) -> bool {
        let slots = self.owners.iter().filter_map(|row| case.state.slot(row.id.as_str()));
        let mut secrets = slots.flat_map(|slot| &slot.entries).filter_map(Entry::secret);
        secrets.any(|secret| secret.expose_secret() == self.value.trim())
    }
}
