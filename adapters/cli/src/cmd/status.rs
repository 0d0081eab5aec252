//! `status`: what is stored, without a secret.

use credlatch::core::moving::Stage;
use credlatch::core::provider::Provider as Row;
use credlatch::core::state::Entry;
use credlatch::core::time::Stamp;
use credlatch::doctor::{health, trouble};
use credlatch::{Error, FlowState, FlowStatus, Kind, Latch, ProviderId, Status, rfc3339, rfc3339_ms};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::end::Done;
use crate::wrap::wrap;
use crate::{output, table};

#[derive(Serialize)]
pub(super) struct StatusJson<'a> {
    profile: &'a str,
    generation: u64,
    providers: Vec<Provider<'a>>,
    /// How far a move to another store is, or one from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    moving: Option<Moved<'a>>,
}

#[derive(Serialize)]
struct Moved<'a> {
    stage: Stage,
    other: &'a str,
}

#[derive(Serialize)]
struct Provider<'a> {
    id: &'a ProviderId,
    entries: Vec<Shown<'a>>,
    flow: Option<Login>,
}

#[derive(Serialize)]
struct Shown<'a> {
    label: &'a str,
    kind: &'static str,
    source: String,
    health: &'static str,
    expires_at: Option<String>,
    /// Why the last try to renew it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// A login in progress.
#[derive(Serialize)]
pub(super) struct Login {
    pub(super) flow_id: String,
    pub(super) status: &'static str,
    pub(super) user_code: Option<String>,
    pub(super) verification_uri: Option<String>,
    pub(super) expires_at: String,
    pub(super) poll_interval_seconds: u64,
}

pub(crate) fn status(global: &Global) -> Done {
    output::print(&tell(&global.latch()?, global.json)?)
}

/// What it says of a profile.
pub(crate) fn tell(latch: &Latch, json: bool) -> Result<Zeroizing<String>, Error> {
    let status = latch.status()?;
    let flows = status.flows();
    let answer = answer(latch, &status, &flows);
    Ok(output::form(json, &answer, || describe(&answer)))
}

/// All that is stored at one generation, without a secret.
pub(super) fn answer<'a>(latch: &'a Latch, status: &'a Status, flows: &[FlowStatus]) -> StatusJson<'a> {
    let (profile, table) = (latch.profile().as_str(), latch.providers());
    let providers = status.state.providers.iter().map(|(id, slot)| Provider {
        id,
        entries: slot.entries.iter().map(|entry| show(entry, table.get(id), &status.now)).collect(),
        flow: flows.iter().find(|flow| flow.provider == *id && flow.state == FlowState::Pending).map(login),
    });
    let providers = providers.filter(|provider| !provider.entries.is_empty() || provider.flow.is_some()).collect();
    let moving = status.state.moving.as_ref().filter(|moving| !matches!(moving.stage, Stage::Done | Stage::Withdrawn));
    let moving = moving.map(|moving| Moved { stage: moving.stage, other: &moving.other });
    StatusJson { profile, generation: status.state.generation, providers, moving }
}

fn show<'a>(entry: &'a Entry, row: Option<&Row>, now: &Stamp) -> Shown<'a> {
    let (health, ends_ms) = health(entry, now);
    Shown {
        label: entry.label.as_str(),
        kind: Kind::from(&entry.material).as_str(),
        source: entry.source.to_string(),
        health: health.as_str(),
        expires_at: ends_ms.map(rfc3339_ms),
        trouble: trouble(row, entry),
    }
}

pub(super) fn login(flow: &FlowStatus) -> Login {
    Login {
        flow_id: flow.id.clone(),
        status: flow.state.as_str(),
        user_code: flow.user_code.clone(),
        verification_uri: flow.verification_uri.clone(),
        expires_at: rfc3339(flow.expires_at),
        poll_interval_seconds: flow.interval.as_secs(),
    }
}

fn describe(answer: &StatusJson<'_>) -> String {
    let StatusJson { profile, generation, providers, moving } = answer;
    let rows: Vec<_> =
        providers.iter().flat_map(|provider| provider.entries.iter().map(|entry| row(provider, entry))).collect();
    let mut parts = vec![format!("profile {profile}, generation {generation}")];
    parts.extend(moving.as_ref().map(|moving| wrap("", &told(moving))));
    if rows.is_empty() && moving.is_some() {
        return parts.join("\n\n");
    }
    if rows.is_empty() {
        parts.push(wrap("", "Nothing is stored yet. Store a key with `credlatch set PROVIDER`."));
    } else {
        parts.push(table::table(["PROVIDER", "LABEL", "KIND", "SOURCE", "HEALTH", "EXPIRES"], &rows));
    }
    let troubled = |provider: &&Provider<'_>| {
        let told = |entry: &Shown<'_>| {
            let trouble = entry.trouble.as_ref()?;
            Some(wrap("", &format!("The {} entry {} could not be rotated: {trouble}.", provider.id, entry.label)))
        };
        provider.entries.iter().filter_map(told).collect::<Vec<_>>()
    };
    parts.extend(providers.iter().flat_map(|provider| troubled(&provider)));
    let logins = providers.iter().filter_map(|provider| Some((provider.id, provider.flow.as_ref()?)));
    let told =
        |(id, login): (_, &Login)| wrap("", &format!("A login for {id} is in progress until {}.", login.expires_at));
    parts.extend(logins.map(told));
    parts.join("\n\n")
}

/// How far a move is, in a sentence.
fn told(moving: &Moved<'_>) -> String {
    let other = moving.other;
    let goes_on = "until the same `credlatch move` is through, nothing here is renewed or changed";
    match moving.stage {
        Stage::SetAside => format!("It is being moved to {other}: {goes_on}."),
        Stage::HandedOver => format!("It was handed over to {other}, which may be using it: {goes_on}."),
        Stage::Arrived => format!("It is being moved here from {other}: {goes_on}."),
        Stage::Active => format!("It was moved here from {other}, which may still hold what it set aside."),
        Stage::Gone | Stage::Done | Stage::Withdrawn => format!("It was moved to {other}."),
    }
}

fn row(provider: &Provider<'_>, entry: &Shown<'_>) -> [String; 6] {
    let expires = entry.expires_at.clone().unwrap_or_else(|| "-".to_owned());
    let words = [entry.kind, entry.health].map(|word| word.replace('_', " "));
    let [kind, health] = words;
    [provider.id.to_string(), entry.label.to_owned(), kind, entry.source.clone(), health, expires]
}
