//! `clear`: forget everything of a provider, or of all, in one step.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use credlatch::{Cleared, Label, Latch, ProviderId, Revocation, plain};
use serde_json::json;

use crate::args::{Clear, Global};
use crate::end::Done;
use crate::output;

pub(crate) fn clear(global: &Global, args: &Clear) -> Done {
    let latch = global.latch()?;
    let cleared = match (&args.provider, &args.dotenv) {
        (Some(provider), None) => latch.clear(provider)?,
        (Some(provider), Some(file)) => latch.clear_with_dotenv(provider, file)?,
        (None, None) => latch.clear_all()?,
        (None, Some(file)) => latch.clear_all_with_dotenv(file)?,
    };
    let gone = by_provider(cleared.entries());
    // It is cleared whatever the issuer says, and however long that takes.
    if !global.json {
        output::say(describe(&gone))?;
        if let Some(file) = &args.dotenv {
            output::say(of_file(file, cleared.variables()))?;
        }
    }
    let revoked = revoke(&latch, &cleared);
    let list: Vec<_> = gone.iter().map(|(id, labels)| json!({"id": id, "labels": labels})).collect();
    let object = json!({
        "profile": latch.profile().as_str(),
        "generation": cleared.generation(),
        "cleared": list,
        "dotenv": cleared.variables(),
        "revoked": revoked.as_str(),
        "held_by": held_by(&cleared),
    });
    output::answer(global.json, &object, || {
        if gone.is_empty() { String::new() } else { what_was_revoked(revoked, &cleared) }
    })
}

/// Revokes what was cleared, within the longest HTTP time-out of its issuers, however many logins it was.
pub(super) fn revoke(latch: &Latch, cleared: &Cleared) -> Revocation {
    let timeouts = cleared.entries().iter().filter_map(|(id, _)| {
        let row = latch.providers().get(id)?;
        Some(row.oauth.as_ref()?.http_timeout_secs)
    });
    let Some(longest) = timeouts.max() else { return cleared.revoke() };
    let (tell, told) = channel();
    let cleared = cleared.clone();
    let _ = std::thread::Builder::new().spawn(move || tell.send(cleared.revoke()));
    told.recv_timeout(Duration::from_secs(longest)).unwrap_or(Revocation::No)
}

fn by_provider(entries: &[(ProviderId, Label)]) -> BTreeMap<&ProviderId, Vec<&Label>> {
    let mut gone: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (provider, label) in entries {
        gone.entry(provider).or_default().push(label);
    }
    gone
}

fn describe(gone: &BTreeMap<&ProviderId, Vec<&Label>>) -> String {
    if gone.is_empty() {
        return "nothing was stored, so nothing was cleared".to_owned();
    }
    let names = |labels: &[&Label]| labels.iter().map(|label| label.as_str()).collect::<Vec<_>>().join(", ");
    gone.iter().map(|(id, labels)| format!("cleared {id}: {}", names(labels))).collect::<Vec<_>>().join("\n")
}

fn of_file(file: &Path, variables: &[String]) -> String {
    let file = file.display().to_string();
    let file = plain::line(&file);
    if variables.is_empty() {
        return format!("{file} had none of its variables");
    }
    format!("taken out of {file}: {}", plain::line(&variables.join(", ")))
}

/// What became of it at the issuer, for people.
pub(super) fn what_was_revoked(revoked: Revocation, cleared: &Cleared) -> String {
    let why = cleared.why_withheld().filter(|_| revoked == Revocation::No);
    if let Some(why) = why {
        return format!("{}\n  {}", why.message(), why.remedy());
    }
    let is_one = cleared.entries().len() == 1;
    let (it, it_was) = if is_one { ("it", "it was") } else { ("them", "they were") };
    let it_may = if is_one { "it may have" } else { "they may have" };
    match revoked {
        Revocation::Yes if is_one => "its issuer has revoked it".to_owned(),
        Revocation::Yes => "their issuer has revoked them".to_owned(),
        Revocation::No => format!(
            "the issuer could not be asked to revoke {it}, or refused; do that on the provider's site if {it_may} leaked"
        ),
        Revocation::Held => held(cleared.held_by()),
        Revocation::Shared => format!(
            "{it_was} not revoked, because another copy of this store may use the same login; revoke {it} on the provider's site if none does"
        ),
        _ => format!(
            "{it_was} not revoked, because that can't be done from here; delete {it} on the provider's site if {it_may} leaked"
        ),
    }
}

/// Who goes on using what was taken away: whoever deletes it on the provider's site ends that as well.
fn held(by: &[(ProviderId, Label)]) -> String {
    let names: Vec<_> = by.iter().map(|(provider, label)| format!("{provider}, label {label}")).collect();
    let names = plain::line(&names.join("; ")).into_owned();
    format!("it was not revoked, because the same credential is still stored: {names}")
}

/// The same for JSON.
pub(super) fn held_by(cleared: &Cleared) -> Vec<serde_json::Value> {
    cleared.held_by().iter().map(|(provider, label)| json!({"provider": provider, "label": label})).collect()
}
