//! Commits, locks and profiles.

use std::thread;
use std::time::{Duration, Instant};

use super::acts::{begin, commit_naming, record};
use super::case::{Case, CheckResult, LONG, count, document, expect, id, must_put, number, put, said};
use crate::store::{ByteStore, Commit, CommitError, CommitId, SecretBytes, StoreErrorKind};

/// How many threads count at once, and how far each.
const THREADS: u64 = 4;
const COUNTS: u64 = 12;
/// What a patience may be overrun by, on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

pub(super) fn nothing_is_none(case: &Case<'_>) -> CheckResult {
    let store = case.open()?;
    let read = store.read().map_err(said("reading"))?;
    expect(read.is_none(), || "a document was read where nothing was committed".to_owned())?;
    let word = store.current_commit().map_err(said("asking for the current commit"))?;
    expect(word.is_none(), || format!("commit {word:?} is current where nothing was committed"))?;
    let locked = store.lock(LONG).map_err(said("locking"))?.read().map_err(said("reading under the lock"))?;
    expect(locked.is_none(), || "a document was read under the lock where nothing was committed".to_owned())?;
    Ok(None)
}

pub(super) fn whole(case: &Case<'_>) -> CheckResult {
    let (writer, reader) = (case.open()?, case.open()?);
    let every_byte: Vec<u8> = (0..=u8::MAX).chain((0..=u8::MAX).rev()).collect();
    let large: Vec<u8> = (0..case.suite.largest).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
    let mut replaces = None;
    // The same once more is another commit, and a line break at the end belongs to it.
    for bytes in [b"x".to_vec(), every_byte, large, b"short again\n".to_vec(), b"short again\n".to_vec()] {
        let (next, bytes) = (CommitId::fresh(), SecretBytes::from(bytes));
        let commit = Commit::new(replaces, next, &bytes);
        let committed = writer.lock(LONG).map_err(said("locking"))?.commit(&commit);
        committed.map_err(|error| format!("a commit of {} bytes failed: {error}", bytes.len()))?;
        let locked = reader.lock(LONG).map_err(said("locking"))?.read().map_err(said("reading under the lock"))?;
        let anew = case.open()?.read().map_err(said("reading"))?;
        for read in [reader.read().map_err(said("reading"))?, locked, anew] {
            let is_it = read.as_ref().is_some_and(|read| read.id == next && read.document == bytes);
            expect(is_it, || format!("of a commit of {} bytes {read:?} was read", bytes.len()))?;
        }
        replaces = Some(next);
    }
    Ok(None)
}

pub(super) fn compares(case: &Case<'_>) -> CheckResult {
    let store = case.open()?;
    refused(&*store, Some(1), None)?;
    must_put(&*store, None, 1)?;
    must_put(&*store, Some(1), 2)?;
    for stale in [None, Some(1), Some(7)] {
        refused(&*store, stale, Some(2))?;
    }
    Ok(None)
}

/// A commit in the place of one that doesn't stand is refused, and leaves what does, for whoever reads it or asks for the word.
fn refused(store: &dyn ByteStore, stale: Option<u64>, stood: Option<u64>) -> Result<(), String> {
    match put(store, stale, 3) {
        Err(CommitError::NotSaved(error)) if error.kind == StoreErrorKind::Busy => {}
        other => return Err(format!("a commit in the place of {stale:?}, which doesn't stand, came to {other:?}")),
    }
    let stands = store.read().map_err(said("reading"))?.map(|stands| stands.id);
    let word = store.current_commit().map_err(said("asking for the current commit"))?;
    let is_so = stands == stood.map(id) && word != Some(id(3));
    expect(is_so, || "a refused commit changed what stands, or the word".to_owned())
}

pub(super) fn none_is_lost(case: &Case<'_>) -> CheckResult {
    thread::scope(|scope| {
        let counting = || (0..COUNTS).try_for_each(|_| count(&*case.open()?));
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(counting)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
    })?;
    let counted = number(case.open()?.read().map_err(said("reading"))?.as_ref())?;
    expect(counted == THREADS * COUNTS, || format!("{counted} of {} commits are left", THREADS * COUNTS))?;
    Ok(None)
}

pub(super) fn busy_in_time(case: &Case<'_>) -> CheckResult {
    let (holder, other) = (case.open()?, case.open()?);
    must_put(&*holder, None, 1)?;
    let _held = holder.lock(LONG).map_err(said("locking"))?;
    let began = Instant::now();
    let second = thread::scope(|scope| {
        // A guard is no thread's but its own: only what came of it is told.
        scope.spawn(|| other.lock(Duration::from_millis(50)).map(drop)).join()
    });
    match second {
        // A store without locks gives one at once, and compares.
        Ok(Ok(())) => {}
        Ok(Err(error)) => expect(error.kind == StoreErrorKind::Busy, || said("locking what is locked")(error))?,
        Err(_) => return Err("locking what is locked panicked".to_owned()),
    }
    expect(began.elapsed() < SLACK, || format!("a patience of 50 ms lasted {:?}", began.elapsed()))?;
    Ok(None)
}

pub(super) fn apart(case: &Case<'_>) -> CheckResult {
    let long = "x".repeat(39);
    // A name has up to 64 characters, and these differ in one of them.
    let pairs = [
        ("-a".to_owned(), "-b".to_owned()),
        (".a".to_owned(), "_a".to_owned()),
        (format!("{long}a"), format!("{long}b")),
    ];
    for (one, other) in pairs {
        let (one, other) = (case.open_of(&case.another(&one)?)?, case.open_of(&case.another(&other)?)?);
        let (act, guard) = begin(&*other)?;
        must_put(&*one, None, 1)?;
        commit_naming(&*other, None, 2, &[act])?;
        drop(guard);
        let was = record(&*other, act)?;
        must_put(&*one, Some(1), 3)?;
        let stands = other.read().map_err(said("reading"))?;
        let is_so = stands.is_some_and(|stands| stands.document == document(2)) && record(&*other, act)? == was;
        expect(is_so, || "a commit to one profile changed another, or an act of it".to_owned())?;
    }
    Ok(None)
}

pub(super) fn listed(case: &Case<'_>) -> CheckResult {
    let (written, opened) = (case.another("-a")?, case.another("-b")?);
    must_put(&*case.open_of(&written)?, None, 1)?;
    case.open_of(&opened)?.read().map_err(said("reading"))?;
    let Some(list) = case.home().profiles().map_err(said("listing the profiles"))? else {
        return Ok(Some("the store lists no profiles"));
    };
    expect(list.contains(&written), || "a profile that was written is not listed".to_owned())?;
    expect(!list.contains(&opened), || "a profile that was only read is listed".to_owned())?;
    Ok(None)
}

pub(super) fn one_name(case: &Case<'_>) -> CheckResult {
    let (one, again, other) = (case.open()?.name(), case.open()?.name(), case.open_of(&case.another("-b")?)?.name());
    expect(one == again, || format!("handles on one profile are called {one} and {again}"))?;
    expect(one != other, || format!("two profiles are called {one}"))?;
    Ok(None)
}
