//! Acts: whether they live, and what they were told.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::case::{Case, CheckResult, LONG, document, expect, id, must_put, said};
use crate::store::{ActGuard, ActId, ActRecord, ByteStore, Commit};

/// A note and an answer as the library writes them, in size.
const NOTE: &[u8] =
    br#"{"attempt":"000102030405060708090a0b0c0d0e0f","at":{"wall_ms":1800000000000,"up_ms":1,"boot":7}}"#;
const ANSWER_BYTES: usize = 18_000;
/// How long an act is watched: longer than a short lease.
const WATCHED: Duration = Duration::from_millis(2500);

pub(super) fn note_bytes() -> &'static [u8] {
    NOTE
}

pub(super) fn answer_bytes() -> Vec<u8> {
    (0..ANSWER_BYTES).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)).collect()
}

pub(super) fn begin(store: &dyn ByteStore) -> Result<(ActId, Box<dyn ActGuard>), String> {
    let act = ActId::fresh();
    Ok((act, store.begin_act(act, 24 * 1024).map_err(said("beginning an act"))?))
}

pub(super) fn record(store: &dyn ByteStore, act: ActId) -> Result<Option<ActRecord>, String> {
    store.act(act).map_err(said("looking at an act"))
}

pub(super) fn is_alive(store: &dyn ByteStore, act: ActId) -> Result<bool, String> {
    Ok(record(store, act)?.is_some_and(|record| record.is_alive))
}

/// Tells an act all that one is told.
fn tell(guard: &dyn ActGuard) -> Result<(), String> {
    guard.note(NOTE).map_err(said("noting"))?;
    guard.answer(b"answer").map_err(said("writing an answer down"))
}

/// A commit that names these acts.
pub(super) fn commit_naming(
    store: &dyn ByteStore,
    replaces: Option<u64>,
    next: u64,
    named: &[ActId],
) -> Result<(), String> {
    let document = document(next);
    let commit = Commit { named, ..Commit::new(replaces.map(id), id(next), &document) };
    let committed = store.lock(LONG).map_err(said("locking"))?.commit(&commit);
    committed.map_err(|error| format!("a commit failed: {error}"))
}

pub(super) fn lives(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    // The guard is all that stays: the thread that began it ends, and the handle goes.
    let begun = thread::spawn(move || begin(&*own)).join();
    let (act, guard) = begun.map_err(|_| "beginning an act panicked".to_owned())??;
    let anew = case.open()?;
    for wait in [Duration::ZERO, WATCHED] {
        thread::sleep(wait);
        for handle in [&anew, &other] {
            expect(is_alive(&**handle, act)?, || format!("an act is over though its guard is there, after {wait:?}"))?;
        }
    }
    drop(guard);
    Ok(None)
}

pub(super) fn ends(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    commit_naming(&*own, None, 1, &[act])?;
    drop(guard);
    for handle in [&own, &other] {
        expect(!is_alive(&**handle, act)?, || "an act is alive though its guard was dropped".to_owned())?;
    }
    Ok(None)
}

pub(super) fn unknown(case: &Case<'_>) -> CheckResult {
    let found = record(&*case.open()?, ActId::fresh())?;
    expect(found.is_none(), || "something is known of an act that was never begun".to_owned())?;
    Ok(None)
}

pub(super) fn note(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    commit_naming(&*own, None, 1, &[act])?;
    let noted = |store: &dyn ByteStore| Ok::<_, String>(record(store, act)?.and_then(|record| record.note));
    expect(noted(&*other)?.is_none(), || "there is a note before one was written".to_owned())?;
    guard.note(NOTE).map_err(said("noting"))?;
    let is_there = || Ok::<_, String>(noted(&*other)?.as_deref() == Some(NOTE));
    expect(is_there()?, || "a note is not there, as it was written, while its act goes on".to_owned())?;
    drop(guard);
    expect(is_there()?, || "a note is not there, as it was written, after its act".to_owned())?;
    Ok(None)
}

