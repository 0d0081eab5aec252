//! What a program's configuration says, whatever its format. The core has no parser, so whoever asks brings one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A value in a configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// A text.
    Text(String),
    /// Several values in their order.
    List(Vec<Said>),
    /// Values by name.
    Table(BTreeMap<String, Said>),
    /// A number, a truth, a time: nothing that is looked at.
    Other(IgnoredAny),
}

impl Default for Said {
    /// A configuration that says nothing.
    fn default() -> Self {
        Self::Table(BTreeMap::new())
    }
}

impl Said {
    /// What stands under a name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Table(table) => table.get(name),
            _ => None,
        }
    }

    /// The text that stands under a name.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of the list that stands under a name, if it has nothing else.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        let Self::List(list) = self.get(name)? else { return None };
        list.iter().map(|one| if let Self::Text(text) = one { Some(text.as_str()) } else { None }).collect()
    }

    /// Lays another configuration over this one: a table over a table joins the two, and anything else takes the place.
    pub(super) fn lay(&mut self, over: Self) {
        match (self, over) {
            (Self::Table(own), Self::Table(over)) => {
                for (name, value) in over {
                    own.entry(name).or_default().lay(value);
                }
            }
            (own, over) => *own = over,
        }
    }

    /// Puts a value where a path of names with dots between them leads, and makes tables on the way.
    pub(super) fn put(&mut self, path: &str, value: Self) {
        if !matches!(self, Self::Table(_)) {
            *self = Self::default();
        }
        let Self::Table(table) = self else { return };
        match path.split_once('.') {
            Some((name, rest)) => table.entry(name.to_owned()).or_default().put(rest, value),
            None => drop(table.insert(path.to_owned(), value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Said {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_laid_over_a_configuration_replaces_what_it_names_and_leaves_the_rest() {
        let mut own = said(r#"{"a":{"b":"1","c":"2"},"d":["x"]}"#);
        own.lay(said(r#"{"a":{"b":"3"},"d":"y","e":{"f":"4"}}"#));
        assert_eq!(own, said(r#"{"a":{"b":"3","c":"2"},"d":"y","e":{"f":"4"}}"#));
        own.put("a.c", said(r#""5""#));
        own.put("d.g.h", said(r#""6""#));
        assert_eq!(own, said(r#"{"a":{"b":"3","c":"5"},"d":{"g":{"h":"6"}},"e":{"f":"4"}}"#));
    }

    #[test]
    fn only_what_is_a_text_or_a_list_of_texts_is_read_as_one() {
        let own = said(r#"{"a":"x","b":1,"c":["x","y"],"d":["x",true],"e":{}}"#);
        assert_eq!((own.text("a"), own.text("b"), own.text("z")), (Some("x"), None, None));
        assert_eq!((own.texts("c"), own.texts("d"), own.texts("a")), (Some(vec!["x", "y"]), None, None));
        assert_eq!(own.get("b"), Some(&Said::Other(IgnoredAny)));
    }
}
