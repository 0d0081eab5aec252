//! The provider table: the rows that ship, and a user's file beside them.

use std::sync::OnceLock;

use credlatch_core::provider::{BUILT_IN_JSON, Table, TableFile};

#[cfg(all(feature = "file", unix))]
use crate::error::{Error, ErrorKind};

/// The table that ships.
pub(crate) fn built_in() -> Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let parse = || {
        let rows = serde_json::from_str::<TableFile>(BUILT_IN_JSON)
            .map(|file| Table::new(file.providers).map(Table::with_field));
        match rows {
            Ok(Ok(table)) => table,
            _ => unreachable!("the table that ships is parsed and checked by a test"),
        }
    };
    TABLE.get_or_init(parse).clone()
}

#[cfg(all(feature = "file", unix))]
/// The table that ships, with a user's file merged into it.
pub(crate) fn load(file: Option<&std::path::Path>) -> Result<Table, Error> {
    let Some(path) = file else { return Ok(built_in()) };
    no_tilde(path, "the provider file")?;
    let refuse = |why: &str, remedy: &str| {
        let what = format!("the provider file {} can't be used: {why}", path.display());
        Error::new(ErrorKind::Usage, what, remedy)
    };
    match crate::trusted::read(path) {
        Ok(Some(text)) => merge_file(text.as_bytes())
            .map_err(|why| refuse(&why, "mend the file; `credlatch providers --json` shows the form of a row")),
        Ok(None) => Err(refuse("it is not there", "look at --providers, and at CREDLATCH_PROVIDERS")),
        Err(distrust) => Err(refuse(&distrust.what, &distrust.remedy)),
    }
}

/// Refuses a path that begins with a `~` which no shell has replaced: it would name a directory of that name in whatever
/// directory a program happens to be.
#[cfg(all(feature = "file", unix))]
pub(crate) fn no_tilde(path: &std::path::Path, what: &str) -> Result<(), Error> {
    if !path.as_os_str().as_encoded_bytes().starts_with(b"~") {
        return Ok(());
    }
    let what = format!("{what} {} begins with a `~` that no shell has replaced", path.display());
    Err(Error::new(ErrorKind::Usage, what, "write the whole path, or `./~` if a directory is really called so"))
}

/// The table that ships, with the rows of a user's file, or why they can't be used.
#[doc(hidden)]
pub fn merge_file(bytes: &[u8]) -> Result<Table, String> {
    let rows: TableFile = serde_json::from_slice(bytes).map_err(|error| wherever(&error))?;
    built_in().merge(rows.providers).map_err(|bad| bad.to_string())
}

/// Says where the parser stopped. Its own words may quote what stands there: a key in the wrong place, for one.
fn wherever(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "it is JSON, but not a table of providers" } else { "it is not JSON" };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_13_an_error_says_where_and_quotes_nothing() {
        for file in [
            r#"{"providers":[{"id":"acme","auth":"sk-live-0123456789"}]}"#,
            r#"{"providers":[{"id":"acme","sk-live-0123456789":1}]}"#,
            r#"{"providers":"sk-live-0123456789"}"#,
        ] {
            let why = merge_file(file.as_bytes()).unwrap_err();
            assert!(!why.contains("sk-live"), "{why}");
            assert!(why.contains("line 1, column "), "{why}");
        }
    }
}
