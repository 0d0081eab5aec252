//! The environment of a child, planned by the planner that ships, from the table that ships and a row of the scenarios' own.

use std::ffi::OsString;
use std::sync::OnceLock;

use credlatch_core::engine::{Chosen, LiveKind};
use credlatch_core::law::Fact;
use credlatch_core::name::ProviderId;
use credlatch_core::provider::{BUILT_IN_JSON, Provider, Table, TableFile, WireKind};
use credlatch_core::scrub::{ChildCredential, Inheritance, Shape, Target, Wanted};
use credlatch_core::state::State;

use super::here::Here;
use super::sim::Sim;
use crate::conduct::Process;

/// A variable that every child would inherit, and whether it is some provider's.
const INHERITED: [(&str, &str, bool); 15] = [
    ("HOME", "/home/person", false),
    ("EDITOR", "vi", false),
    ("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-inherited", true),
    ("OPENAI_API_KEY", "sk-inherited", true),
    ("ANTHROPIC_BASE_URL", "https://elsewhere.example", true),
    ("NOTES", "sk-ant-api03-in-a-variable-of-any-name", true),
    ("GATEWAY", "https://api.anthropic.com/v1", true),
    ("QUOTED", "\"Bearer gsk_0123456789abcdef-in-quotes\"", true),
    ("SOCKET", "wss://api.openai.com/v1/realtime", true),
    ("BASIC", "Basic bWU6c2stYW50LWFwaTAzLWVuY29kZWQtdW5kZXItYW55LW5hbWU=", true),
    ("OLD", "sk-0123456789abcdefghijklmnopqrstuvwxyz", true),
    ("ANTHROPIC_PROFILE", "a-profile-of-somebody-else", true),
    ("CLAUDE_CODE_USE_WHAT_COMES_NEXT", "a-switch-that-does-not-exist-yet", true),
    ("AWS_PROFILE", "a-cloud-that-pays-for-models", true),
    ("CODEX_HOME", "/home/person/.codex", false),
];

const ACME_ROW: &str = r#"{
    "id": "acme",
    "env": {"api_key": ["ACME_API_KEY"], "oauth_token": ["ACME_TOKEN"], "base_url": ["ACME_BASE_URL"]},
    "base_urls": {"own": "https://api.acme.example", "anthropic": "https://api.acme.example/anthropic"},
    "native_hosts": ["api.acme.example"]
}"#;

/// The providers of the simulated world.
///
/// # Panics
/// If the table that ships can't be read.
pub fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut file: TableFile = serde_json::from_str(BUILT_IN_JSON).expect("the table that ships");
        let acme: Provider = serde_json::from_str(ACME_ROW).expect("a row");
        file.providers.push(acme);
        Table::new(file.providers).expect("the rows go together")
    })
}

/// What every child would inherit.
pub fn inherited() -> Vec<(OsString, OsString)> {
    INHERITED.iter().map(|(name, value, _)| (OsString::from(name), OsString::from(value))).collect()
}

/// Plans for one provider, in each shape in which a child can be told, and writes down what the child would get.
pub fn plan<S: Sim>(process: &Process<S>, here: &Here, provider: &ProviderId, chosen: &Chosen) {
    let Ok(row) = table().resolve(provider.as_str()) else { return };
    let Some(secret) = chosen.live.secret().cloned() else { return };
    let kind = if chosen.live.kind == LiveKind::ApiKey { WireKind::ApiKey } else { WireKind::OauthToken };
    let others = process.engine.snapshot().map(|snapshot| others(&snapshot.state, provider)).unwrap_or_default();
    let inherited = INHERITED.iter().filter(|(_, _, is_foreign)| *is_foreign).map(|(_, value, _)| (*value).to_owned());
    // The same key may be stored for two providers, or be a part of this one; then it is this one's too.
    let is_own = |value: &String| secret.expose_secret().contains(value.as_str());
    let foreign: Vec<_> = inherited.chain(others).filter(|value| !is_own(value)).collect();
    let credential = ChildCredential { kind, secret: secret.clone() };
    for shape in [Shape::Own, Shape::Anthropic, Shape::OpenAi] {
        let targets = &[Target { provider: row, credential: Some(&credential), shape }];
        let inheritance = &Inheritance::default();
        let wanted = Wanted { table: table(), targets, inheritance, context: &[], empty_folder: None };
        // Where there is no plan, no child is started.
        if let Ok(environment) = process.conduct.plan(process, &wanted) {
            here.record(Fact::Planned { provider: provider.clone(), environment, foreign: foreign.clone() });
        }
    }
}

fn others(state: &State, provider: &ProviderId) -> Vec<String> {
    let others = state.providers.iter().filter(|(other, _)| *other != provider);
    let secrets = others.flat_map(|(_, slot)| &slot.entries).filter_map(|entry| entry.secret());
    secrets.map(|secret| secret.expose_secret().to_owned()).collect()
}
