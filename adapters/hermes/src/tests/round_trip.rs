//! Documents that nobody thought of: nothing unknown is lost, and no version is given to two secrets.

use std::collections::BTreeMap;

use credlatch_core::clear::Clear;
use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// Any JSON value.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[ -~äö\"\\\\]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A row with some of the fields that Hermes writes, and others.
fn row_value() -> impl Strategy<Value = Value> {
    let known = prop_oneof![
        ("id", prop_oneof!["[a-f]{2}", "credlatch-[a-f]{2}"].prop_map(Value::from)).boxed(),
        ("label", value()).boxed(),
        ("source", prop::sample::select(vec!["manual", "device_code", "env:X_KEY", "odd"]).prop_map(Value::from))
            .boxed(),
        ("access_token", "[a-z]{1,3}".prop_map(Value::from)).boxed(),
        ("access_token", value()).boxed(),
        ("refresh_token", "[a-z]{0,3}".prop_map(Value::from)).boxed(),
        ("auth_type", prop::sample::select(vec!["oauth", "api_key"]).prop_map(Value::from)).boxed(),
        ("priority", value()).boxed(),
        ("priority", (0..3).prop_map(Value::from)).boxed(),
        ("last_status", prop::sample::select(vec!["ok", "dead", "exhausted"]).prop_map(Value::from)).boxed(),
        ("last_status_at", value()).boxed(),
        ("last_error_reset_at", (0_u64..4_000_000_000_000).prop_map(Value::from)).boxed(),
        ("expires_at", value()).boxed(),
        ("request_count", (0_u64..9).prop_map(Value::from)).boxed(),
        ("unknown", value()).boxed(),
    ];
    let fields = prop::collection::vec(known, 0..12);
    let object = fields.prop_map(|fields| Value::Object(fields.into_iter().collect()));
    prop_oneof![9 => object, 1 => value()]
}

fn document() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["anthropic", "claude", "minimax", "openai-codex", "custom:x"]);
    let pools = prop::collection::btree_map(names, prop::collection::vec(row_value(), 0..5), 0..4);
    (pools, value(), value(), prop::collection::vec("[a-z:_]{1,12}", 0..3)).prop_map(|(pools, a, b, suppressed)| {
        json!({"version": 1, "providers": {"x": a}, "unknown": b, "credential_pool": pools,
               "suppressed_sources": {"minimax": suppressed}})
    })
}

/// The document without what a commit always writes.
fn others(mut document: Value) -> Value {
    let fields = document.as_object_mut().unwrap();
    fields.remove("credlatch");
    fields.remove("updated_at");
    document
}

proptest! {
    #[test]
    fn a_commit_that_changes_nothing_keeps_every_value(document in document()) {
        let text = document.to_string();
        let (saved, _) = commit(&text, &[]);
        prop_assert_eq!(others(json(&saved)), others(json(&text)));
        let (before, mut after) = (state(&text), state(&saved));
        after.generation = before.generation;
        prop_assert_eq!(before, after);
    }

    #[test]
    fn rows_and_names_that_are_not_ours_survive_any_change(document in document()) {
        let text = document.to_string();
        let events = [set_key("minimax", "default", "mm-new-1"), Event::Clear(Clear::Provider(provider("anthropic")))];
        let (saved, _) = commit(&text, &events);
        // Both were parsed once: the parser may round a number.
        let (saved, document) = (json(&saved), json(&text));
        for name in ["version", "providers", "unknown"] {
            prop_assert_eq!(&saved[name], &document[name]);
        }
        for name in ["openai-codex", "custom:x"] {
            prop_assert_eq!(&saved["credential_pool"][name], &document["credential_pool"][name]);
        }
        let state = state(&saved.to_string());
        prop_assert!(state.slot("anthropic").is_none_or(|slot| slot.entries.is_empty()));
        prop_assert_eq!(state.entry("minimax", "default").unwrap().secret().unwrap().expose_secret(), "mm-new-1");
    }

    /// Hermes, or a person, changes rows at will while we commit now and then; whoever reads notes which version was which
    /// secret.
    #[test]
    fn no_version_is_ever_given_to_two_secrets(
        steps in prop::collection::vec((0_usize..4, 0_usize..3, any::<bool>()), 1..24)
    ) {
        let mut text = pool("minimax", "");
        let mut given: BTreeMap<u64, String> = BTreeMap::new();
        for (key, at, is_ours) in steps {
            if is_ours {
                text = commit(&text, &[set_key("minimax", &format!("own-{at}"), &format!("mm-own-{key}"))]).0;
            } else {
                let mut document = json(&text);
                let rows = document["credential_pool"]["minimax"].as_array_mut().unwrap();
                let id = format!("row{at}");
                rows.retain(|row| row["id"] != id.as_str());
                rows.push(json!({"id": id, "access_token": format!("mm-hers-{key}")}));
                text = document.to_string();
            }
            for entry in &state(&text).slot("minimax").unwrap().entries {
                let secret = entry.secret().unwrap().expose_secret().to_owned();
                let known = given.entry(entry.version).or_insert_with(|| secret.clone());
                prop_assert_eq!(&*known, &secret, "version {}", entry.version);
            }
        }
    }
}
