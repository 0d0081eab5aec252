//! Edits of TOML that keep comments and order.

use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

/// The document of a text.
pub(super) fn parsed(text: &str) -> Result<DocumentMut, String> {
    // The parser's own words may quote what it saw.
    text.parse().map_err(|error: toml_edit::TomlError| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        format!(
            "can't be understood: line {} is no TOML",
            text.get(..at).map_or(1, |head| head.matches('\n').count() + 1)
        )
    })
}

/// The table in which another one is, made where it is missing.
pub(super) fn table<'a>(parent: &'a mut Table, name: &str, is_implicit: bool) -> Result<&'a mut Table, String> {
    let item = parent.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(is_implicit);
        Item::Table(table)
    });
    item.as_table_mut().ok_or_else(|| format!("writes `{name}` in another form than a table of its own"))
}

/// Sets a text, and leaves what is right already as it is written.
pub(super) fn set(table: &mut Table, name: &str, text: &str) {
    if table.get(name).and_then(Item::as_str) != Some(text) {
        put(table, name, value(text));
    }
}

/// Sets a list of words likewise.
pub(super) fn set_words(table: &mut Table, name: &str, words: &[String]) {
    let is_it = |array: &Array| array.iter().map(Value::as_str).eq(words.iter().map(|word| Some(word.as_str())));
    if !table.get(name).and_then(Item::as_array).is_some_and(is_it) {
        put(table, name, value(words.iter().collect::<Array>()));
    }
}

/// Puts a value in the place of another one; what stands around that one, such as a comment behind it, stays.
fn put(table: &mut Table, name: &str, mut new: Item) {
    let old = table.get(name).and_then(Item::as_value).map(|old| old.decor().clone());
    if let (Some(decor), Some(new)) = (old, new.as_value_mut()) {
        *new.decor_mut() = decor;
    }
    match table.get_mut(name) {
        Some(item) => *item = new,
        None => drop(table.insert(name, new)),
    }
}
