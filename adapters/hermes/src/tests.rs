//! The mapping between Hermes' document and a profile, on text.

mod changes;
mod reading;
mod round_trip;

use std::path::Path;

use credlatch_core::fingerprint::AtHand;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::Table;
use credlatch_core::put::{Put, PutMode};
use credlatch_core::secret::Secret;
use credlatch_core::state::{Entry, Material, Nonce, Source, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Verdict, apply};
use serde_json::Value;

use super::load::open;
use super::row::RowReader;
use super::save::{Moment, save};
use credlatch::fingerprint;

const PATH: &str = "/home/somebody/.hermes/auth.json";

/// As Hermes writes it: two keys, a login of its own, two borrowed ones, and much that nobody here knows.
const HERMES: &str = r#"{
  "version": 1,
  "providers": {
    "openai-codex": {"tokens": {"access_token": "at-block"}, "note": "gr\u00fc\u00dfe", "n": 1.50}
  },
  "active_provider": "openai-codex",
  "credential_pool": {
    "anthropic": [
      {"id": "aaa111", "label": "work", "auth_type": "api_key", "priority": 1, "source": "manual",
       "access_token": "sk-ant-api03-one-0123456789", "request_count": 7, "seen_by": ["x", null, 1e3]},
      {"id": "aaa222", "label": "home", "auth_type": "api_key", "priority": 0, "source": "manual",
       "access_token": "sk-ant-api03-two-0123456789", "last_status": null, "request_count": 0},
      {"id": "aaa333", "auth_type": "oauth", "priority": 2, "source": "claude_code",
       "secret_fingerprint": "sha256:0011223344556677"}
    ],
    "openai-codex": [
      {"id": "codex-oauth-0123456789ab", "label": "me", "auth_type": "oauth", "priority": 0, "source": "device_code",
       "access_token": "at-codex-1", "refresh_token": "rt-codex-1", "expires_at_ms": 4000000000000}
    ],
    "openrouter": [
      {"id": "bbb111", "auth_type": "api_key", "source": "env:OPENROUTER_API_KEY"}
    ],
    "custom:mine": [{"id": "ccc111", "access_token": "whatever", "priority": "odd"}, "not a row"]
  },
  "suppressed_sources": {"minimax": ["env:MINIMAX_API_KEY"]},
  "of_a_newer_hermes": {"deep": [{"er": true}]}
}
"#;

/// A pool of one provider and nothing else.
fn pool(provider: &str, rows: &str) -> String {
    format!(r#"{{"version":1,"providers":{{}},"credential_pool":{{"{provider}":[{rows}]}}}}"#)
}

fn table() -> Table {
    credlatch::merge_file(br#"{"providers":[]}"#).unwrap()
}

fn state(text: &str) -> State {
    try_state(text).unwrap()
}

fn try_state(text: &str) -> Result<State, credlatch_core::port::StoreError> {
    let table = table();
    let state = open(text.as_bytes(), &RowReader { table: &table, path: PATH, at_hand: AtHand::default() })?.state;
    credlatch_core::law::check_state(&state).unwrap();
    Ok(state)
}

fn now() -> Stamp {
    Stamp { wall_ms: 1_800_000_000_000, up_ms: 5_000, boot: 7 }
}

/// Commits these events, as an engine does.
fn commit(text: &str, events: &[Event]) -> (String, Vec<Verdict>) {
    let table = table();
    let opened = open(text.as_bytes(), &RowReader { table: &table, path: PATH, at_hand: AtHand::default() }).unwrap();
    let mut state = opened.state.clone();
    let mut verdicts = Vec::new();
    for event in events {
        let step = apply(&state, &now(), event);
        verdicts.push(step.verdict);
        state = step.state;
    }
    state.generation += 1;
    let number = std::cell::Cell::new(state.generation.wrapping_mul(1000));
    let nonce = || {
        number.set(number.get() + 1);
        Nonce(number.get().into())
    };
    let moment = Moment { lock: None, born_ns: None, wall_ms: now().wall_ms, nonce: &nonce, key: &|| None };
    let saved = save(opened, &state, &moment).unwrap().unwrap();
    (String::from_utf8(saved.to_vec()).unwrap(), verdicts)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn provider(name: &str) -> ProviderId {
    ProviderId::new(name).unwrap()
}

fn put(of: &str, label: &str, material: Material, source: Source, how: PutMode) -> Event {
    let label = Label::new(label).unwrap();
    Event::Put(Put { provider: provider(of), label, material, source, how })
}

fn set_key(of: &str, label: &str, key: &str) -> Event {
    put(of, label, Material::ApiKey(secret(key)), Source::Manual, PutMode::Named)
}

fn entry(text: &str, of: &str, label: &str) -> Entry {
    state(text).entry(of, label).unwrap_or_else(|| panic!("{of} has no {label}")).clone()
}

/// The row of that id.
fn row(text: &str, pool: &str, id: &str) -> Value {
    let document = json(text);
    let rows = document["credential_pool"][pool].as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["id"] == id).unwrap_or(Value::Null)
}

#[test]
fn a_path_is_named_in_errors_and_content_is_not() {
    for (text, word) in [
        ("", "JSON"),
        ("{\"version\":1,\"credential_pool\":{\"anthropic\":[{\"access_token\":\"hush-", "ends in the middle"),
        ("not json", "is not JSON"),
        ("[]", "JSON"),
        (r#"{"credential_pool":["hush"]}"#, "`credential_pool` is not an object"),
        (r#"{"credential_pool":{"hush":{}}}"#, "not a list"),
        (r#"{"credlatch":{"version":1,"profile":"hush"}}"#, "under `credlatch`"),
        (
            r#"{"credlatch":{"version":2,"profile":{"generation":18446744073709551615,"last_version":0}}}"#,
            "it counts further",
        ),
        (r#"{"version":1,"version":1}"#, "JSON"),
    ] {
        let error = try_state(text).unwrap_err();
        let said = format!("{error} {} {error:?}", error.remedy);
        assert_eq!(error.kind, credlatch_core::port::StoreErrorKind::Unreadable, "{said}");
        assert!(said.contains(Path::new(PATH).to_str().unwrap()), "{said}");
        assert!(text.is_empty() || said.contains(word), "{word}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
    for text in [r#"{"version":2,"all":"is new"}"#, r#"{"version":1,"credlatch":{"version":9,"all":"is new"}}"#] {
        assert_eq!(try_state(text).unwrap_err().kind, credlatch_core::port::StoreErrorKind::Newer);
    }
}
