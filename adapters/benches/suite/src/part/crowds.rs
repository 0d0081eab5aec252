//! Crowds of processes on memory and on disk: every writer once in each round, in another order each time.

use std::collections::BTreeMap;

use crate::crowd::{self, Work, Writer};
use crate::row::Row;
use crate::{Failure, Setup};

/// A herd at expiry.
const HERD: usize = 40;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let own = std::env::current_exe()?;
    let mut measured: BTreeMap<(&str, Work, usize, Writer), Vec<Vec<f64>>> = BTreeMap::new();
    for round in 0..setup.crowd_rounds {
        for (place, folder) in [("memory (tmpfs)", &setup.memory), ("disk", &setup.disk)] {
            let sets = setup.crowds.iter().map(|size| (Work::Set, *size));
            for (work, size) in sets.chain([(Work::Refresh, HERD)]) {
                let mut writers = vec![Writer::Naive, Writer::Credlatch];
                writers.extend(setup.beside.iter().map(|_| Writer::Beside));
                let first = round % writers.len();
                writers.rotate_left(first);
                for writer in writers {
                    let program = setup.beside.as_deref().filter(|_| writer == Writer::Beside).unwrap_or(&own);
                    let done = crowd::once(program, writer, work, size, folder)?;
                    measured.entry((place, work, size, writer)).or_default().push(done);
                }
            }
        }
    }
    Ok(measured
        .into_iter()
        .map(|((place, work, size, writer), rounds)| row(place, work, size, writer, rounds))
        .collect())
}

fn row(place: &str, work: Work, size: usize, writer: Writer, rounds: Vec<Vec<f64>>) -> Row {
    let (group, before) = match work {
        Work::Set => (format!("a crowd of writers on {place}"), ""),
        Work::Refresh => (format!("a herd at expiry on {place}"), "herd, "),
    };
    let beside = if writer == Writer::Naive { String::new() } else { format!("{before}{}", Writer::Naive.name()) };
    Row {
        part: "crowds".into(),
        group,
        case: format!("{before}{}", writer.name()),
        beside,
        size,
        unit: "ns".into(),
        rounds,
        ..Row::default()
    }
}
