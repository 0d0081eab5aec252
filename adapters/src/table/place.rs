//! Where in a provider file the row and the field are that no table takes. Nothing of what stands there is repeated: a key may
//! have been pasted in the wrong place.

use credlatch_core::name::ProviderId;
use credlatch_core::provider::{Provider, Table, sniff};
use serde_json::{Map, Value, json};

/// The place of the first row that can't be read, and of the field in it.
pub(super) fn find(table: &Table, text: &[u8]) -> Option<String> {
    let file: Value = serde_json::from_slice(text).ok()?;
    let rows = file.get("providers")?.as_array()?;
    let (at, row) = rows.iter().enumerate().find(|(_, row)| !is_row(row))?;
    let place = name(table, row).unwrap_or_else(|| format!("providers[{at}]"));
    let Some(fields) = row.as_object() else { return Some(format!("`{place}`")) };
    if !fields.contains_key("id") {
        return Some(format!("`{place}`: `id`"));
    }
    let Some((field, value)) = fields.iter().find(|(field, value)| !is_row(&with_id(field, value))) else {
        return Some(format!("`{place}`"));
    };
    if !is_field(field) {
        return Some(format!("`{place}`: a field of no row"));
    }
    Some(format!("`{place}`: `{field}{}`", within(field, value)))
}

/// The row's id, if it is one and not a secret in its place.
fn name(table: &Table, row: &Value) -> Option<String> {
    let id = ProviderId::new(row.get("id")?.as_str()?).ok()?;
    // Hardly a secret is short or without a digit.
    let is_word = id.as_str().len() < 12 || !id.as_str().contains(|c: char| c.is_ascii_digit());
    let is_plain = is_word && id.as_str().len() <= 24 && sniff::tokens(table, id.as_str()).is_empty();
    is_plain.then(|| id.to_string())
}

fn is_row(row: &Value) -> bool {
    serde_json::from_value::<Provider>(row.clone()).is_ok()
}

/// A row with this field alone.
fn with_id(field: &str, value: &Value) -> Value {
    let mut row = Map::from_iter([("id".to_owned(), json!("acme"))]);
    row.insert(field.to_owned(), value.clone());
    Value::Object(row)
}

/// Whether rows have a field of this name: then no empty value of any type is taken for a word that isn't known.
fn is_field(field: &str) -> bool {
    let empty = [json!([]), json!({}), json!(null), json!(true), json!("bearer")];
    empty.iter().any(|value| is_row(&with_id(field, value)))
}

/// Below a field of fields, the one that can't be read, or in a list the place.
fn within(field: &str, value: &Value) -> String {
    let is_bad = |inner: &Value| !is_row(&with_id(field, inner));
    match value {
        Value::Array(list) => {
            let at = list.iter().position(|item| is_bad(&json!([item])));
            at.map_or_else(String::new, |at| format!("[{at}]"))
        }
        Value::Object(fields) => {
            let Some((inner, value)) = fields.iter().find(|(inner, value)| is_bad(&json!({ inner.as_str(): value })))
            else {
                return String::new();
            };
            let empty = [json!([]), json!(null), json!(0), json!("device")];
            if empty.iter().all(|value| is_bad(&json!({ inner.as_str(): value }))) {
                return String::new();
            }
            let at = value
                .as_array()
                .and_then(|list| list.iter().position(|item| is_bad(&json!({ inner.as_str(): [item] }))));
            format!(".{inner}{}", at.map_or_else(String::new, |at| format!("[{at}]")))
        }
        _ => String::new(),
    }
}
