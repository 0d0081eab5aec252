//! A store in SQLite, for any number of processes of one machine: `cargo run -p credlatch --example sqlite_store --features sqlite-example`.
//!
//! It opens a latch over a database, stores and reads a key, and has the suite look whether the store keeps its contract. A
//! document is a row, replaced in a transaction. SQLite doesn't tell whether another process lives, so an act has a small
//! database of its own, in which its guard keeps a transaction open: the kernel ends that with the process. What is reserved is
//! pages of the database, so it holds where a limit of pages is what is reached; the write-ahead log needs space of its own on the
//! disk.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credlatch::conformance::Suite;
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, StoreError, StoreErrorKind,
    StoreHome, Stored,
};
use credlatch::{Latch, Profile, Secret};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS documents (profile TEXT PRIMARY KEY, id INTEGER NOT NULL, document BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS acts (profile TEXT NOT NULL, act TEXT PRIMARY KEY, note BLOB, answer BLOB);
    CREATE TABLE IF NOT EXISTS reserved (act TEXT NOT NULL, what TEXT NOT NULL, zeros BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS filler (zeros BLOB NOT NULL);";
/// What is reserved for a note, and for an answer, in bytes; each more than it needs, because pages are what is reserved.
const FOR_NOTE: usize = 8 * 1024;
const FOR_ANSWER: usize = 32 * 1024;
/// What a commit needs beside the bytes that its document grows by.
const FOR_PAGES: usize = 8 * 1024;
/// As many pages as SQLite allows.
const ANY_PAGES: u32 = u32::MAX - 1;

/// The profiles in one database. Clones are the same.
#[derive(Clone)]
struct Sqlite {
    path: PathBuf,
    /// How many pages the database may have.
    most_pages: Arc<AtomicU32>,
}

/// One of them.
struct Store {
    home: Sqlite,
    path: PathBuf,
    profile: String,
    reader: Mutex<Connection>,
}

fn error(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
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

fn open(path: &Path, patience: Duration) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(patience)?;
    Ok(connection)
}

/// Keeps others from writing, as long as the connection is open or until the transaction ends.
fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")
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

impl Sqlite {
    fn new(path: PathBuf) -> Self {
        Self { path, most_pages: Arc::new(AtomicU32::new(ANY_PAGES)) }
    }

    fn open(&self, patience: Duration) -> Result<Connection, rusqlite::Error> {
        let connection = open(&self.path, patience)?;
        self.limit(&connection)?;
        Ok(connection)
    }

    /// Lets the database grow to as many pages as it may have by now; SQLite remembers that for each connection.
    fn limit(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let most = self.most_pages.load(Ordering::Relaxed);
        connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))
    }

    /// Leaves the database no page that is free, or lets it grow again.
    fn fill(&self, is_full: bool) -> Result<(), rusqlite::Error> {
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

/// Sets space aside for an act, by what it is for, in rows of their own: to delete one needs no space, and what is written in the
/// same transaction finds its pages free.
fn reserve(connection: &Connection, act: &str, bytes: usize) -> Result<(), rusqlite::Error> {
    for (what, bytes) in [("note", FOR_NOTE), ("answer", FOR_ANSWER), ("commit", bytes + FOR_PAGES)] {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        connection.execute("INSERT INTO reserved VALUES (?1, ?2, zeroblob(?3))", params![act, what, bytes])?;
    }
    Ok(())
}

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
        Ok(Arc::new(Store { home: self.clone(), path: self.path.clone(), profile: profile.to_string(), reader }))
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

impl Store {
    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database by whose lock an act is alive.
    fn sign(&self, act: ActId) -> PathBuf {
        self.path.with_extension(format!("{act}.act"))
    }

    /// Whether somebody keeps a transaction open there.
    fn is_alive(&self, act: ActId) -> Result<bool, rusqlite::Error> {
        let sign = self.sign(act);
        if !sign.exists() {
            return Ok(false);
        }
        match begin(&open(&sign, Duration::ZERO)?) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(true),
            begun => begun.map(|()| false),
        }
    }
}

impl ByteStore for Store {
    fn name(&self) -> String {
        format!("the database {}, profile {}", self.path.display(), self.profile)
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        let reader = self.reader();
        let ask = || {
            let mut select = reader.prepare_cached("SELECT id FROM documents WHERE profile = ?1")?;
            select.query_row([&self.profile], |row| row.get(0)).optional()
        };
        Ok(ask().map_err(error(&self.path))?.and_then(id_of))
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        stored(&self.reader(), &self.profile).map_err(error(&self.path))
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        let lock = || {
            let connection = self.home.open(patience)?;
            begin(&connection)?;
            Ok(connection)
        };
        Ok(Box::new(Locked { store: self, connection: lock().map_err(error(&self.path))?, is_over: false }))
    }

    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        let begin = || {
            let sign = open(&self.sign(act), Duration::ZERO)?;
            begin(&sign)?;
            let mut connection = self.home.open(Duration::from_secs(10))?;
            let (home, act) = (self.home.clone(), act.to_string());
            let beginning = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            beginning.execute("INSERT INTO acts (profile, act) VALUES (?1, ?2)", params![self.profile, act])?;
            reserve(&beginning, &act, bytes)?;
            beginning.commit()?;
            Ok(Guard { home, act, connection: Mutex::new(connection), _sign: Mutex::new(sign) })
        };
        let guard = begin().inspect_err(|_| drop(std::fs::remove_file(self.sign(act))));
        Ok(Box::new(guard.map_err(error(&self.path))?))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        let look = || {
            // Whether it lives is asked first: what is told of one that is over is all there is.
            let is_alive = self.is_alive(act)?;
            let reader = self.reader();
            let mut select = reader.prepare_cached("SELECT note, answer FROM acts WHERE act = ?1")?;
            let told = |row: &rusqlite::Row<'_>| {
                let answer = row.get::<_, Option<Vec<u8>>>(1)?.map(Into::into);
                Ok(ActRecord { is_alive, note: row.get(0)?, answer })
            };
            select.query_row([act.to_string()], told).optional()
        };
        look().map_err(error(&self.path))
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
            connection.execute("DELETE FROM reserved WHERE act = ?1", [act.to_string()])?;
        }
        let replace = "INSERT OR REPLACE INTO documents (profile, id, document) VALUES (?1, ?2, ?3)";
        connection.execute(replace, params![profile, number_of(commit.id), &**commit.document])?;
        let mut select = connection.prepare("SELECT act FROM acts WHERE profile = ?1")?;
        let acts = select.query_map([profile], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        for name in acts {
            let Ok(act) = u128::from_str_radix(&name, 16).map(ActId) else { continue };
            if !commit.named.contains(&act) && !self.store.is_alive(act)? {
                connection.execute("DELETE FROM acts WHERE act = ?1", [&name])?;
                connection.execute("DELETE FROM reserved WHERE act = ?1", [&name])?;
                let _ = std::fs::remove_file(self.store.sign(act));
            }
        }
        Ok(true)
    }
}

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let read = self.again().and_then(|()| stored(&self.connection, &self.store.profile));
        read.map_err(error(&self.store.path))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let error = error(&self.store.path);
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

