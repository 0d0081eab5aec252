//! The stored document: whatever bytes are in the file, a load says what is wrong with them and quotes no secret.

use std::collections::BTreeSet;

use credlatch::file::rewrite_document;
use credlatch_core::law;
use serde_json::Value;

/// Where a document holds secrets.
const SECRET_FIELDS: [&str; 5] = ["api_key", "access", "refresh", "device_code", "verifier"];
/// Shorter texts stand in any message by accident.
const TELLING: usize = 8;

/// Any bytes as a document: parsing never panics; what parses is written back, and reads the same again.
///
/// # Panics
/// If a promise is broken.
pub fn document(bytes: &[u8]) {
    match rewrite_document(bytes) {
        Ok((state, written)) => {
            let (again, rewritten) = rewrite_document(&written).expect("what was written is read back");
            assert!(again == state, "a document does not survive being written");
            assert_eq!(*rewritten, *written, "writing twice writes something else");
            let lawful = law::check_state(&state).map_err(|broken| broken.to_string());
            mute(bytes, &format!("{state:?} {lawful:?}"));
        }
        Err(error) => {
            assert!(!error.what.is_empty() && !error.remedy.is_empty());
            mute(bytes, &format!("{error} {error:?}"));
        }
    }
}

/// Law 13: no secret of the document is in a text about it.
fn mute(bytes: &[u8], text: &str) {
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut found = Found::default();
    found.walk("", &json);
    for secret in &found.secrets {
        // A person may have given an entry the name of its key; names are shown.
        let is_telling = secret.len() >= TELLING && !found.others.iter().any(|other| other.contains(secret.trim()));
        assert!(!is_telling || !text.contains(secret.trim()), "a secret is in a text about its document: {text}");
    }
}

/// The texts of a document.
#[derive(Default)]
struct Found {
    secrets: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Found {
    fn walk(&mut self, field: &str, json: &Value) {
        match json {
            Value::String(text) if SECRET_FIELDS.contains(&field) => drop(self.secrets.insert(text.clone())),
            Value::String(text) => drop(self.others.insert(text.clone())),
            Value::Array(items) => items.iter().for_each(|item| self.walk("", item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.others.insert(name.clone());
                    self.walk(name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
