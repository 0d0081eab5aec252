//! Readers beside writers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::case::{Case, CheckResult, LONG, document, expect, id, must_put, said};
use crate::store::{CommitId, Stored};

/// How many commits are made beside readers.
const COMMITS: u64 = 60;

pub(super) fn pass(case: &Case<'_>) -> CheckResult {
    let (writer, reader) = (case.open()?, case.open()?);
    must_put(&*writer, None, 1)?;
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let held = writer.lock(LONG).map_err(said("locking"))?;
        scope.spawn(move || tell.send(reader.current_commit().and_then(|_| reader.read()).map(drop)));
        let read = told.recv_timeout(Duration::from_secs(3));
        drop(held);
        match read {
            Ok(read) => read.map_err(said("reading what is locked")),
            Err(_) => Err("a reader waited for the lock".to_owned()),
        }
    })?;
    Ok(None)
}

pub(super) fn word_is_current(case: &Case<'_>) -> CheckResult {
    let (writer, reader) = (case.open()?, case.open()?);
    let mut replaces = None;
    for next in 1..=8 {
        must_put(&*writer, replaces, next)?;
        for handle in [&writer, &reader] {
            let word = handle.current_commit().map_err(said("asking for the current commit"))?;
            let is_so = word.is_none_or(|word| word == id(next));
            expect(is_so, || "an older commit is called current than one that has returned".to_owned())?;
        }
        replaces = Some(next);
    }
    Ok(None)
}

pub(super) fn forward(case: &Case<'_>) -> CheckResult {
    let mut last = 0;
    let number = |id: CommitId| id.get() / 2 - 1;
    beside_a_writer(case, |word, stored| {
        let (word, read) = (word.map_or(0, number), number(stored.id));
        expect(read >= word, || format!("commit {read} was read after the word had named commit {word}"))?;
        expect(word.max(read) >= last && read >= last, || format!("commit {read} was read after commit {last}"))?;
        last = read;
        Ok(())
    })
}

pub(super) fn together(case: &Case<'_>) -> CheckResult {
    beside_a_writer(case, |_, stored| {
        let is_its_own = (1..=COMMITS).any(|number| id(number) == stored.id && document(number) == stored.document);
        expect(is_its_own, || "the document of one commit was read with the id of another".to_owned())
    })
}

/// Reads as long as a thread commits, the word first.
fn beside_a_writer(
    case: &Case<'_>,
    mut look: impl FnMut(Option<CommitId>, &Stored) -> Result<(), String>,
) -> CheckResult {
    let (writer, reader) = (case.open()?, case.open()?);
    must_put(&*writer, None, 1)?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let written = (2..=COMMITS).try_for_each(|next| must_put(&*writer, Some(next - 1), next));
            is_over.store(true, Ordering::Release);
            written
        });
        let read = loop {
            let was_over = is_over.load(Ordering::Acquire);
            let word = reader.current_commit().map_err(said("asking for the current commit"));
            let seen = word.and_then(|word| {
                let stored = reader.read().map_err(said("reading"))?;
                look(word, &stored.ok_or("nothing was read beside a writer")?)
            });
            if was_over || seen.is_err() {
                break seen;
            }
        };
        read.and(writing.join().unwrap_or_else(|_| Err("a writer panicked".to_owned())))
    })?;
    Ok(None)
}
