//! SQLite, as one would use it for this: a table of keys in WAL mode, with every commit durable.

use std::path::Path;

use rusqlite::{Connection, Statement, params};

use crate::Failure;

/// An open database.
pub struct Sqlite(Connection);

impl Sqlite {
    /// Makes one.
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute("CREATE TABLE keys (provider TEXT PRIMARY KEY, secret TEXT NOT NULL) WITHOUT ROWID", [])?;
        Ok(Self(connection))
    }

    /// What stores the key; prepared once, as reads are.
    pub fn writer(&self) -> Result<Writer<'_>, Failure> {
        Ok(Writer(self.0.prepare("INSERT OR REPLACE INTO keys VALUES (?1, ?2)")?))
    }

    /// What reads it.
    pub fn reader(&self) -> Result<Reader<'_>, Failure> {
        Ok(Reader(self.0.prepare("SELECT secret FROM keys WHERE provider = ?1")?))
    }
}

/// A prepared statement that writes.
pub struct Writer<'a>(Statement<'a>);

impl Writer<'_> {
    /// Stores the key, durably.
    pub fn write(&mut self, secret: &str) -> Result<(), Failure> {
        self.0.execute(params!["minimax", secret])?;
        Ok(())
    }
}

/// A prepared statement that reads.
pub struct Reader<'a>(Statement<'a>);

impl Reader<'_> {
    /// Reads the key.
    pub fn read(&mut self) -> Result<String, Failure> {
        Ok(self.0.query_row(params!["minimax"], |row| row.get(0))?)
    }
}
