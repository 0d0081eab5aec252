//! Real processes on a real store, killed and stopped at random: what they saw must be explainable as if everything had
//! happened one after the other, and what the issuer was sent must keep the laws.
//!
//! Workers are processes of this very program. Each does what programs do with the library (set, sign in, clear, remove,
//! read, rotate) and says so before and after, into one pipe that gives all of it one order (see [`conductor`]). From that
//! come three checks:
//!
//! - [`acts`]: the issuer's log, by laws 4 and 5.
//! - [`generations`]: in one pass, what the numbers say that the store's lock gave out. Cheap, and its answers are easy to
//!   understand, but a change isn't always told its number, so it can't be all.
//! - [`search`]: whether the history is linearizable with `credlatch_core::apply` as the sequential specification
//!   ([`spec`]). It is exact, and it goes through histories of any length, because looks that tell their generation leave
//!   few possibilities open. The tests in [`made_up`] compare it with trying every order, on short histories.
//!
//! A checker from elsewhere was considered: stateright's tester wants a whole framework with a web server as a dependency,
//! keeps no memory of what it has tried, and lets an operation that was cut off happen only after everything its thread
//! did; here a dead worker's operation has an end, because nothing of it happens after it was reaped.
//!
//! `CREDLATCH_HISTORY_KILLS=10000` makes it a long run, and `CREDLATCH_HISTORY_SEED` repeats a seed, as far as real
//! processes can be repeated.
#![cfg(all(feature = "file", unix))]
#![allow(clippy::print_stdout)] // what was seen is the point of running it

mod acts;
mod census;
mod chance;
mod conductor;
mod generations;
mod issuer;
mod line;
mod made_up;
mod operations;
mod player;
mod search;
mod spec;
mod told;
mod verdict;
mod worker;
mod wrong;

use census::{Census, census};
use conductor::{Plan, play};
use line::Line;
use verdict::{json, judge};
use wrong::Wrong;

/// Kills in one store; then the next seed begins with an empty one.
const KILLS_A_STORE: usize = 125;
const KILLS: usize = 250;
/// So many stores are played at the same time.
const AT_ONCE: usize = 2;
/// If something was not seen by then, so many stores more are tried, with so many kills each.
const MORE_STORES: usize = 4;
const KILLS_AT_LEAST: usize = 50;
/// Lines that a wrong worker has to give itself away, and how many stores it gets to do so: one or two as a rule, more on a
/// busy machine.
const LINES_FOR_WRONG: usize = 500;
const STORES_FOR_WRONG: usize = 30;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// Another seed for each run, unless one is wanted again.
fn seed() -> u64 {
    number("CREDLATCH_HISTORY_SEED", u64::from(std::process::id()) << 16)
}

#[test]
fn what_real_processes_saw_has_an_order() {
    if worker::play_if_asked() {
        return;
    }
    let kills = usize::try_from(number("CREDLATCH_HISTORY_KILLS", KILLS as u64)).unwrap();
    let mut total = Census::default();
    let mut most = 0;
    let mut seeds = (seed()..).take(kills.div_ceil(KILLS_A_STORE).next_multiple_of(AT_ONCE) + MORE_STORES);
    while total.kills < kills || !total.unseen().is_empty() {
        let left = kills.saturating_sub(total.kills).div_ceil(AT_ONCE).clamp(KILLS_AT_LEAST, KILLS_A_STORE);
        let some: Vec<u64> = seeds.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        for (seed, lines) in play_at_once(some, left) {
            most = most.max(judge(&lines).unwrap_or_else(|found| panic!("seed {seed}: {}", json(&found))));
            total += census(&lines);
            println!("seed {seed}: {total}");
        }
    }
    println!("{total}; at most {most} possibilities at a time");
    println!("{:?}", total.all());
    assert!(total.unseen().is_empty(), "never seen: {:?}", total.unseen());
}

/// A store for each seed, side by side: they wait most of the time.
fn play_at_once(seeds: Vec<u64>, kills: usize) -> Vec<(u64, Vec<Line>)> {
    let plan = |seed| Plan { seed, kills, lines: 0, wrong: None, test: "what_real_processes_saw_has_an_order" };
    std::thread::scope(|scope| {
        let playing: Vec<_> = seeds.into_iter().map(|seed| (seed, scope.spawn(move || play(plan(seed))))).collect();
        playing.into_iter().map(|(seed, store)| (seed, store.join().unwrap())).collect()
    })
}

#[test]
fn wrong_workers_are_caught() {
    if worker::play_if_asked() {
        return;
    }
    let table = [
        (Wrong::CachesItsView, "generations"),
        (Wrong::AnswersBeforeItCommits, "linearizable"),
        (Wrong::ClearsOneByOne, "linearizable"),
        (Wrong::WritesInPlace, "linearizable"),
        (Wrong::LooksBeforeItLocks, "linearizable"),
        (Wrong::RestoresABackup, "linearizable"),
        (Wrong::PresentsAnOldToken, "no_replay"),
        (Wrong::PresentsWithoutAClaim, "no_silent_loss"),
        (Wrong::DropsWhatWasGranted, "no_silent_loss"),
    ];
    for (wrong, rule) in table {
        let stores = (seed()..).take(STORES_FOR_WRONG);
        let caught = stores.flat_map(|seed| {
            let plan =
                Plan { seed, kills: 0, lines: LINES_FOR_WRONG, wrong: Some(wrong), test: "wrong_workers_are_caught" };
            judge(&play(plan)).err().unwrap_or_default()
        });
        let caught = caught.inspect(|found| println!("{wrong:?}: {}: {}", found.rule, found.what));
        assert!(caught.into_iter().any(|found| found.rule == rule), "`{rule}` did not notice {wrong:?}");
    }
}
