//! What is aimed at, and whether it was met: a figure beside another one of the same run, and the most that it may be.

use std::fmt::Write as _;

use crate::figures::{exponent, figure, points, ratio};
use crate::row::Row;

use super::table::amount;

/// An aim.
struct Bar {
    work: &'static str,
    figure: Figure,
    most: f64,
    /// What keeps it from being met, said where it isn't.
    limit: &'static str,
}

/// What is compared.
enum Figure {
    /// A case with another one of the same group and size.
    Times { group: &'static str, size: usize, own: &'static str, other: &'static str },
    /// A case with itself at another size.
    Sizes { group: &'static str, case: &'static str, own: usize, other: usize },
    /// A case by itself, in milliseconds.
    Milliseconds { group: &'static str, size: usize, own: &'static str },
    /// How much faster one case grows over the sizes than the other does.
    Growth { group: &'static str, own: &'static str, other: &'static str },
}

const MEMORY: &str = "reads in memory beside a commit every 10 ms, by threads";
const QUIET: &str = "reads in memory, by threads";
const FILES: &str = "reads on files, by threads";
const CURRENT: &str = "Latch::current in memory, held to law 7";
const TMPFS_CROWD: &str = "a crowd of writers on memory (tmpfs)";
const DISK_CROWD: &str = "a crowd of writers on disk";
const SEVEN: &str = "A read makes seven atomic changes (two to look at what is published, three to take a record, count its use and \
    let it go, two to keep the latch open), where `load_full` makes four; its provider's name is compared twice, and what it gives is \
    four words, which don't fit into registers: ten times the instructions in all (counted below).";
const CALL: &str = "After a system call the processor predicts no branch of ours, and the same read costs more than it does in memory.";
const CROWD: &str = "A commit makes several times the system calls of a bare replace (counted below), and a process that has just \
    begun also reads the table of providers and finds out who it is.";
const DISK: &str = "Most of the difference is there in memory, too, and each waits for all who go before.";
const UNKNOWN: &str = "Where the rest goes was not measured.";

const BARS: &[Bar] = &[
    Bar {
        work: "`current` in memory beside a commit every 10 ms, one thread",
        figure: Figure::Times { group: MEMORY, size: 1, own: CURRENT, other: "ArcSwap::load_full" },
        most: 3.0,
        limit: SEVEN,
    },
    Bar {
        work: "`current` in memory beside a commit every 10 ms, two threads",
        figure: Figure::Times { group: MEMORY, size: 2, own: CURRENT, other: "ArcSwap::load_full" },
        most: 2.0,
        limit: SEVEN,
    },
    Bar {
        work: "`current` in memory, what it costs a core with eight threads, beside two",
        figure: Figure::Sizes { group: QUIET, case: "Latch::current in memory", own: 8, other: 2 },
        most: 1.1,
        limit: "Four records and eight counters are shared by eight threads.",
    },
    Bar {
        work: "`current` on files, one thread",
        figure: Figure::Times { group: FILES, size: 1, own: "Latch::current on files", other: "pread of 8 bytes" },
        most: 1.1,
        limit: CALL,
    },
    Bar {
        work: "`current` on files, two threads",
        figure: Figure::Times { group: FILES, size: 2, own: "Latch::current on files", other: "pread of 8 bytes" },
        most: 1.1,
        limit: CALL,
    },
    Bar {
        work: "`current` on files with the word mapped, beside a read in memory",
        figure: Figure::Times {
            group: FILES,
            size: 1,
            own: "Latch::current on files, mapped",
            other: "Latch::current in memory",
        },
        most: 2.0,
        limit: UNKNOWN,
    },
    Bar {
        work: "any of 10,000 open profiles, beside a bare `pread` of any of 9,000 files",
        figure: Figure::Times {
            group: "a read, by open profiles",
            size: 10_000,
            own: "current of any profile",
            other: "pread of any file",
        },
        most: 1.4,
        limit: "Each read finds some two dozen lines of memory more that the first cache doesn't have than a read of a single \
            profile does (counted below): the list of the profiles that were used last, the profile's latch, its store, what is \
            published and the record.",
    },
    Bar {
        work: "the first read after another's commit, 2 entries, beside reading and parsing",
        figure: Figure::Times {
            group: "the first read after another's commit, by entries",
            size: 2,
            own: "Latch::current after another's commit",
            other: "read and parse to serde_json::Value",
        },
        most: 1.5,
        limit: "It takes hardly more instructions than reading and parsing, but nearly twice the system calls (both counted below): \
            for the word, before and after, for the directory, and for who this process is.",
    },
    Bar {
        work: "`set` on disk, beside a bare durable replace",
        figure: Figure::Times {
            group: "a commit on disk",
            size: 0,
            own: "Latch::set",
            other: "a bare durable replace of the same bytes",
        },
        most: 1.15,
        limit: "It makes several times the system calls of the bare one (counted below); a part of the difference is there in \
            memory, too.",
    },
    crowd(TMPFS_CROWD, 50, "50 processes write at once, in memory, beside the naive writer", 2.0, CROWD),
    crowd(TMPFS_CROWD, 100, "100 write at once, in memory", 2.0, CROWD),
    crowd(TMPFS_CROWD, 200, "200 write at once, in memory", 2.0, CROWD),
    crowd(TMPFS_CROWD, 400, "400 write at once, in memory", 2.0, CROWD),
    Bar {
        work: "the exponent of a crowd in memory, less the naive one's",
        figure: Figure::Growth { group: TMPFS_CROWD, own: "credlatch", other: "naive" },
        most: 0.1,
        limit: CROWD,
    },
    crowd(DISK_CROWD, 50, "50 processes write at once, on disk, beside the naive writer", 1.15, DISK),
    crowd(DISK_CROWD, 100, "100 write at once, on disk", 1.15, DISK),
    crowd(DISK_CROWD, 200, "200 write at once, on disk", 1.15, DISK),
    crowd(DISK_CROWD, 400, "400 write at once, on disk", 1.15, DISK),
    Bar {
        work: "40 processes at expiry, issuer 200 ms: the last is served, in memory",
        figure: Figure::Milliseconds { group: "a herd at expiry on memory (tmpfs)", size: 40, own: "herd, credlatch" },
        most: 225.0,
        limit: UNKNOWN,
    },
    Bar {
        work: "40 processes at expiry, issuer 200 ms: the last is served, on disk",
        figure: Figure::Milliseconds { group: "a herd at expiry on disk", size: 40, own: "herd, credlatch" },
        most: 225.0,
        limit: "A rotation replaces four files durably: two before the issuer is asked, while the other processes begin, for the \
            claim and for what is remembered of it outside the store, and the same two after; the naive one replaces one.",
    },
];

const fn crowd(group: &'static str, size: usize, work: &'static str, most: f64, limit: &'static str) -> Bar {
    Bar { work, figure: Figure::Times { group, size, own: "credlatch", other: "naive" }, most, limit }
}

impl Figure {
    /// What the rows say; nothing where it was not measured.
    fn value(&self, rows: &[Row]) -> Option<f64> {
        let row = |group: &str, size: usize, case: &str| {
            rows.iter().find(|row| row.group == group && row.size == size && row.case == case)
        };
        let value = match *self {
            Self::Times { group, size, own, other } => ratio(row(group, size, own)?, row(group, size, other)?),
            Self::Sizes { group, case, own, other } => ratio(row(group, own, case)?, row(group, other, case)?),
            Self::Milliseconds { group, size, own } => figure(row(group, size, own)?) / 1e6,
            Self::Growth { group, own, other } => {
                exponent(&points(rows, group, own)) - exponent(&points(rows, group, other))
            }
        };
        value.is_finite().then_some(value)
    }

    fn shown(&self, value: f64) -> String {
        match self {
            Self::Times { .. } | Self::Sizes { .. } => format!("{value:.2} ×"),
            Self::Milliseconds { .. } => amount(value * 1e6, "ns"),
            Self::Growth { .. } => format!("{value:+.2}"),
        }
    }
}

/// A line for each aim.
pub fn table(rows: &[Row]) -> String {
    let mut text = "| work | measured | at most | |\n|---|---:|---:|---|\n".to_owned();
    for bar in BARS {
        let value = bar.figure.value(rows);
        let verdict = match value {
            None => "not measured",
            Some(value) if value <= bar.most => "met",
            Some(_) => "**missed**",
        };
        let shown = value.map(|value| bar.figure.shown(value)).unwrap_or_default();
        let _ = writeln!(text, "| {} | {shown} | {} | {verdict} |", bar.work, bar.figure.shown(bar.most));
    }
    text
}

/// What keeps each aim that was missed from being met; those with the same reason together.
pub fn missed(rows: &[Row]) -> String {
    let is_missed = |bar: &&Bar| bar.figure.value(rows).is_some_and(|value| value > bar.most);
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for bar in BARS.iter().filter(is_missed) {
        match reasons.iter_mut().find(|(limit, _)| *limit == bar.limit) {
            Some((_, works)) => works.push(bar.work),
            None => reasons.push((bar.limit, vec![bar.work])),
        }
    }
    reasons.iter().fold(String::new(), |mut text, (limit, works)| {
        let _ = writeln!(text, "- {}: {limit}", works.join("; "));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(case: &str, value: f64) -> Row {
        Row { group: MEMORY.into(), case: case.into(), size: 1, rounds: vec![vec![value]], ..Row::default() }
    }

    #[test]
    fn an_aim_is_met_missed_or_not_measured_and_a_missed_one_says_its_limit() {
        let rows = |own| [of("ArcSwap::load_full", 10.0), of(CURRENT, own)];
        assert!(table(&rows(30.0)).contains("one thread | 3.00 × | 3.00 × | met |"));
        assert_eq!(missed(&rows(30.0)), "");
        assert!(table(&rows(31.0)).contains("one thread | 3.10 × | 3.00 × | **missed** |"));
        assert!(missed(&rows(31.0)).contains(SEVEN));
        assert!(table(&[]).contains("two threads |  | 2.00 × | not measured |"));
    }
}
