//! Maps of a stored document in which a name stands once. Of two, serde would keep the last and drop the first without a word,
//! and with it a credential.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Reads a map, and refuses one that names something twice.
///
/// # Errors
/// As those of the map's parts; or a name stands twice.
pub fn deserialize<'de, D, K, V>(from: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    from.deserialize_map(EachOnce(PhantomData))
}

struct EachOnce<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for EachOnce<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map in which each name stands once")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut all = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if all.insert(name, value).is_some() {
                // The name isn't repeated: a person may have put a secret in its place.
                return Err(M::Error::custom("a name stands twice in one map"));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use crate::state::State;
    use crate::state::health::EntryHealth;

    #[test]
    fn a_provider_that_stands_twice_is_refused_and_not_merged() {
        let read = |providers: &str| {
            let json = format!(r#"{{"generation":1,"last_version":1,"providers":{{{providers}}}}}"#);
            serde_json::from_str::<State>(&json)
        };
        assert_eq!(read(r#""acme":{},"minimax":{}"#).unwrap().providers.len(), 2);
        let error = read(r#""acme":{},"minimax":{},"acme":{}"#).unwrap_err();
        assert!(error.to_string().contains("stands twice"), "{error}");
    }

    #[test]
    fn a_model_that_stands_twice_is_refused_too() {
        let deadline = r#"{"from":{"wall_ms":1,"up_ms":1,"boot":1},"after_ms":1}"#;
        let read = |models: &str| serde_json::from_str::<EntryHealth>(&format!(r#"{{"models":{{{models}}}}}"#));
        assert_eq!(read(&format!(r#""a":{deadline},"b":{deadline}"#)).unwrap().models.len(), 2);
        assert!(read(&format!(r#""a":{deadline},"a":{deadline}"#)).is_err());
    }
}
