//! What a commit costs when the document grows, by entries and by bytes, where a disk costs nothing. How reads grow with
//! threads and profiles, and crowds with their processes, is seen by the parts that measure them.

use std::fs;
use std::path::Path;

use credlatch::{Label, Tokens};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, LOGIN, PROVIDER};
use crate::{Failure, Setup};

const BARE: &str = "a bare durable replace of the same bytes";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let place = setup.in_memory()?;
    let home = place.path().join("home");
    let mut rows = Vec::new();
    for entries in [1, 10, 100, 1_000] {
        let profile = format!("of-{entries}");
        store::fill(&home, &profile, entries)?;
        rows.extend(set(setup, "a commit, by entries", entries, &home, &profile)?);
    }
    for bytes in [1_000, 4_000, 16_000] {
        let profile = format!("bytes-{bytes}");
        let token = store::secret(&"a".repeat(bytes));
        let _ = store::open(&home, &profile)?.set_tokens(LOGIN, &Label::default(), Tokens::new(token))?;
        rows.extend(set(setup, "a commit, by bytes of a token", bytes, &home, &profile)?);
    }
    Ok(rows)
}

fn set(setup: &Setup, group: &str, size: usize, home: &Path, profile: &str) -> Result<Vec<Row>, Failure> {
    let latch = store::open(home, profile)?;
    latch.set(PROVIDER, store::key(0))?;
    let bytes = fs::read(store::file(home, profile, "json"))?;
    let bare = home.join(format!("bare-{profile}"));
    fs::create_dir(&bare)?;
    let mut turn = 0;
    let cases = vec![
        Case::slow(BARE, || store::replace(&bare, &bytes).unwrap()),
        Case::slow("Latch::set", || {
            turn += 1;
            latch.set(PROVIDER, store::key(turn)).unwrap();
        })
        .beside(BARE),
    ];
    Ok(measure("growth", group, size, setup.slow_rounds, cases))
}
