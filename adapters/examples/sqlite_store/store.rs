//! A document is a row, and whoever has the lock has the one transaction that writes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credlatch::Profile;
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, StoreError, StoreErrorKind,
    StoreHome, Stored,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::act::{self, Guard};
use crate::database::{Sqlite, TABLES, begin, error};

impl StoreHome for Sqlite {
    fn store(&self, profile: &Profile) -> Result<Arc<dyn ByteStore>, StoreError> {
        let connect = || {
            let reader = self.open(Duration::from_secs(10))?;
            // Readers of a database in this mode wait for no writer.
            reader.pragma_update(None, "journal_mode", "wal")?;
            reader.execute_batch(TABLES)?;
            Ok(reader)
        };
        let reader = Mutex::new(connect().map_err(error(&self.path))?);
        Ok(Arc::new(Store { home: self.clone(), profile: profile.to_string(), reader }))
    }

    fn profiles(&self) -> Result<Option<Vec<Profile>>, StoreError> {
        let list = || {
            let connection = self.open(Duration::from_secs(10))?;
            let mut select = connection.prepare("SELECT profile FROM documents ORDER BY profile")?;
            select.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
        };
        let names = list().map_err(error(&self.path))?;
        Ok(Some(names.iter().filter_map(|name| Profile::new(name).ok()).collect()))
    }
}

/// One profile.
struct Store {
    home: Sqlite,
    profile: String,
    reader: Mutex<Connection>,
}

impl Store {
    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByteStore for Store {
    fn name(&self) -> String {
        format!("the database {}, profile {}", self.home.path.display(), self.profile)
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        let reader = self.reader();
        let ask = || {
            let mut select = reader.prepare_cached("SELECT id FROM documents WHERE profile = ?1")?;
            select.query_row([&self.profile], |row| row.get(0)).optional()
        };
        Ok(ask().map_err(error(&self.home.path))?.and_then(id_of))
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        stored(&self.reader(), &self.profile).map_err(error(&self.home.path))
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        let lock = || {
            let connection = self.home.open(patience)?;
            begin(&connection)?;
            Ok(connection)
        };
        Ok(Box::new(Locked { store: self, connection: lock().map_err(error(&self.home.path))?, is_over: false }))
    }

    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        let guard = Guard::begin(&self.home, &self.profile, act, bytes);
        Ok(Box::new(guard.map_err(error(&self.home.path))?))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        act::look(&self.reader(), &self.home.path, act).map_err(error(&self.home.path))
    }
}

struct Locked<'a> {
    store: &'a Store,
    connection: Connection,
    /// Whether the commit of this lock was made: the transaction is over then, and the next one is another's turn.
    is_over: bool,
}

impl Locked<'_> {
    fn again(&mut self) -> Result<(), rusqlite::Error> {
        if std::mem::take(&mut self.is_over) { begin(&self.connection) } else { Ok(()) }
    }

    /// Writes all but the end of the transaction; false if another commit stands.
    fn write(&mut self, commit: &Commit<'_>) -> Result<bool, rusqlite::Error> {
        self.again()?;
        let (profile, connection) = (&self.store.profile, &self.connection);
        if stored(connection, profile)?.map(|stored| stored.id) != commit.replaces {
            return Ok(false);
        }
        if let Some(act) = commit.settles {
            act::release(connection, &act.to_string())?;
        }
        let replace = "INSERT OR REPLACE INTO documents (profile, id, document) VALUES (?1, ?2, ?3)";
        connection.execute(replace, params![profile, number_of(commit.id), &**commit.document])?;
        act::forget(connection, &self.store.home.path, profile, commit.named)?;
        Ok(true)
    }
}

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let read = self.again().and_then(|()| stored(&self.connection, &self.store.profile));
        read.map_err(error(&self.store.home.path))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let error = error(&self.store.home.path);
        match self.write(commit) {
            Ok(true) => {}
            Ok(false) => {
                let what = format!("{} was changed by somebody else", self.store.name());
                return Err(CommitError::NotSaved(StoreError::new(StoreErrorKind::Busy, what, "try again")));
            }
            Err(failed) => {
                let _ = self.connection.execute_batch("ROLLBACK");
                self.is_over = true;
                return Err(CommitError::NotSaved(error(failed)));
            }
        }
        self.is_over = true;
        // Of a transaction that failed to end nobody knows: the next one finds out.
        self.connection.execute_batch("COMMIT").map_err(|failed| CommitError::Unknown(error(failed)))
    }
}

fn stored(connection: &Connection, profile: &str) -> Result<Option<Stored>, rusqlite::Error> {
    let mut select = connection.prepare_cached("SELECT id, document FROM documents WHERE profile = ?1")?;
    let row = select.query_row([profile], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).optional()?;
    Ok(row.and_then(|(id, document)| Some(Stored { id: id_of(id)?, document: document.into() })))
}

fn id_of(number: i64) -> Option<CommitId> {
    CommitId::new(u64::try_from(number).ok()?)
}

fn number_of(id: CommitId) -> i64 {
    i64::try_from(id.get()).unwrap_or(i64::MAX)
}
