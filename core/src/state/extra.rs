//! Fields of a stored document that this version doesn't know, kept so that a newer version's data survives an older one.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Unknown fields by name. `Debug` names them and hides their values, which may be secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extra(BTreeMap<String, Value>);

/// Any value of a JSON-like format.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Null(()),
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_json_value_survives() {
        let json = r#"{"a":null,"b":true,"c":18446744073709551615,"d":-3,"e":1.5,"f":"x","g":[1,{"h":[]}]}"#;
        let extra: Extra = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&extra).unwrap(), json);
    }

    #[test]
    fn values_are_not_printed() {
        let extra: Extra = serde_json::from_str(r#"{"token":"sk-1234"}"#).unwrap();
        assert_eq!(format!("{extra:?}"), r#"{"token"}"#);
    }
}
