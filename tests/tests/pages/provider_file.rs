//! The schema of a provider file and the page that explains it: they say what the program takes, all of it and nothing else.

use std::collections::BTreeSet;
use std::fs;

use credlatch::{Latch, merge_file};
use credlatch_core::provider::TableFile;
use credlatch_tests::names::root;
use credlatch_tests::schema::{check, of_provider_file};
use serde_json::{Value, json};

fn page() -> String {
    fs::read_to_string(root().join("docs/providers.md")).unwrap()
}

/// The blocks of a page that are JSON.
fn examples(page: &str) -> Vec<Value> {
    let blocks = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"))).collect()
}

/// The fields that a part of a row may have, as the parser lists them when it meets one that it doesn't know.
fn fields(part: Option<&str>) -> BTreeSet<String> {
    let unknown = json!({"zzz": 1});
    let row = part.map_or(unknown.clone(), |part| json!({"id": "a", part: unknown}));
    let error = serde_json::from_value::<TableFile>(json!({"providers": [row]})).unwrap_err().to_string();
    let (_, listed) = error.split_once("expected one of ").unwrap_or_else(|| panic!("{error}"));
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

const PARTS: [Option<&str>; 5] = [None, Some("env"), Some("base_urls"), Some("token_prefixes"), Some("oauth")];

#[test]
fn each_row_that_ships_keeps_the_schema() {
    let latch = Latch::in_memory();
    let table = latch.providers();
    let rows: Vec<_> = table.providers().chain(table.field()).cloned().collect();
    assert!(rows.len() > 200);
    let file = serde_json::to_value(TableFile { providers: rows }).unwrap();
    check(&of_provider_file(), &file).unwrap();
}

#[test]
fn the_schema_and_the_page_name_every_field_and_no_other() {
    let (schema, page) = (of_provider_file(), page());
    for part in PARTS {
        let name = part.unwrap_or("provider");
        let known = schema["$defs"][name]["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(known, fields(part), "{name}");
        let prefix = part.map(|part| format!("{part}.")).unwrap_or_default();
        for field in known {
            assert!(page.contains(&format!("| `{prefix}{field}` |")), "the page doesn't explain {prefix}{field}");
        }
    }
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let field = row.split('`').next().unwrap();
        let (part, name) = field.split_once('.').map_or((None, field), |(part, name)| (Some(part), name));
        assert!(PARTS.contains(&part) && fields(part).contains(name), "the page explains {field}, and there is none");
    }
}

#[test]
fn the_examples_of_the_page_keep_the_schema_and_can_be_used() {
    let examples = examples(&page());
    assert!(examples.len() >= 3);
    for example in examples {
        check(&of_provider_file(), &example).unwrap_or_else(|why| panic!("{why}"));
        merge_file(example.to_string().as_bytes()).unwrap_or_else(|why| panic!("{why}: {example}"));
    }
}

#[test]
fn what_the_schema_refuses_is_refused_by_the_program_too() {
    let schema = of_provider_file();
    let good =
        json!({"id": "acme", "env": {"api_key": ["ACME_KEY", "1ST_KEY"]}, "native_hosts": ["acme.example", "::1"]});
    check(&schema, &json!({"providers": [good]})).unwrap();
    assert!(merge_file(json!({"providers": [good]}).to_string().as_bytes()).is_ok());
    for bad in [
        json!({}),
        json!({"id": "a b"}),
        json!({"id": "-a"}),
        json!({"id": "a", "alias": []}),
        json!({"id": "a", "aliases": "b"}),
        json!({"id": "a", "name": 1}),
        json!({"id": "a", "keyless": "yes"}),
        json!({"id": "a", "auth": "basic"}),
        json!({"id": "a", "env": {"api_key": ["A-B"]}}),
        json!({"id": "a", "env": {"api_key": ["12"]}}),
        json!({"id": "a", "env": {"keys": []}}),
        json!({"id": "a", "native_hosts": ["https://a.example"]}),
        json!({"id": "a", "native_hosts": ["a.example/x"]}),
        json!({"id": "a", "token_prefixes": {"api_key": ["sk-"]}}),
        json!({"id": "a", "base_urls": {"openai": "ftp://a.example"}}),
        json!({"id": "a", "base_urls": {"openai": "https://me:pw@a.example"}}),
        json!({"id": "a", "oauth": {"flow": "password"}}),
        json!({"id": "a", "oauth": {"grace_secs": 3601}}),
        json!({"id": "a", "oauth": {"http_timeout_secs": 0}}),
        json!({"id": "a", "oauth": {"refresh_skew_secs": -1}}),
    ] {
        let file = json!({"providers": [bad]});
        assert!(check(&schema, &file).is_err(), "the schema takes {bad}");
        assert!(merge_file(file.to_string().as_bytes()).is_err(), "the program takes {bad}");
    }
    assert!(check(&schema, &json!([])).is_err() && check(&schema, &json!({"providers": [], "provider": 1})).is_err());
}

#[test]
fn a_word_of_a_schema_that_is_not_looked_at_is_an_error() {
    assert!(check(&json!({"minLength": 1}), &json!("a")).unwrap_err().contains("minLength"));
}
