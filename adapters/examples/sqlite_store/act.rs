//! An act: SQLite doesn't tell whether another process lives, so it has a small database of its own, in which its guard keeps a
//! transaction open. The kernel ends that with the process.
//!
//! What an act will have to write has its space before it begins: pages of the large database. So it holds where a limit of pages is
//! what is reached; the write-ahead log needs space of its own on the disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use credlatch::store::{ActGuard, ActId, ActRecord, StoreError};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use crate::database::{self, Sqlite, error, open};

/// What is reserved for a note, and for an answer, in bytes; each more than it needs, because pages are what is reserved.
const FOR_NOTE: usize = 8 * 1024;
const FOR_ANSWER: usize = 32 * 1024;
/// What a commit needs beside the bytes that its document grows by.
const FOR_PAGES: usize = 8 * 1024;

/// The database by whose lock an act is alive.
fn sign(database: &Path, act: ActId) -> PathBuf {
    database.with_extension(format!("{act}.act"))
}

/// Whether somebody keeps a transaction open there.
fn is_alive(database: &Path, act: ActId) -> Result<bool, rusqlite::Error> {
    let sign = sign(database, act);
    if !sign.exists() {
        return Ok(false);
    }
    match database::begin(&open(&sign, Duration::ZERO)?) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(true),
        begun => begun.map(|()| false),
    }
}

/// What is told of an act, and whether it lives.
pub(crate) fn look(reader: &Connection, database: &Path, act: ActId) -> Result<Option<ActRecord>, rusqlite::Error> {
    // Whether it lives is asked first: what is told of one that is over is all there is.
    let is_alive = is_alive(database, act)?;
    let mut select = reader.prepare_cached("SELECT note, answer FROM acts WHERE act = ?1")?;
    let told = |row: &rusqlite::Row<'_>| {
        let answer = row.get::<_, Option<Vec<u8>>>(1)?.map(Into::into);
        Ok(ActRecord { is_alive, note: row.get(0)?, answer })
    };
    select.query_row([act.to_string()], told).optional()
}

/// Gives back what was set aside for an act and isn't used yet: to the commit that settles it, in the same transaction.
pub(crate) fn release(connection: &Connection, act: &str) -> Result<(), rusqlite::Error> {
    connection.execute("DELETE FROM reserved WHERE act = ?1", [act]).map(drop)
}

/// Forgets the acts of a profile that no document names any more and nobody is at.
pub(crate) fn forget(
    connection: &Connection,
    database: &Path,
    profile: &str,
    named: &[ActId],
) -> Result<(), rusqlite::Error> {
    let mut select = connection.prepare("SELECT act FROM acts WHERE profile = ?1")?;
    let acts = select.query_map([profile], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    for name in acts {
        let Ok(act) = u128::from_str_radix(&name, 16).map(ActId) else { continue };
        if !named.contains(&act) && !is_alive(database, act)? {
            connection.execute("DELETE FROM acts WHERE act = ?1", [&name])?;
            release(connection, &name)?;
            let _ = std::fs::remove_file(sign(database, act));
        }
    }
    Ok(())
}

/// Keeps an act alive.
pub(crate) struct Guard {
    home: Sqlite,
    act: String,
    connection: Mutex<Connection>,
    /// Its open transaction is the sign of life.
    _sign: Mutex<Connection>,
}

impl Guard {
    /// Begins an act of a profile, with space for a commit of so many bytes and for what is told meanwhile.
    pub(crate) fn begin(home: &Sqlite, profile: &str, act: ActId, bytes: usize) -> Result<Self, rusqlite::Error> {
        let place = sign(&home.path, act);
        let begin = || {
            let sign = open(&place, Duration::ZERO)?;
            database::begin(&sign)?;
            let mut connection = home.open(Duration::from_secs(10))?;
            let (home, act) = (home.clone(), act.to_string());
            let beginning = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            beginning.execute("INSERT INTO acts (profile, act) VALUES (?1, ?2)", params![profile, act])?;
            reserve(&beginning, &act, bytes)?;
            beginning.commit()?;
            Ok(Self { home, act, connection: Mutex::new(connection), _sign: Mutex::new(sign) })
        };
        begin().inspect_err(|_| drop(std::fs::remove_file(&place)))
    }

    /// Writes what is told, in the space that was reserved for it.
    fn tell(&self, what: &str, told: Option<&[u8]>) -> Result<(), StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut write = || {
            self.home.limit(&connection)?;
            let telling = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            telling.execute("DELETE FROM reserved WHERE act = ?1 AND what = ?2", params![self.act, what])?;
            telling.execute(&format!("UPDATE acts SET {what} = ?2 WHERE act = ?1"), params![self.act, told])?;
            telling.commit()
        };
        write().map_err(error(&self.home.path))
    }
}

impl ActGuard for Guard {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        self.tell("note", Some(note))
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        self.tell("answer", Some(answer))
    }

    fn wipe(&self) {
        let _ = self.tell("answer", None);
    }
}

/// Sets space aside for an act, by what it is for, in rows of their own: to delete one needs no space, and what is written in the
/// same transaction finds its pages free.
fn reserve(connection: &Connection, act: &str, bytes: usize) -> Result<(), rusqlite::Error> {
    for (what, bytes) in [("note", FOR_NOTE), ("answer", FOR_ANSWER), ("commit", bytes + FOR_PAGES)] {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        connection.execute("INSERT INTO reserved VALUES (?1, ?2, zeroblob(?3))", params![act, what, bytes])?;
    }
    Ok(())
}
