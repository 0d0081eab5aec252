//! A commit beside the least that a durable change of the same bytes can be, on a disk and where a disk costs nothing.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use credlatch::memory::FakeIssuer;
use credlatch::{Label, Profile};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, LOGIN, PROVIDER};
use crate::{Failure, Setup};

const BARE: &str = "a bare durable replace of the same bytes";
/// How many threads of one process commit at once.
const THREADS: usize = 8;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let (disk, memory) = (setup.on_disk()?, setup.in_memory()?);
    let mut rows = of(setup, "a commit on disk", &disk.path().join("home"))?;
    rows.extend(of(setup, "a commit in memory (tmpfs)", &memory.path().join("home"))?);
    Ok(rows)
}

fn of(setup: &Setup, group: &str, home: &Path) -> Result<Vec<Row>, Failure> {
    let latch = store::ordinary(home, "one")?;
    let crowded = store::ordinary(home, "crowded")?;
    let issuer = FakeIssuer::new();
    let renewed = store::builder(home).profile(Profile::new("renewed")?).issuer(issuer.clone()).open()?;
    let _ = renewed.set_tokens(LOGIN, &Label::default(), issuer.signed_in())?;
    let bytes = fs::read(store::file(home, "one", "json"))?;
    let bare = home.join("bare");
    fs::create_dir(&bare)?;
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        turn
    };
    let mut of_threads = 0;
    let cases = vec![
        Case::slow(BARE, || store::replace(&bare, &bytes).unwrap()),
        Case::slow("Latch::set", || latch.set(PROVIDER, store::key(next())).unwrap()).beside(BARE),
        // Each thread's commit counts for itself: how long its caller waited.
        Case::once("Latch::set by each of 8 threads at once", || {
            of_threads += 1;
            at_once(|thread| crowded.set(PROVIDER, store::key(of_threads * THREADS + thread)).unwrap())
        })
        .beside(BARE),
        Case::slow("Latch::rotate, with an issuer that answers at once", || {
            renewed.rotate(LOGIN, &Label::default()).unwrap()
        })
        .beside(BARE),
    ];
    Ok(measure("commits", group, 0, setup.slow_rounds, cases))
}

/// How long each of the threads took, in nanoseconds.
fn at_once(work: impl Fn(usize) + Sync) -> Vec<f64> {
    let work = &work;
    let timed = move |thread| {
        let began = Instant::now();
        work(thread);
        began.elapsed().as_secs_f64() * 1e9
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || timed(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
