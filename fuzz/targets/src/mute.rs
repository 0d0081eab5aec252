//! Law 13 for a JSON document: no text about it holds one of its secrets.

use std::collections::BTreeSet;

use serde_json::Value;

/// Shorter texts stand in any message by accident.
const TELLING: usize = 8;

/// Whether a text could not stand in a message by accident. The fuzzer soon finds our own words, and calls them secrets.
fn looks_random(secret: &str) -> bool {
    let has = |kind: fn(&char) -> bool| secret.chars().any(|c| kind(&c));
    secret.len() >= TELLING
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && secret.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Law 13: no secret of the document is in a text about it.
pub(crate) fn mute(secret_fields: &[&str], bytes: &[u8], text: &str) {
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut found = Texts::default();
    found.walk(secret_fields, "", &json);
    for secret in &found.secrets {
        // A person may have given an entry the name of its key; names are shown.
        let is_telling = looks_random(secret) && !found.others.iter().any(|other| other.contains(secret.trim()));
        assert!(!is_telling || !text.contains(secret.trim()), "a secret is in a text about its document: {text}");
    }
}

/// The texts of a document.
#[derive(Default)]
struct Texts {
    secrets: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Texts {
    fn walk(&mut self, secret_fields: &[&str], field: &str, json: &Value) {
        match json {
            Value::String(text) if secret_fields.contains(&field) => drop(self.secrets.insert(text.clone())),
            Value::String(text) => drop(self.others.insert(text.clone())),
            Value::Array(items) => items.iter().for_each(|item| self.walk(secret_fields, "", item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.others.insert(name.clone());
                    self.walk(secret_fields, name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
