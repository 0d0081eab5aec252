//! The database: its tables, connections to it, how far it may grow, and what its errors mean.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use credlatch::store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode};

/// Documents, acts with what is told of them, and what is reserved; the filler is there to try a full database out.
pub(crate) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS documents (profile TEXT PRIMARY KEY, id INTEGER NOT NULL, document BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS acts (profile TEXT NOT NULL, act TEXT PRIMARY KEY, note BLOB, answer BLOB);
    CREATE TABLE IF NOT EXISTS reserved (act TEXT NOT NULL, what TEXT NOT NULL, zeros BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS filler (zeros BLOB NOT NULL);";
/// As many pages as SQLite allows.
const ANY_PAGES: u32 = u32::MAX - 1;

/// The profiles in one database. Clones are the same.
#[derive(Clone)]
pub(crate) struct Sqlite {
    pub(crate) path: PathBuf,
    /// How many pages the database may have.
    most_pages: Arc<AtomicU32>,
}

impl Sqlite {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, most_pages: Arc::new(AtomicU32::new(ANY_PAGES)) }
    }

    /// A connection to this one.
    pub(crate) fn open(&self, patience: Duration) -> Result<Connection, rusqlite::Error> {
        let connection = open(&self.path, patience)?;
        self.limit(&connection)?;
        Ok(connection)
    }

    /// Lets the database grow to as many pages as it may have by now; SQLite remembers that for each connection.
    pub(crate) fn limit(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let most = self.most_pages.load(Ordering::Relaxed);
        connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))
    }

    /// Leaves the database no page that is free, or lets it grow again.
    pub(crate) fn fill(&self, is_full: bool) -> Result<(), rusqlite::Error> {
        self.most_pages.store(ANY_PAGES, Ordering::Relaxed);
        let connection = self.open(Duration::from_secs(10))?;
        if !is_full {
            return connection.execute("DELETE FROM filler", []).map(drop);
        }
        let pages = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        self.most_pages.store(pages, Ordering::Relaxed);
        self.limit(&connection)?;
        for bytes in [64 * 1024, 4096, 256] {
            while fits(connection.execute("INSERT INTO filler VALUES (zeroblob(?1))", [bytes]))? {}
        }
        Ok(())
    }
}

/// Whether there was space for it.
fn fits(inserted: Result<usize, rusqlite::Error>) -> Result<bool, rusqlite::Error> {
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(false),
        inserted => inserted.map(|_| true),
    }
}

/// A connection to any database, which waits so long for whoever writes.
pub(crate) fn open(path: &Path, patience: Duration) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(patience)?;
    Ok(connection)
}

/// Keeps others from writing, as long as the connection is open or until the transaction ends.
pub(crate) fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")
}

/// What a person is told of an error of SQLite, and what to do.
pub(crate) fn error(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| {
        use StoreErrorKind as Kind;
        let (kind, remedy) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (Kind::Busy, "try again"),
            Some(ErrorCode::DiskFull) => (Kind::Full, "free some space, then try again"),
            Some(ErrorCode::ReadOnly) => (Kind::ReadOnly, "give the database to this user, with its directory"),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => (Kind::Unreachable, "look at its file system"),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (Kind::Unreadable, "restore the database"),
            _ => (Kind::Failed, "look at the database with the command sqlite3"),
        };
        // SQLite's own message names tables and paths, and never a value.
        StoreError::new(kind, format!("the database {path} failed: {error}"), remedy)
    }
}
