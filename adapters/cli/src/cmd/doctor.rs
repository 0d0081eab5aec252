//! `doctor`: look everything over. It changes nothing, and works where the store can't be read.

use std::time::SystemTime;

use credlatch::doctor::{
    About, Diagnosis, EntryReport, Finding, FlowReport, Holder, ProviderReport, Severity, Surroundings,
};
use credlatch::{Error, rfc3339};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::adopt::others_in_a_move;
use crate::args::Global;
use crate::end::{Done, End};
use crate::output;
use crate::wrap::wrap;

pub(crate) fn doctor(global: &Global) -> Done {
    let (latch, trouble) = match global.latch() {
        Ok(latch) => (latch, None),
        // With a provider file that can't be used, the rest is looked over as without one.
        Err(End::Failed { error, .. }) if global.providers.is_some() => {
            (Global { providers: None, ..global.clone() }.latch()?, Some(error))
        }
        Err(end) => return Err(end),
    };
    let diagnosis = latch.doctor(&Surroundings::of_process());
    let others = others_in_a_move(global).into_iter().map(|(what, remedy)| of_store(what, remedy));
    let findings = trouble.iter().map(of_error).chain(diagnosis.findings.iter().cloned());
    let findings: Vec<Finding> = findings.chain(others).collect();
    output::print(&tell(&diagnosis, &findings, global.json))?;
    let is_sound = findings.iter().all(|finding| finding.severity < Severity::Warning);
    if is_sound { Ok(()) } else { Err(End::Quiet(1)) }
}

/// What it says of what was found.
pub(crate) fn tell(diagnosis: &Diagnosis, findings: &[Finding], json: bool) -> Zeroizing<String> {
    output::form(json, &to_json(diagnosis, findings), || describe(diagnosis, findings))
}

/// What doesn't concern this profile.
fn of_store(what: String, remedy: String) -> Finding {
    Finding { about: About::Store, severity: Severity::Note, what, remedy }
}

fn of_error(error: &Error) -> Finding {
    let (what, remedy) = (error.written_message().to_owned(), error.written_remedy().to_owned());
    Finding { about: About::Outside, severity: Severity::Error, what, remedy }
}

fn to_json(diagnosis: &Diagnosis, findings: &[Finding]) -> Value {
    json!({
        "profile": diagnosis.profile,
        "generation": diagnosis.generation,
        "store": diagnosis.store.as_ref().map(|store| json!({
            "document": store.document.to_string_lossy(),
            "exists": store.is_there,
            "file_system": store.file_system,
        })),
        "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
        "providers": diagnosis.providers.iter().map(provider_json).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    let (about, provider) = match &finding.about {
        About::Store => ("store", None),
        About::Provider(id) => ("provider", Some(id)),
        _ => ("outside", None),
    };
    json!({
        "severity": finding.severity.as_str(),
        "what": finding.what,
        "remedy": finding.remedy,
        "about": about,
        "provider": provider,
    })
}

fn provider_json(provider: &ProviderReport) -> Value {
    json!({
        "id": provider.id,
        "strategy": provider.strategy.as_str(),
        "used": provider.used,
        "why": provider.why,
        "entries": provider.entries.iter().map(entry_json).collect::<Vec<_>>(),
        "flow": provider.flow.as_ref().map(flow_json),
    })
}

fn entry_json(entry: &EntryReport) -> Value {
    let models = entry.model_rests.iter().map(|(model, until)| (model.clone(), json!(rfc3339(*until))));
    json!({
        "label": entry.label,
        "kind": entry.kind.as_str(),
        "source": entry.source.to_string(),
        "health": entry.health.as_str(),
        "used": entry.is_used,
        "why": entry.why,
        "expires_at": entry.expires_at.map(rfc3339),
        "rests_until": entry.rests_until.map(rfc3339),
        "models_rest_until": models.collect::<serde_json::Map<_, _>>(),
        "presents_at": entry.presents_at.map(rfc3339),
        "holder": holder_json(entry.holder),
    })
}

fn flow_json(flow: &FlowReport) -> Value {
    json!({
        "flow_id": flow.id,
        "user_code": flow.user_code,
        "verification_uri": flow.verification_uri,
        "expires_at": rfc3339(flow.expires_at),
        "holder": holder_json(flow.holder),
    })
}

fn holder_json(holder: Option<Holder>) -> Option<Value> {
    holder.map(|holder| json!({"pid": holder.pid, "state": holder.life.as_str()}))
}

fn describe(diagnosis: &Diagnosis, findings: &[Finding]) -> String {
    let generation = diagnosis.generation.map_or_else(|| "can't be read".to_owned(), |at| format!("generation {at}"));
    let mut parts = vec![format!("profile {}, {generation}", diagnosis.profile)];
    parts.extend(diagnosis.providers.iter().map(pool));
    let graver = |least: Severity, most: Severity| {
        let of = |finding: &&Finding| (least..=most).contains(&finding.severity);
        findings.iter().filter(of).map(finding_text).collect::<Vec<_>>()
    };
    let (wrong, rest) = (graver(Severity::Warning, Severity::Error), graver(Severity::Ok, Severity::Note));
    // What is wrong is not looked for below what needs nothing.
    parts.push(if wrong.is_empty() { "Nothing is wrong.".to_owned() } else { wrong.join("\n") });
    parts.push(rest.join("\n"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn pool(provider: &ProviderReport) -> String {
    let rule = match &provider.used {
        Some(label) => format!("{label} is used: {}", provider.why),
        None => provider.why.clone(),
    };
    let mut lines = vec![wrap(&format!("{}: ", provider.id), &format!("{rule} ({})", provider.strategy.as_str()))];
    lines.extend(provider.entries.iter().enumerate().map(|(at, entry)| line(at + 1, entry)));
    lines.join("\n")
}

fn line(place: usize, entry: &EntryReport) -> String {
    let kind = entry.kind.as_str().replace('_', " ");
    let mut parts = vec![format!("{}, {kind}, {}: {}", entry.label, entry.source, entry.why)];
    let health = entry.health.as_str();
    // The words of the first few are in the reason already.
    if !["ok", "dead", "lost", "resting", "suspended"].contains(&health) {
        parts.push(health.replace('_', " "));
    }
    let tense = |at| if at <= SystemTime::now() { "ended" } else { "ends" };
    parts.extend(entry.expires_at.map(|at| format!("its token {} at {}", tense(at), rfc3339(at))));
    let models = entry.model_rests.iter();
    parts.extend(models.map(|(model, until)| format!("rests for {model} until {}", rfc3339(*until))));
    wrap(&format!("  {place}. "), &parts.join("; "))
}

fn finding_text(finding: &Finding) -> String {
    let head = format!("{:<9}", finding.severity.as_str());
    let what = wrap(&head, &finding.what);
    if finding.remedy.is_empty() {
        what
    } else {
        format!("{what}\n{}", wrap(&" ".repeat(head.len()), &format!("-> {}", finding.remedy)))
    }
}
