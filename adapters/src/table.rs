//! The provider table: the rows that ship, and a user's file beside them.

use std::sync::OnceLock;

use credlatch_core::provider::{BUILT_IN_JSON, Table, TableFile};

#[cfg(all(feature = "file", unix))]
use crate::error::{Error, ErrorKind};

/// The table that ships.
pub(crate) fn built_in() -> Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let parse = || {
        let rows = serde_json::from_str::<TableFile>(BUILT_IN_JSON).map(|file| Table::new(file.providers));
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
    let refuse = |why: String| {
        let what = format!("the provider file {} can't be used: {why}", path.display());
        Error::new(ErrorKind::Usage, what, "mend the file; `credlatch providers --json` shows the form of a row")
    };
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let rows: TableFile = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    built_in().merge(rows.providers).map_err(|bad| refuse(bad.to_string()))
}