struct Guard {
    home: Sqlite,
    act: String,
    connection: Mutex<Connection>,
    /// Its open transaction is the sign of life.
    _sign: Mutex<Connection>,
}

impl Guard {
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

/// What is in it holds secrets, and SQLite makes its files as anybody's.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn main() -> Result<(), Box<dyn Error>> {
    let place = match std::env::var_os("SQLITE_STORE_EXAMPLE") {
        Some(place) => PathBuf::from(place),
        None => std::env::temp_dir().join(format!("credlatch-sqlite-{}", std::process::id())),
    };
    make_private(&place)?;
    let database = place.join("app.db");
    let program = std::env::current_exe()?;
    let home = Sqlite::new(database);
    let suite = Suite::new(|| Arc::new(home.clone()) as Arc<dyn StoreHome>)
        .filling(|_, is_full| home.fill(is_full).expect("the database takes a limit"))
        .processes(|| {
            let mut command = Command::new(&program);
            command.env("SQLITE_STORE_EXAMPLE", &place);
            command
        });
    if suite.serve() {
        return Ok(());
    }

    let latch = Latch::builder().stores(home.clone()).profile(Profile::new("work")?).open()?;
    latch.set("minimax", Secret::try_from("mm-made-up-1")?)?;
    println!("version {} is current", latch.current("minimax")?.version());

    let report = suite.run();
    println!("{report}");
    std::fs::remove_dir_all(&place)?;
    if report.is_kept() { Ok(()) } else { Err("the store breaks its contract".into()) }
}
