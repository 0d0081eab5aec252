//! The provider table: the rows that ship, and a user's file beside them.

mod place;

use std::sync::OnceLock;

use credlatch_core::provider::{BUILT_IN_JSON, Table, TableFile};

#[cfg(all(feature = "file", unix))]
use crate::error::{Error, ErrorKind};

/// The table that ships.
pub(crate) fn built_in() -> Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let parse = || {
        let Ok(file) = serde_json::from_str::<TableFile>(BUILT_IN_JSON) else {
            unreachable!("the table that ships is parsed and checked by a test")
        };
        Table::of_checked(file.providers).with_field()
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
    let rows: TableFile = serde_json::from_slice(bytes).map_err(|error| wherever(bytes, &error))?;
    built_in().merge(rows.providers).map_err(|bad| bad.to_string())
}

/// Says where the parser stopped. Its own words may quote what stands there: a key in the wrong place, for one.
fn wherever(bytes: &[u8], error: &serde_json::Error) -> String {
    let at = format!("(line {}, column {})", error.line(), error.column());
    if !error.is_data() {
        return format!("it is not JSON {at}");
    }
    match place::find(&built_in(), bytes) {
        Some(place) => format!("{place}: that is not what belongs there {at}"),
        None => format!("it is JSON, but not a table of providers {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_row_and_the_field() {
        for (rows, place) in [
            (r#"{"id":"acme","auth":"basic"}"#, "`acme`: `auth`: "),
            (r#"{"id":"acme"},{"id":"other","env":{"api_key":"A"}}"#, "`other`: `env.api_key`: "),
            (r#"{"id":"acme","env":{"api_key":["A",1]}}"#, "`acme`: `env.api_key[1]`: "),
            (r#"{"id":"acme","native_hosts":["a.example",{}]}"#, "`acme`: `native_hosts[1]`: "),
            (r#"{"id":"acme","aliases":["b",""]}"#, "`acme`: `aliases[1]`: "),
            (r#"{"id":"acme","oauth":{"flow":"password"}}"#, "`acme`: `oauth.flow`: "),
            (r#"{"id":"acme","oauth":{"grace_secs":-1}}"#, "`acme`: `oauth.grace_secs`: "),
            (r#"{"id":"acme","keyless":"yes"}"#, "`acme`: `keyless`: "),
            (r#"{"id":"acme","hosts":[]}"#, "`acme`: a field of no row: "),
            (r#"{"id":"acme","env":{"keys":[]}}"#, "`acme`: `env`: "),
            (r#"{"id":"a b"}"#, "`providers[0]`: `id`: "),
            (r#"{"id":"acme"},{"name":"no id"}"#, "`providers[1]`: `id`: "),
            (r#"{"id":"acme"},7"#, "`providers[1]`: "),
            // What is read and can't be a table is named likewise.
            (r#"{"id":"acme","native_hosts":["a.example","a.example/x"]}"#, "`acme`: `native_hosts[1]`: "),
            (r#"{"id":"acme","env":{"base_url":["LD_PRELOAD"]}}"#, "`acme`: `env.base_url[0]`: LD_PRELOAD "),
            (r#"{"id":"acme","token_prefixes":{"other":["/usr"]}}"#, "`acme`: `token_prefixes.other[0]`: "),
            (r#"{"id":"acme","base_urls":{"own":"http://a.example"}}"#, "`acme`: `base_urls.own`: "),
            (r#"{"id":"acme","oauth":{"grace_secs":3601}}"#, "`acme`: `oauth.grace_secs` "),
        ] {
            let why = merge_file(format!(r#"{{"providers":[{rows}]}}"#).as_bytes()).unwrap_err();
            assert!(why.starts_with(place), "{rows}: {why}");
        }
    }

    #[test]
    fn law_13_an_error_says_where_and_quotes_nothing() {
        for file in [
            r#"{"providers":[{"id":"acme","auth":"sk-live-0123456789"}]}"#,
            r#"{"providers":[{"id":"acme","sk-live-0123456789":1}]}"#,
            r#"{"providers":"sk-live-0123456789"}"#,
            r#"{"providers":[{"id":"sk-live-0123456789","auth":1}]}"#,
            r#"{"providers":[{"id":"acme","env":{"sk-live-0123456789":[]}}]}"#,
            r#"{"providers":[{"id":"acme","env":{"api_key":["A",{"sk-live-0123456789":1}]}}]}"#,
        ] {
            let why = merge_file(file.as_bytes()).unwrap_err();
            assert!(!why.contains("sk-live"), "{why}");
            assert!(why.contains("line 1, column "), "{why}");
        }
    }
}
