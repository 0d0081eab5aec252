//! Reads beside the cheapest things that look alike, by one thread and by several.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use credlatch::{Latch, Profile};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, LOGIN, PROVIDER};
use crate::{Failure, Setup};

const PART: &str = "reads";
/// How often another thread commits.
const BETWEEN_COMMITS: Duration = Duration::from_millis(10);

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let place = setup.on_disk()?;
    let home = place.path().join("home");
    let mut rows = Vec::new();
    for threads in [1, 2, 4, 8] {
        rows.extend(in_memory(setup, threads)?);
        rows.extend(beside_commits(setup, threads)?);
        rows.extend(on_files(setup, threads, &home)?);
    }
    Ok(rows)
}

fn in_memory(setup: &Setup, threads: usize) -> Result<Vec<Row>, Failure> {
    let latch = Latch::in_memory();
    latch.set(PROVIDER, store::key(0))?;
    let (swap, std, lot) =
        (ArcSwap::from_pointee(0_u64), RwLock::new(Arc::new(0_u64)), parking_lot::RwLock::new(Arc::new(0_u64)));
    let cases = vec![
        Case::threads("ArcSwap::load_full", threads, || swap.load_full()),
        Case::threads("std RwLock, a clone of the Arc", threads, || Arc::clone(&std.read().unwrap()))
            .beside("ArcSwap::load_full"),
        Case::threads("parking_lot RwLock, a clone of the Arc", threads, || Arc::clone(&lot.read()))
            .beside("ArcSwap::load_full"),
        Case::threads("Latch::current in memory", threads, || latch.current(PROVIDER).unwrap())
            .beside("ArcSwap::load_full"),
    ];
    Ok(measure(PART, "reads in memory, by threads", threads, setup.rounds, cases))
}

/// Reads while another thread commits a hundred times a second. Each read is held to law 7: it sees what was committed before it
/// began, or something later, and no reader goes back.
fn beside_commits(setup: &Setup, threads: usize) -> Result<Vec<Row>, Failure> {
    let latch = Latch::in_memory();
    latch.set(PROVIDER, store::key(0))?;
    let swap = ArcSwap::from_pointee(0_u64);
    let (committed, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let read = || {
        let before = committed.load(Ordering::Acquire);
        let credential = latch.current(PROVIDER).unwrap();
        assert!(credential.generation() >= before, "law 7: a read went behind a commit that had returned");
        credential
    };
    let commit = || {
        for number in 1.. {
            if is_over.load(Ordering::Acquire) {
                break;
            }
            latch.set(PROVIDER, store::key(number)).unwrap();
            committed.store(latch.current(PROVIDER).unwrap().generation(), Ordering::Release);
            swap.store(Arc::new(number as u64));
            thread::sleep(BETWEEN_COMMITS);
        }
    };
    let rows = thread::scope(|scope| {
        scope.spawn(commit);
        let cases = vec![
            Case::threads("ArcSwap::load_full", threads, || swap.load_full()),
            Case::threads("Latch::current in memory, held to law 7", threads, read).beside("ArcSwap::load_full"),
        ];
        let rows =
            measure(PART, "reads in memory beside a commit every 10 ms, by threads", threads, setup.rounds, cases);
        is_over.store(true, Ordering::Release);
        rows
    });
    Ok(rows)
}

fn on_files(setup: &Setup, threads: usize, home: &std::path::Path) -> Result<Vec<Row>, Failure> {
    let latch = store::ordinary(home, "one")?;
    let mapping = store::builder(home).profile(Profile::new("one")?).mapped_reads(true).open()?;
    let memory = Latch::in_memory();
    memory.set(PROVIDER, store::key(0))?;
    if !store::file(home, "many", "json").exists() {
        store::fill(home, "many", 1_000)?;
    }
    let many = store::open(home, "many")?;
    let word = File::open(store::file(home, "one", "lock"))?;
    let pread = || {
        let mut bytes = [0; 8];
        word.read_at(&mut bytes, 0).map(|_| bytes).unwrap()
    };
    let cases = vec![
        Case::threads("pread of 8 bytes", threads, pread),
        Case::threads("Latch::current on files", threads, || latch.current(PROVIDER).unwrap())
            .beside("pread of 8 bytes"),
        Case::threads("Latch::token on files, a login far from its end", threads, || latch.token(LOGIN).unwrap())
            .beside("pread of 8 bytes"),
        Case::threads("Latch::current on files, 1,000 entries", threads, || many.current("mistral").unwrap())
            .beside("pread of 8 bytes"),
        Case::threads("Latch::current in memory", threads, || memory.current(PROVIDER).unwrap()),
        Case::threads("Latch::current on files, mapped", threads, || mapping.current(PROVIDER).unwrap())
            .beside("Latch::current in memory"),
    ];
    Ok(measure(PART, "reads on files, by threads", threads, setup.rounds, cases))
}
