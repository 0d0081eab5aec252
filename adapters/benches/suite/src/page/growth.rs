//! How costs grow, as an exponent and as a picture.

use std::fmt::Write as _;

use crate::figures::{exponent, points};
use crate::row::Row;

/// One picture: some cases of one group, over its sizes.
pub struct Curve {
    /// The picture's file, without its end.
    pub name: &'static str,
    /// The group of the rows.
    pub group: &'static str,
    /// Over what.
    pub over: &'static str,
    /// The lines.
    pub cases: &'static [&'static str],
}

/// All of them.
pub const CURVES: &[Curve] = &[
    Curve {
        name: "writers-memory",
        group: "a crowd of writers on memory (tmpfs)",
        over: "processes",
        cases: &["naive", "credlatch", "credlatch, the other build"],
    },
    Curve {
        name: "writers-disk",
        group: "a crowd of writers on disk",
        over: "processes",
        cases: &["naive", "credlatch", "credlatch, the other build"],
    },
    Curve {
        name: "readers",
        group: "reads in memory, by threads",
        over: "threads",
        cases: &["ArcSwap::load_full", "std RwLock, a clone of the Arc", "Latch::current in memory"],
    },
    Curve {
        name: "readers-files",
        group: "reads on files, by threads",
        over: "threads",
        cases: &["pread of 8 bytes", "Latch::current on files", "Latch::current on files, mapped"],
    },
    Curve {
        name: "profiles",
        group: "a read, by open profiles",
        over: "open profiles",
        cases: &["pread of any file", "current of any profile"],
    },
    Curve {
        name: "entries-read",
        group: "the first read after another's commit, by entries",
        over: "entries",
        cases: &["read and parse to serde_json::Value", "Latch::current after another's commit"],
    },
    Curve {
        name: "entries-commit",
        group: "a commit, by entries",
        over: "entries",
        cases: &["a bare durable replace of the same bytes", "Latch::set"],
    },
    Curve {
        name: "bytes",
        group: "a commit, by bytes of a token",
        over: "bytes of a token",
        cases: &["a bare durable replace of the same bytes", "Latch::set"],
    },
];

/// A line for each curve, with its exponent, and the pictures below.
pub fn table(rows: &[Row]) -> String {
    let mut text = "| | over | exponent |\n|---|---|---:|\n".to_owned();
    let mut pictures = String::new();
    for curve in CURVES {
        let mut has_points = false;
        for case in curve.cases {
            let points = points(rows, curve.group, case);
            if points.len() < 2 {
                continue;
            }
            has_points = true;
            let (first, last) = (points[0].0, points[points.len() - 1].0);
            let over = format!("{first:.0} to {last:.0} {}", curve.over);
            let _ = writeln!(text, "| {case}: {} | {over} | {:.2} |", curve.group, exponent(&points));
        }
        if has_points {
            let _ = writeln!(pictures, "![{}](benchmarks/{}.svg)", curve.group, curve.name);
        }
    }
    format!("{text}\n{pictures}")
}
