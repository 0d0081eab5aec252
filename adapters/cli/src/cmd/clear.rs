//! `clear`: forget everything of a provider, or of all, in one step.

use std::collections::BTreeMap;

use credlatch::{Label, ProviderId, Revocation};
use serde_json::json;

use crate::args::{Clear, Global};
use crate::end::Done;
use crate::output;

pub(crate) fn clear(global: &Global, args: &Clear) -> Done {
    let latch = global.latch()?;
    let cleared = match &args.provider {
        Some(provider) => latch.clear(provider)?,
        None => latch.clear_all()?,
    };
    let revoked = cleared.revoke();
    let gone = by_provider(cleared.entries());
    let list: Vec<_> = gone.iter().map(|(id, labels)| json!({"id": id, "labels": labels})).collect();
    let object = json!({
        "profile": latch.profile().as_str(),
        "generation": cleared.generation(),
        "cleared": list,
        "revoked": revoked.as_str(),
    });
    output::answer(global.json, &object, || describe(&gone, revoked))
}

fn by_provider(entries: &[(ProviderId, Label)]) -> BTreeMap<&ProviderId, Vec<&Label>> {
    let mut gone: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (provider, label) in entries {
        gone.entry(provider).or_default().push(label);
    }
    gone
}

fn describe(gone: &BTreeMap<&ProviderId, Vec<&Label>>, revoked: Revocation) -> String {
    if gone.is_empty() {
        return "nothing was stored, so nothing was cleared".to_owned();
    }
    let names = |labels: &[&Label]| labels.iter().map(|label| label.as_str()).collect::<Vec<_>>().join(", ");
    let mut lines: Vec<_> = gone.iter().map(|(id, labels)| format!("cleared {id}: {}", names(labels))).collect();
    lines.push(what_was_revoked(revoked).to_owned());
    lines.join("\n")
}

/// What became of it at the issuer, for people.
pub(super) fn what_was_revoked(revoked: Revocation) -> &'static str {
    match revoked {
        Revocation::Yes => "its issuer has revoked it",
        Revocation::No => {
            "its issuer could not be asked to revoke it; do that on the provider's site if it may have leaked"
        }
        _ => {
            "it was not revoked, because that can't be done from here; delete it on the provider's site if it may have leaked"
        }
    }
}
