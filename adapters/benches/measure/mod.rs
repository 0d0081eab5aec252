//! Measuring side by side: every case of a group runs once in every round, so that whatever else the machine does hits all
//! of them alike. A ratio is the median of the rounds' ratios, not the ratio of two medians.

pub(crate) mod profiles;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long one sample should take; short enough that a round is over before the machine changes its mind.
const SAMPLE: Duration = Duration::from_millis(1);

/// How often a sample of two threads is taken again because they missed each other.
const TRIES: u32 = 5;

/// Does an operation so many times, and says how long the operations themselves took; nothing if it could not be measured.
type Sample<'a> = Box<dyn FnMut(u32) -> Option<Duration> + 'a>;

/// One thing to measure.
pub(crate) struct Case<'a> {
    name: &'static str,
    beside: Option<&'static str>,
    sample: Sample<'a>,
}

impl<'a> Case<'a> {
    /// An operation, done by one thread.
    pub(crate) fn one<R>(name: &'static str, mut operation: impl FnMut() -> R + 'a) -> Self {
        Self::timed(name, move |times| {
            let began = Instant::now();
            for _ in 0..times {
                std::hint::black_box(operation());
            }
            began.elapsed()
        })
    }

    /// An operation, done by two threads at a time. What counts is how long it takes the slower one. On a busy machine one
    /// thread may be through before the other begins; such a sample says nothing, and another is taken, or none.
    pub(crate) fn two<R>(name: &'static str, operation: impl Fn() -> R + Sync + 'a) -> Self {
        let sample = move |times| {
            let mut tries = (0..TRIES).map(|_| both(times, &operation));
            tries.find(Both::is_together).map(|both| both.longest())
        };
        Self { name, beside: None, sample: Box::new(sample) }
    }

    /// An operation that takes its own time, to leave out what prepares it.
    pub(crate) fn timed(name: &'static str, mut sample: impl FnMut(u32) -> Duration + 'a) -> Self {
        Self { name, beside: None, sample: Box::new(move |times| Some(sample(times))) }
    }

    /// What it is compared with: another case of the group.
    pub(crate) fn beside(self, name: &'static str) -> Self {
        Self { beside: Some(name), ..self }
    }

    /// How often the operation fits into a sample.
    fn calibrate(&mut self) -> u32 {
        // The first time may load a file or fill a cache.
        (self.sample)(1);
        let mut times = 1;
        while times < 1 << 20 && (self.sample)(times).is_none_or(|took| took * 2 < SAMPLE) {
            times *= 2;
        }
        times
    }
}

/// When two threads began and ended the same work.
struct Both([(Instant, Instant); 2]);

impl Both {
    fn longest(&self) -> Duration {
        let [one, other] = self.0.map(|(began, ended)| ended - began);
        one.max(other)
    }

    /// Whether they were at it together for nearly all of the time.
    fn is_together(&self) -> bool {
        let [one, other] = self.0;
        let together = one.1.min(other.1).saturating_duration_since(one.0.max(other.0));
        together * 10 >= self.longest() * 8
    }
}

fn both<R>(times: u32, operation: &(impl Fn() -> R + Sync)) -> Both {
    let ready = AtomicU32::new(0);
    let work = || {
        // Who waits here is awake.
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < 2 {
            std::hint::spin_loop();
        }
        let began = Instant::now();
        for _ in 0..times {
            std::hint::black_box(operation());
        }
        (began, Instant::now())
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        Both([work(), other.join().unwrap()])
    })
}

/// All that was measured.
#[derive(Default)]
pub(crate) struct Report {
    table: String,
    csv: String,
}

/// The nanoseconds that each round took for one operation of a case; nothing for a round that could not be measured.
struct Measured {
    name: &'static str,
    beside: Option<&'static str>,
    rounds: Vec<Option<f64>>,
}

impl Report {
    /// Measures the cases of a group beside each other.
    pub(crate) fn measure(&mut self, group: &str, rounds: usize, mut cases: Vec<Case<'_>>) {
        let times: Vec<u32> = cases.iter_mut().map(Case::calibrate).collect();
        let mut measured: Vec<Measured> = cases
            .iter()
            .map(|case| Measured { name: case.name, beside: case.beside, rounds: Vec::with_capacity(rounds) })
            .collect();
        for round in 0..rounds {
            for step in 0..cases.len() {
                // Nobody always comes first.
                let at = (round + step) % cases.len();
                let took = (cases[at].sample)(times[at]);
                measured[at].rounds.push(took.map(|took| took.as_secs_f64() * 1e9 / f64::from(times[at])));
            }
        }
        let _ = writeln!(self.table, "\n{group}, {rounds} rounds");
        for case in &measured {
            self.row(case, measured.iter().find(|other| Some(other.name) == case.beside));
            for (round, ns) in case.rounds.iter().enumerate() {
                let ns = ns.map(|ns| format!("{ns:.1}")).unwrap_or_default();
                let _ = writeln!(self.csv, "{group},\"{}\",{round},{ns}", case.name);
            }
        }
    }

    fn row(&mut self, case: &Measured, other: Option<&Measured>) {
        let measured: Vec<f64> = case.rounds.iter().flatten().copied().collect();
        let missed = case.rounds.len() - measured.len();
        let _ = write!(self.table, "  {:<58}{:>12}", case.name, median(measured).map_or("?".to_owned(), readable));
        if let Some(other) = other {
            let pairs = case.rounds.iter().zip(&other.rounds);
            let ratios = pairs.filter_map(|(own, other)| Some((*own)? / (*other)?)).collect();
            let ratio = median(ratios).map_or("?".to_owned(), |ratio| format!("{ratio:.2}"));
            let _ = write!(self.table, "{ratio:>9} × {}", other.name);
        }
        if missed > 0 {
            let _ = write!(self.table, " (without {missed} rounds in which the threads missed each other)");
        }
        self.table.push('\n');
    }

    /// Leaves a line in the table.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.table, "\n{text}");
    }

    /// The table, for people.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Writes every round of every case, for whoever wants to count otherwise.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        fs::write(path, format!("group,case,round,ns\n{}", self.csv))
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

fn readable(ns: f64) -> String {
    match ns {
        ns if ns < 1e4 => format!("{ns:.1} ns"),
        ns if ns < 1e7 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}
