//! Edits of JSON that keep comments, order and blanks.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

/// Puts a text where this path of names leads, and gives the whole document. One that is empty gets its first lines in the form
/// of the guide.
pub(super) fn set(text: &str, path: &[&str], value: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        let inner = quoted(value);
        let all = path.iter().rev().fold(inner, |inner, name| format!("{{{}: {inner}}}", quoted(name)));
        return Ok(format!("{all}\n"));
    }
    let root = parsed(text)?;
    let mut object = root.object_value().ok_or("is no JSON object")?;
    let (last, way) = path.split_last().ok_or("has no such place")?;
    for name in way {
        once(&object, name)?;
        object = object
            .object_value_or_create(name)
            .ok_or_else(|| format!("has something else than an object at `{name}`"))?;
    }
    once(&object, last)?;
    if string(&object, last).as_deref() == Some(value) {
        return Ok(text.to_owned());
    }
    match object.get(last) {
        Some(property) => property.set_value(CstInputValue::String(value.to_owned())),
        None => drop(object.append(last, CstInputValue::String(value.to_owned()))),
    }
    Ok(root.to_string())
}

/// The names of the object where this path leads.
pub(super) fn names(text: &str, path: &[&str]) -> Result<Vec<String>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut object = parsed(text)?.object_value();
    for name in path {
        object = object.and_then(|object| object.object_value(name));
    }
    Ok(object.iter().flat_map(CstObject::properties).filter_map(|property| property.decoded_name()).collect())
}

/// The text where this path of names leads.
pub(super) fn get(text: &str, path: &[&str]) -> Option<String> {
    let (last, way) = path.split_last()?;
    let mut object = parsed(text).ok()?.object_value()?;
    for name in way {
        object = object.object_value(name)?;
    }
    string(&object, last)
}

fn parsed(text: &str) -> Result<CstRootNode, String> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        ..ParseOptions::default()
    };
    // The parser's own words may quote what it saw.
    CstRootNode::parse(text, &options).map_err(|error| {
        let line = text[..error.range().start.min(text.len())].lines().count().max(1);
        format!("can't be understood: line {line} is no JSON")
    })
}

/// Two values of one name are two opinions, and nobody can tell which of them a program takes.
fn once(object: &CstObject, name: &str) -> Result<(), String> {
    let is_it = |property: &jsonc_parser::cst::CstObjectProp| property.decoded_name().as_deref() == Some(name);
    if object.properties().iter().filter(|property| is_it(property)).count() > 1 {
        return Err(format!("names `{name}` twice"));
    }
    Ok(())
}

fn string(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_order_and_blanks_stay() {
        let text = "// mine\n{\n    \"model\": \"large\", // dear\n\n    \"env\": {},\n}\n";
        let set = |text: &str| set(text, &["credHelpers", "reg.example"], "forge").unwrap();
        let edited = set(text);
        assert!(edited.starts_with("// mine\n{\n    \"model\": \"large\", // dear\n\n    \"env\": {},\n"), "{edited}");
        assert_eq!(get(&edited, &["credHelpers", "reg.example"]).as_deref(), Some("forge"));
        assert_eq!(set(&edited), edited);
        assert_eq!(set(""), "{\"credHelpers\": {\"reg.example\": \"forge\"}}\n");
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_repeated() {
        for text in [
            "{",
            "[]",
            "{\"a\": hush}",
            "{\"a\": {}, \"a\": {}}",
            "{\"a\": \"hush\"}",
            "hush",
            "{\"a\": {\"b\": 1 \"c\": 2}}",
        ] {
            let refused = set(text, &["a", "b"], "c").unwrap_err();
            assert!(!refused.contains("hush"), "{refused}");
        }
    }
}
