//! What others use for the same: one read of a stored token and one change that is stored, beside ours. What isn't here is left out by
//! a row that says why.

use std::cell::RefCell;
use std::path::Path;

use crate::case::{Case, measure};
use crate::crowd::naive;
use crate::peer::msal::Msal;
use crate::row::Row;
use crate::store::{self, PROVIDER};
use crate::{Failure, Setup};

const PART: &str = "peers";
const READ: &str = "a read of a stored token";
const WRITE: &str = "a change that is stored, on disk";
const OWN_READ: &str = "Latch::current on files";
const OWN_WRITE: &str = "Latch::set";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let place = setup.on_disk()?;
    let mut left_out = Vec::new();
    let msal = running(&mut left_out, "msal-extensions", Msal::start(&setup.built, &place.path().join("msal.json")))
        .map(RefCell::new);
    let (reads, writes) = with_msal(msal.as_ref());
    let mut rows = beside_ours(setup, place.path(), reads, writes, &mut left_out)?;
    rows.extend(left_out);
    Ok(rows)
}

/// A peer that runs, or a row that says why it doesn't.
fn running<T>(left_out: &mut Vec<Row>, name: &str, peer: Result<T, Failure>) -> Option<T> {
    match peer {
        Ok(peer) => Some(peer),
        Err(why) => {
            left_out.push(Row::left_out(PART, READ, name, why.to_string()));
            None
        }
    }
}

fn with_msal(msal: Option<&RefCell<Msal>>) -> (Vec<Case<'_>>, Vec<Case<'_>>) {
    let Some(msal) = msal else { return (Vec::new(), Vec::new()) };
    let once = |what: &'static str| move || vec![msal.borrow_mut().once(what).unwrap()];
    let read = Case::once("msal-extensions (Python), PersistedTokenCache::search", once("read")).beside(OWN_READ);
    (
        vec![read],
        vec![
            Case::once("msal-extensions (Python), PersistedTokenCache::add: in place, nothing synced", once("write"))
                .beside(OWN_WRITE),
        ],
    )
}

/// Ours and the naive writer first, then whoever else is here.
fn ours<'a>(place: &Path, turn: &'a RefCell<usize>) -> Result<(Vec<Case<'a>>, Vec<Case<'a>>), Failure> {
    let latch = store::ordinary(&place.join("home"), "one")?;
    let reader = latch.clone();
    let naive = place.join("naive");
    std::fs::create_dir(&naive)?;
    naive::set(&naive, 0)?;
    let document = naive::document(&naive);
    let reads = vec![
        Case::quick(OWN_READ, move || reader.current(PROVIDER).unwrap()),
        Case::quick("naive: read and parse the file", move || store::read_and_parse(&document)).beside(OWN_READ),
    ];
    let writes = vec![
        Case::slow(OWN_WRITE, move || latch.set(PROVIDER, store::key(next(turn))).unwrap()),
        Case::slow("naive: flock, read, a new file, fsync, rename, fsync", move || {
            naive::replace(&naive, next(turn)).unwrap()
        })
        .beside(OWN_WRITE),
    ];
    Ok((reads, writes))
}

fn next(turn: &RefCell<usize>) -> usize {
    *turn.borrow_mut() += 1;
    *turn.borrow()
}

#[cfg(not(feature = "peers"))]
fn beside_ours(
    setup: &Setup,
    place: &Path,
    reads: Vec<Case<'_>>,
    writes: Vec<Case<'_>>,
    left_out: &mut Vec<Row>,
) -> Result<Vec<Row>, Failure> {
    for name in ["SQLite", "keyring", "dbx-tools-auth", "xdk-rs"] {
        left_out.push(Row::left_out(PART, READ, name, "built without the feature `peers`"));
    }
    let turn = RefCell::new(0);
    let (mut all_reads, mut all_writes) = ours(place, &turn)?;
    all_reads.extend(reads);
    all_writes.extend(writes);
    Ok(both(setup, all_reads, all_writes))
}

#[cfg(feature = "peers")]
fn beside_ours(
    setup: &Setup,
    place: &Path,
    reads: Vec<Case<'_>>,
    writes: Vec<Case<'_>>,
    left_out: &mut Vec<Row>,
) -> Result<Vec<Row>, Failure> {
    use crate::peer::{dbx::Dbx, desktop::Desktop, sqlite::Sqlite, xdk::Xdk};

    let turn = RefCell::new(0);
    let sqlite = Sqlite::open(&place.join("keys.db"))?;
    let (mut writer, mut reader) = (sqlite.writer()?, sqlite.reader()?);
    writer.write("mm-0")?;
    let dbx = Dbx::open(&place.join("dbx"))?;
    let xdk = RefCell::new(Xdk::open(&place.join("xdk.yaml"))?);
    let desktop = running(left_out, "keyring", Desktop::open());

    let (mut all_reads, mut all_writes) = ours(place, &turn)?;
    let text = || store::key(next(&turn)).expose_secret().to_owned();
    all_reads.extend([
        Case::quick("SQLite (WAL), a prepared SELECT", || reader.read().unwrap()).beside(OWN_READ),
        Case::quick("dbx-tools-auth, AuthClient::token", || dbx.read().unwrap()).beside(OWN_READ),
        Case::quick("xdk-rs, what it knew when it was opened", || xdk.borrow().read().unwrap()).beside(OWN_READ),
        Case::quick("xdk-rs, read anew", || xdk.borrow().read_anew().unwrap()).beside(OWN_READ),
    ]);
    all_writes.extend([
        Case::slow("SQLite (WAL, synchronous FULL), a prepared INSERT", || writer.write(&text()).unwrap())
            .beside(OWN_WRITE),
        Case::slow("dbx-tools-auth, AuthClient::force_refresh, its issuer answers at once", || dbx.write().unwrap())
            .beside(OWN_WRITE),
        Case::slow("xdk-rs, save_bearer_token", || xdk.borrow_mut().write(&text()).unwrap()).beside(OWN_WRITE),
    ]);
    if let Some(desktop) = &desktop {
        all_reads.push(Case::slow("keyring, Entry::get_password", || desktop.read().unwrap()).beside(OWN_READ));
        all_writes
            .push(Case::slow("keyring, Entry::set_password", || desktop.write(&text()).unwrap()).beside(OWN_WRITE));
    }
    all_reads.extend(reads);
    all_writes.extend(writes);
    Ok(both(setup, all_reads, all_writes))
}

fn both(setup: &Setup, reads: Vec<Case<'_>>, writes: Vec<Case<'_>>) -> Vec<Row> {
    let mut rows = measure(PART, READ, 0, setup.rounds, reads);
    rows.extend(measure(PART, WRITE, 0, setup.slow_rounds, writes));
    rows
}
