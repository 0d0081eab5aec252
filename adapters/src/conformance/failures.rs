//! What a store does when it can't, and when it was copied: each where the suite is told how to bring that about.

use super::acts::{answer_bytes, begin, commit_naming, note_bytes};
use super::case::{Case, CheckResult, LONG, document, expect, id, must_put, put, said};
use crate::store::{ActId, ByteStore, Commit, CommitError, StoreErrorKind};

/// How often the next commit is made to fail.
const FAILURES: u64 = 6;

pub(super) fn reservation_holds(case: &Case<'_>) -> CheckResult {
    let Some(fill) = &case.suite.fills else { return Ok(Some("the suite was not told how to fill the store")) };
    let (store, profile) = (case.open()?, case.profile()?);
    must_put(&*store, None, 1)?;
    let ((one, guard), (other, _other)) = (begin(&*store)?, begin(&*store)?);
    fill(&profile, true);
    let refused = store.begin_act(ActId::fresh(), 24 * 1024).map(drop);
    let told = guard.note(note_bytes()).and_then(|()| guard.answer(&answer_bytes()));
    // What settles nothing may be refused, and takes nobody's space. Then each act gets what was reserved for it.
    let mut stands = 1;
    let commits = [None, Some(one), Some(other)].map(|settles| {
        let larger = vec![b'x'; usize::try_from(stands).unwrap_or(1) * 20 * 1024].into();
        let named = &[one, other];
        let commit = Commit { settles, named, ..Commit::new(Some(id(stands)), id(stands + 1), &larger) };
        let committed = store.lock(LONG).map_err(CommitError::NotSaved).and_then(|mut locked| locked.commit(&commit));
        stands += u64::from(committed.is_ok());
        committed
    });
    fill(&profile, false);
    let is_refused = refused.as_ref().is_err_and(|error| error.kind == StoreErrorKind::Full);
    expect(is_refused, || format!("an act in a store without space came to {refused:?}"))?;
    expect(told.is_ok(), || format!("a note and an answer that space was reserved for came to {told:?}"))?;
    for settled in &commits[1..] {
        expect(settled.is_ok(), || format!("a commit that space was reserved for came to {settled:?}"))?;
    }
    Ok(None)
}

pub(super) fn not_saved(case: &Case<'_>) -> CheckResult {
    failing(case, |before, error, after| match error {
        CommitError::NotSaved(_) => expect(after.iter().all(|stands| *stands == before), || {
            format!("a commit over {before:?} that was not saved left {after:?}")
        }),
        CommitError::Unknown(_) => Ok(()),
    })
}

pub(super) fn unknown_settles(case: &Case<'_>) -> CheckResult {
    failing(case, |before, error, after| match error {
        CommitError::Unknown(_) => expect(after.iter().all(|stands| *stands == after[0]), || {
            format!("after an unknown outcome over {before:?} what stood was first one thing, then another: {after:?}")
        }),
        CommitError::NotSaved(_) => Ok(()),
    })
}

/// Has commits fail, and judges by what stood before and what each lock, and each reader after it, finds.
fn failing(
    case: &Case<'_>,
    judge: impl Fn(Option<u64>, &CommitError, &[Option<u64>]) -> Result<(), String>,
) -> CheckResult {
    let Some(fail) = &case.suite.fails else {
        return Ok(Some("the suite was not told how to make a commit fail"));
    };
    let (store, other, profile) = (case.open()?, case.open()?, case.profile()?);
    let mut stands = None;
    for next in 1..=FAILURES {
        fail(&profile);
        let committed = put(&*store, stands, next);
        let after = looks(&*other)?;
        if let Err(error) = &committed {
            judge(stands, error, &after)?;
        }
        stands = after.last().copied().flatten();
    }
    Ok(None)
}

/// What two locks in a row, and the readers after them, find.
fn looks(store: &dyn ByteStore) -> Result<Vec<Option<u64>>, String> {
    let mut found = Vec::new();
    for _ in 0..2 {
        let locked = store.lock(LONG).map_err(said("locking"))?.read().map_err(said("reading under the lock"))?;
        let read = store.read().map_err(said("reading"))?;
        found.extend([locked, read].map(|stored| stored.map(|stored| stored.id.get() / 2 - 1)));
    }
    Ok(found)
}

pub(super) fn troubles(case: &Case<'_>) -> CheckResult {
    if case.suite.troubles.is_empty() {
        return Ok(Some("the suite was not told how to bring the store into trouble"));
    }
    for (index, (kind, trouble)) in case.suite.troubles.iter().enumerate() {
        let profile = case.another(&format!("-{index}"))?;
        let store = case.open_of(&profile)?;
        let (act, _guard) = begin(&*store)?;
        commit_naming(&*store, None, 1, &[act])?;
        trouble(&profile, true);
        let found = store.act(act);
        let written = put(&*store, None, 2);
        let read = store.read().map(|stored| stored.map(|stored| stored.id));
        let locked = store.lock(LONG).and_then(|mut locked| locked.read()).map(|stored| stored.map(|stored| stored.id));
        trouble(&profile, false);
        for came in [read, locked] {
            let is_told = came.as_ref().is_err_and(|error| error.kind == *kind);
            expect(is_told, || format!("reading a store that is {kind:?} came to {came:?}"))?;
        }
        let may_live = found.as_ref().map_or(true, |record| record.as_ref().is_some_and(|record| record.is_alive));
        expect(may_live, || format!("looking at a living act in a store that is {kind:?} came to {found:?}"))?;
        let stands = store.read().map_err(said("reading"))?.map(|stored| stored.id);
        expect(written.is_err() && stands == Some(id(1)), || {
            format!("a commit that replaces nothing, in a store that is {kind:?}, came to {written:?}")
        })?;
    }
    Ok(None)
}

pub(super) fn copy_is_told(case: &Case<'_>) -> CheckResult {
    let Some(copy) = &case.suite.copies else { return Ok(Some("the suite was not told how to copy the store")) };
    let (store, profile) = (case.open()?, case.profile()?);
    let is_copy = || {
        let mut locked = store.lock(LONG).map_err(said("locking"))?;
        locked.read().map_err(said("reading under the lock"))?;
        locked.is_copy().map_err(said("asking whether it is a copy"))
    };
    must_put(&*store, None, 1)?;
    expect(!is_copy()?, || "what was committed here is taken for a copy".to_owned())?;
    copy(&profile);
    expect(is_copy()?, || "a copy is not told".to_owned())?;
    must_put(&*store, Some(1), 2)?;
    expect(is_copy()?, || "a commit that takes nothing over made a copy an original".to_owned())?;
    let mut locked = store.lock(LONG).map_err(said("locking"))?;
    locked.read().map_err(said("reading under the lock"))?;
    locked.take_over();
    let taken = locked.commit(&Commit::new(Some(id(2)), id(3), &document(3)));
    drop(locked);
    taken.map_err(|error| format!("a commit that takes over failed: {error}"))?;
    expect(!is_copy()?, || "a copy that was taken over is still told".to_owned())?;
    Ok(None)
}
