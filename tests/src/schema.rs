//! Whether a JSON value keeps the schema of a provider file. It knows the words of JSON Schema that this schema uses, and
//! refuses one that it doesn't know: a word that is passed over would be a check that can't fail.

use std::fs;

use regex::Regex;
use serde_json::{Map, Value};

use crate::names::root;

/// The schema of a provider file, as it is in the docs.
///
/// # Panics
/// It can't be read.
pub fn of_provider_file() -> Value {
    let text = fs::read_to_string(root().join("docs/provider.schema.json")).expect("the schema is in the docs");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// Checks a value.
///
/// # Errors
/// Says where it breaks which word.
pub fn check(schema: &Value, value: &Value) -> Result<(), String> {
    Checker { whole: schema }.check(schema, value, "$")
}

struct Checker<'a> {
    whole: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let words = schema.as_object().ok_or_else(|| format!("{at}: the schema is no object"))?;
        for (word, meant) in words {
            let holds = match word.as_str() {
                "$schema" | "$defs" | "title" | "description" => true,
                "$ref" => return self.check(self.named(meant), value, at),
                "type" => is_of_type(meant.as_str().unwrap_or_default(), value),
                "enum" => meant.as_array().is_some_and(|all| all.contains(value)),
                "pattern" => fits(meant, value),
                "minimum" => value.as_u64() >= meant.as_u64(),
                "maximum" => value.as_u64() <= meant.as_u64(),
                "required" => names(meant).all(|name| value.get(name).is_some()),
                "additionalProperties" => meant == &Value::Bool(false) && has_only(words, value),
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.check(meant, item, &format!("{at}[]"))?;
                    }
                    true
                }
                "properties" => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        if let Some(schema) = meant.get(name) {
                            self.check(schema, value, &format!("{at}.{name}"))?;
                        }
                    }
                    true
                }
                unknown => return Err(format!("the schema has `{unknown}`, which isn't looked at here")),
            };
            if !holds {
                return Err(format!("{at} breaks `{word}`: {value}"));
            }
        }
        Ok(())
    }

    fn named(&self, reference: &Value) -> &Value {
        let name = reference.as_str().and_then(|text| text.strip_prefix('#')).unwrap_or_default();
        self.whole.pointer(name).unwrap_or(&Value::Null)
    }
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        _ => false,
    }
}

fn fits(pattern: &Value, value: &Value) -> bool {
    let pattern = pattern.as_str().and_then(|text| Regex::new(text).ok());
    pattern.zip(value.as_str()).is_some_and(|(pattern, text)| pattern.is_match(text))
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn has_only(schema: &Map<String, Value>, value: &Value) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    value.as_object().is_none_or(|value| value.keys().all(|name| known.is_some_and(|known| known.contains_key(name))))
}
