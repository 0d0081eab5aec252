//! Measuring side by side: every case of a group runs once in every round, and another comes first each time, so that
//! whatever else the machine does hits all of them alike.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::row::Row;

/// How long one sample should take; short enough that a round is over before the machine changes its mind.
const SAMPLE: Duration = Duration::from_millis(1);

/// How many operations of a sample are kept each for itself: enough of them in all rounds, in a file that isn't large.
const KEPT: u32 = 4;

/// How often a sample of several threads is taken again because they missed each other.
const TRIES: u32 = 5;

/// What one sample gave: nanoseconds of one operation, or of each; nothing if it could not be measured.
type Sample<'a> = Box<dyn FnMut(u32) -> Vec<f64> + 'a>;

/// One thing to measure.
pub struct Case<'a> {
    name: String,
    beside: &'static str,
    sample: Sample<'a>,
    /// How many operations a sample has at most.
    most: u32,
}

impl<'a> Case<'a> {
    /// A quick operation, done many times in a row by one thread: what counts is the mean.
    pub fn quick<R>(name: &str, operation: impl FnMut() -> R + 'a) -> Self {
        Self::prepared(name, || (), operation)
    }

    /// The same, with something that has to be done before each sample and doesn't count.
    pub fn prepared<R>(name: &str, mut prepare: impl FnMut() + 'a, mut operation: impl FnMut() -> R + 'a) -> Self {
        let sample = move |times| {
            prepare();
            let began = Instant::now();
            for _ in 0..times {
                black_box(operation());
            }
            vec![ns(began.elapsed()) / f64::from(times)]
        };
        Self::new(name, Box::new(sample))
    }

    /// An operation that takes its own time, each of which counts for itself: it leaves out what prepares it.
    pub fn timed(name: &str, mut operation: impl FnMut() -> Duration + 'a) -> Self {
        Self { most: KEPT, ..Self::new(name, Box::new(move |times| (0..times).map(|_| ns(operation())).collect())) }
    }

    /// An operation long enough to be timed by itself.
    pub fn slow<R>(name: &str, mut operation: impl FnMut() -> R + 'a) -> Self {
        let timed = move || {
            let began = Instant::now();
            black_box(operation());
            began.elapsed()
        };
        Self::timed(name, timed)
    }

    /// A quick operation, done by so many threads at a time; what counts is what it costs the core that does it.
    pub fn threads<R>(name: &str, threads: usize, operation: impl Fn() -> R + Sync + 'a) -> Self {
        let sample = move |times| {
            let tries = (0..TRIES).map(|_| together(threads, times, &operation));
            tries.flatten().next().into_iter().collect()
        };
        Self::new(name, Box::new(sample))
    }

    /// What measures itself once a round, such as a program beside this one.
    pub fn once(name: &str, mut operation: impl FnMut() -> Vec<f64> + 'a) -> Self {
        Self { most: 1, ..Self::new(name, Box::new(move |_| operation())) }
    }

    /// What it is compared with: another case of the group.
    pub fn beside(self, name: &'static str) -> Self {
        Self { beside: name, ..self }
    }

    fn new(name: &str, sample: Sample<'a>) -> Self {
        Self { name: name.to_owned(), beside: "", sample, most: 1 << 20 }
    }

    /// How often the operation fits into a sample.
    fn calibrate(&mut self) -> u32 {
        // The first time may load a file or fill a cache.
        (self.sample)(1);
        let mut times = 1;
        while times < self.most && took(&(self.sample)(times), times) * 2.0 < ns(SAMPLE) {
            times *= 2;
        }
        times
    }
}

/// How long the operations of a sample took together, in nanoseconds.
fn took(sample: &[f64], times: u32) -> f64 {
    let mean = sample.iter().sum::<f64>() / sample.len().max(1) as f64;
    mean * f64::from(times)
}

/// Does it in several threads, and says what one operation cost its core; nothing if threads with a core each missed each other.
fn together<R>(threads: usize, times: u32, operation: &(impl Fn() -> R + Sync)) -> Option<f64> {
    let ready = AtomicUsize::new(0);
    let work = || {
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < threads {
            // With more threads than cores somebody else has to get there.
            thread::yield_now();
        }
        let began = Instant::now();
        for _ in 0..times {
            black_box(operation());
        }
        (began, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().map(|other| other.join().unwrap()).chain([own]).collect()
    });
    let (first, last) = (spans.iter().map(|span| span.0).min()?, spans.iter().map(|span| span.1).max()?);
    let cores = thread::available_parallelism().map_or(1, Into::into).min(threads);
    if threads == cores {
        let (began, ended) = (spans.iter().map(|span| span.0).max()?, spans.iter().map(|span| span.1).min()?);
        let longest = spans.iter().map(|span| span.1 - span.0).max()?;
        if ended.saturating_duration_since(began) * 10 < longest * 8 {
            return None;
        }
        return Some(ns(longest) / f64::from(times));
    }
    Some(ns(last - first) * cores as f64 / (threads as f64 * f64::from(times)))
}

/// Measures the cases of a group beside each other.
pub fn measure(part: &str, group: &str, size: usize, rounds: usize, mut cases: Vec<Case<'_>>) -> Vec<Row> {
    let times: Vec<u32> = cases.iter_mut().map(Case::calibrate).collect();
    let mut measured: Vec<Vec<Vec<f64>>> = vec![Vec::new(); cases.len()];
    for round in 0..rounds {
        for step in 0..cases.len() {
            let at = (round + step) % cases.len();
            measured[at].push((cases[at].sample)(times[at]));
        }
    }
    let row = |(case, rounds): (&Case<'_>, Vec<Vec<f64>>)| Row {
        part: part.into(),
        group: group.into(),
        case: case.name.clone(),
        beside: case.beside.into(),
        size,
        unit: "ns".into(),
        note: String::new(),
        rounds,
    };
    cases.iter().zip(measured).map(row).collect()
}

fn ns(took: Duration) -> f64 {
    took.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_value_in_every_round_and_is_named_beside_another() {
        let cases = vec![Case::quick("one", || 1), Case::slow("other", || 2).beside("one")];
        let rows = measure("part", "group", 7, 3, cases);
        assert_eq!(
            rows.iter().map(|row| (&*row.case, &*row.beside, row.size)).collect::<Vec<_>>(),
            [("one", "", 7), ("other", "one", 7)]
        );
        assert!(rows.iter().all(|row| row.rounds.len() == 3 && row.rounds.iter().all(|round| !round.is_empty())));
    }

    #[test]
    fn threads_that_share_the_cores_say_what_an_operation_costs_a_core() {
        let cores: usize = thread::available_parallelism().map_or(1, Into::into);
        let spent = together(cores * 4, 50, &|| {
            let began = Instant::now();
            while began.elapsed() < Duration::from_micros(20) {}
        });
        assert!(spent.is_some_and(|ns| ns > 1_000.0));
    }
}
