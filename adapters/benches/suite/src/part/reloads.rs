//! The first read after another's commit, beside reading and parsing the document. A second latch stands for another process:
//! it shares nothing with the first but the files.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use credlatch::Latch;

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, PROVIDER};
use crate::{Failure, Setup};

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let place = setup.in_memory()?;
    let home = place.path().join("home");
    let mut rows = Vec::new();
    for entries in [2, 10, 100, 1_000] {
        rows.extend(of(setup, &home, entries)?);
    }
    Ok(rows)
}

fn of(setup: &Setup, home: &Path, entries: usize) -> Result<Vec<Row>, Failure> {
    let profile = format!("of-{entries}");
    store::fill(home, &profile, entries)?;
    let document = store::file(home, &profile, "json");
    let mut pair = Pair { reader: store::open(home, &profile)?, writer: store::open(home, &profile)?, turn: 0 };
    let cases = vec![
        Case::slow("read and parse to serde_json::Value", || store::read_and_parse(&document)),
        Case::timed("Latch::current after another's commit", || pair.reload())
            .beside("read and parse to serde_json::Value"),
    ];
    Ok(measure("reloads", "the first read after another's commit, by entries", entries, setup.slow_rounds, cases))
}

/// One who reads and another who commits.
struct Pair {
    reader: Latch,
    writer: Latch,
    turn: usize,
}

impl Pair {
    /// How long the read takes that finds a new commit.
    fn reload(&mut self) -> Duration {
        self.turn += 1;
        self.writer.set(PROVIDER, store::key(self.turn)).unwrap();
        let began = Instant::now();
        let credential = black_box(self.reader.current(PROVIDER).unwrap());
        let took = began.elapsed();
        assert_eq!(credential.expose_secret(), store::key(self.turn).expose_secret());
        took
    }
}