pub(super) fn answer(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    commit_naming(&*own, None, 1, &[act])?;
    let bytes = answer_bytes();
    let is_there = || {
        let found = record(&*other, act)?.and_then(|record| record.answer);
        Ok::<_, String>(found.is_some_and(|found| found[..] == bytes[..]))
    };
    let noted = || Ok::<_, String>(record(&*other, act)?.and_then(|record| record.note));
    guard.note(NOTE).map_err(said("noting"))?;
    let was = noted()?;
    guard.answer(&bytes).map_err(said("writing an answer down"))?;
    expect(is_there()?, || "an answer is not there, whole, while its act goes on".to_owned())?;
    expect(noted()? == was, || "an answer took the place of the note".to_owned())?;
    guard.sync().map_err(said("making sure of an answer"))?;
    drop(guard);
    expect(is_there()?, || "an answer is not there, whole, after its act".to_owned())?;
    Ok(None)
}

pub(super) fn wiped(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    tell(&*guard)?;
    let was = record(&*other, act)?.map(|record| ActRecord { answer: None, ..record });
    guard.wipe();
    let found = record(&*other, act)?;
    let is_so = found.as_ref().is_some_and(|record| record.is_alive) && found == was;
    expect(is_so, || "a wiped answer is still there, or its note is gone, or its act is over".to_owned())?;
    drop(guard);
    let is_back = record(&*other, act)?.is_some_and(|record| record.answer.is_some());
    expect(!is_back, || "a wiped answer is back when its act is over".to_owned())?;
    Ok(None)
}

pub(super) fn discarded(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    guard.discard();
    expect(!is_alive(&*other, act)?, || "a discarded act is alive".to_owned())?;
    Ok(None)
}

pub(super) fn apart(case: &Case<'_>) -> CheckResult {
    let store = case.open()?;
    let ((one, told), (other, _guard)) = (begin(&*store)?, begin(&*store)?);
    commit_naming(&*store, None, 1, &[one, other])?;
    tell(&*told)?;
    drop(told);
    let found = record(&*store, other)?;
    let is_so = found.is_some_and(|found| found.is_alive && found.note.is_none() && found.answer.is_none());
    expect(is_so, || "what one act was told, or its end, is seen of another".to_owned())?;
    Ok(None)
}

pub(super) fn keeps_named(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    commit_naming(&*own, None, 1, &[act])?;
    tell(&*guard)?;
    drop(guard);
    let was = record(&*other, act)?;
    commit_naming(&*other, Some(1), 2, &[act])?;
    let found = record(&*other, act)?;
    expect(found.is_some() && found == was, || {
        "the record of a named act is gone after a commit, or is another".to_owned()
    })?;
    Ok(None)
}

pub(super) fn keeps_living(case: &Case<'_>) -> CheckResult {
    let (own, other) = (case.open()?, case.open()?);
    let (act, guard) = begin(&*own)?;
    tell(&*guard)?;
    let was = record(&*other, act)?;
    must_put(&*other, None, 1)?;
    expect(is_alive(&*other, act)?, || "a commit ended an act that no document names yet".to_owned())?;
    expect(record(&*other, act)? == was, || "a commit changed what a living act was told".to_owned())?;
    drop(guard);
    Ok(None)
}

pub(super) fn wait_ends(case: &Case<'_>) -> CheckResult {
    let store = case.open()?;
    let (act, guard) = begin(&*store)?;
    let began = Instant::now();
    store.wait_for_act(act, Duration::from_millis(50));
    drop(guard);
    expect(began.elapsed() < Duration::from_secs(2), || format!("a patience of 50 ms lasted {:?}", began.elapsed()))?;
    Ok(None)
}

/// Whoever changes the document looks at the acts that it names while nobody else can settle them.
pub(super) fn told_under_lock(case: &Case<'_>) -> CheckResult {
    let (store, (tell, told)) = (case.open()?, mpsc::channel());
    let (act, _guard) = begin(&*store)?;
    // A store that waits for its own lock is left waiting, in a thread of its own.
    thread::spawn(move || {
        let looked = store.lock(LONG).map_err(said("locking")).and_then(|locked| {
            let looked = is_alive(&*store, act);
            drop(locked);
            looked
        });
        tell.send(looked)
    });
    let looked = told.recv_timeout(Duration::from_secs(3));
    let is_told = looked.map_err(|_| "whoever has the lock waits for it when it looks at an act".to_owned())??;
    expect(is_told, || "whoever has the lock is told that a living act is over".to_owned())?;
    Ok(None)
}
