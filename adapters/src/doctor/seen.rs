//! Credentials that lie outside the store: none is ever used from there, and this says what an import would make of each.

use credlatch_core::moving::Stage;
use credlatch_core::put::PutMode;
use credlatch_core::state::Source;

use super::Case;
use super::finding::{Finding, Severity};
use crate::found::{Found, Imported};
use crate::latch::{Took, preview};

/// Where something was seen.
pub(super) struct ImportSource {
    /// In words, such as `in .env`.
    pub(super) place: String,
    /// What imports from there, such as `dotenv`.
    pub(super) import: &'static str,
}

/// One finding for each credential, and for what looks like one.
pub(super) fn findings(case: &Case<'_>, source: &ImportSource, imported: Imported) -> Vec<Finding> {
    let taken = preview(case.state, &case.now, imported.found, PutMode::Bulk);
    let moving = case.state.moving.as_ref().filter(|moving| moving.stage == Stage::Gone);
    let moved_to = moving.map(|moving| moving.other.as_str());
    let found = taken.iter().map(|taken| finding(source, &taken.found, taken.took, moved_to));
    let skipped = imported.skipped.iter().map(|skipped| {
        let what = format!("{} {} is not used, and no import takes it: {}", skipped.what, source.place, skipped.why);
        Finding::outside(Severity::Note, what, "")
    });
    found.chain(skipped).collect()
}

fn finding(source: &ImportSource, found: &Found, took: Took, moved_to: Option<&str>) -> Finding {
    let ImportSource { place, import } = source;
    let provider = &found.provider;
    let seen = match &found.source {
        Source::Env(variable) | Source::Dotenv { variable, .. } => format!("{variable} {place}, for {provider},"),
        _ => format!("the {provider} credential {place}"),
    };
    let named = format!("`credlatch import {import} --provider {provider} --again`");
    match took {
        Took::Already => Finding::outside(Severity::Ok, format!("{seen} is what is stored"), ""),
        Took::Cleared => Finding::outside(
            Severity::Note,
            match moved_to {
                Some(other) => format!("{seen} was moved to {other}, or cleared before that, and stays away"),
                None => format!("{seen} was cleared before, and stays away"),
            },
            format!("to have it again: {named}"),
        ),
        Took::MayBeCleared => Finding::outside(
            Severity::Note,
            format!("{seen} is not used: something from there was cleared, and the key that would tell what is gone"),
            format!("to have it: {named}"),
        ),
        Took::LabelTaken => Finding::outside(
            Severity::Note,
            format!("{seen} is not used: another secret has its label"),
            format!("to replace that: {named}"),
        ),
        Took::Rejected => Finding::outside(
            Severity::Note,
            format!("{seen} is not used: its issuer has rejected it"),
            "sign in again in the tool that owns it",
        ),
        Took::Spent => Finding::outside(
            Severity::Note,
            format!("{seen} is not used: its issuer gave another refresh token for it"),
            "sign in again in the tool that owns it",
        ),
        Took::Stored | Took::Full => Finding::outside(
            Severity::Note,
            format!("{seen} is not used: only what is stored is"),
            format!("to take it in: `credlatch import {import} --provider {provider}`"),
        ),
    }
}
