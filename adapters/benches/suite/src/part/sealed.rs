//! What a seal costs: a commit, and the first read after another's commit, beside the same in plain text.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use credlatch::{Latch, SealKeySource};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, PROVIDER};
use crate::{Failure, Setup};

const PLAIN: &str = "Latch::set, in plain text";
const PLAIN_READ: &str = "the first read after it, in plain text";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let place = setup.in_memory()?;
    let (plain, sealed) = (place.path().join("plain"), place.path().join("sealed"));
    let mut rows = Vec::new();
    for entries in [2, 100, 1_000] {
        let profile = format!("of-{entries}");
        for home in [&plain, &sealed] {
            store::fill(home, &profile, entries)?;
        }
        store::builder(&sealed).seal(&SealKeySource::file(place.path().join("keys/seal.key")))?;
        let (mut of_plain, mut of_sealed) = (Pair::open(&plain, &profile)?, Pair::open(&sealed, &profile)?);
        let (mut reads_plain, mut reads_sealed) = (Pair::open(&plain, &profile)?, Pair::open(&sealed, &profile)?);
        let cases = vec![
            Case::slow(PLAIN, || of_plain.set()),
            Case::slow("Latch::set, sealed", || of_sealed.set()).beside(PLAIN),
            Case::timed(PLAIN_READ, || reads_plain.reload()),
            Case::timed("the first read after it, sealed", || reads_sealed.reload()).beside(PLAIN_READ),
        ];
        rows.extend(measure("sealed", "a sealed store, by entries", entries, setup.slow_rounds, cases));
    }
    Ok(rows)
}

/// One who reads and another who commits.
struct Pair {
    reader: Latch,
    writer: Latch,
    turn: usize,
}

impl Pair {
    fn open(home: &Path, profile: &str) -> Result<Self, Failure> {
        Ok(Self { reader: store::open(home, profile)?, writer: store::open(home, profile)?, turn: 0 })
    }

    fn set(&mut self) {
        self.turn += 1;
        self.writer.set(PROVIDER, store::key(self.turn)).unwrap();
    }

    /// How long the read takes that finds a new commit.
    fn reload(&mut self) -> Duration {
        self.set();
        let began = Instant::now();
        let credential = black_box(self.reader.current(PROVIDER).unwrap());
        let took = began.elapsed();
        assert_eq!(credential.expose_secret(), store::key(self.turn).expose_secret());
        took
    }
}
