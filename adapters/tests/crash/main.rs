//! The file store, the one in Hermes' file and the rewrite of a `.env` file on a machine that crashes at every call, with every
//! subset of what was not durable.
//! `docs/crash.md` has the fault model and the counts.
#![cfg(all(feature = "env", feature = "file", unix))]

mod calls;
mod cores;
mod counts;
mod disk;
mod dotenv;
mod fault;
mod faults;
mod finding;
mod image;
mod issuer;
mod left;
mod machine;
mod model;
mod observe;
mod ops;
mod process;
mod record;
mod recover;
mod regressions;
mod sealed;
mod shared;
mod steps;
mod store;
mod strangers;
mod wrong;

use std::io::Write as _;
use std::iter;

use credlatch_core::law::Who;
use finding::{Finding, Search};
use record::{Count, Recording};
use wrong::Wrong;

/// Who made the store.
const BASE: Who = 1;
/// Who does the operation, and dies.
const OP: Who = 2;
/// Who read before, and goes on reading.
const SURVIVOR: Who = 3;
/// Who reads for the first time after the crash.
const FRESH: Who = 4;
/// Who writes after the crash.
const HEIR: Who = 5;
/// Who reads after a power cut that comes still later.
const AFTER: Who = 6;

/// Says something that the test harness doesn't swallow.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// What a store is put to, until something is found.
fn try_out(wrong: Option<Wrong>) -> Result<(), Finding> {
    let mut search = Search { is_for_laws: wrong.is_some(), is_short: true, promise: None };
    // What only another writer shows takes no time to find where one is.
    if wrong.is_some_and(Wrong::is_about_others) {
        strangers::all(wrong, &mut search)?;
    }
    // First without acts that are begun anew, because what they break may be the consequence of something simpler.
    crash(wrong, &mut search)?;
    strangers::all(wrong, &mut search)?;
    // The right store is put to the rest where all of it is counted.
    if wrong.is_some() {
        search.is_short = false;
        crash(wrong, &mut search)?;
    }
    search.promise.map_or(Ok(()), Err)
}

fn crash(wrong: Option<Wrong>, search: &mut Search) -> Result<(), Finding> {
    for op in ["set", "rotate", "first"].map(ops::named) {
        let recording = Recording::of(op, wrong)?;
        // What a kill shows takes no time to find.
        if wrong.is_some_and(Wrong::is_about_what_is_left) {
            recording.kill(&mut Count::default(), search)?;
        }
        recording.cut(&mut Count::default(), search)?;
        recording.kill(&mut Count::default(), search)?;
    }
    Ok(())
}

/// A wrong store, with the number of the law that it breaks, if it breaks one and not only a promise; or the right one.
fn is_judged_rightly(wrong: Option<(Wrong, Option<u8>)>) {
    let found = try_out(wrong.map(|(wrong, _)| wrong));
    let Some((wrong, number)) = wrong else {
        return found.unwrap_or_else(|finding| panic!("the right store: {finding}"));
    };
    let Err(finding) = found else { panic!("{wrong:?} is not caught") };
    say(&format!("{wrong:?}: {finding}"));
    assert_eq!(finding.law.map(|(number, _)| number), number, "{wrong:?}: {finding}");
    assert!(!finding.at.is_empty(), "{wrong:?}");
}

#[test]
fn wrong_stores_are_caught_by_the_law_they_break_and_the_right_one_is_not() {
    // The right one first, because it takes the longest.
    let stores = iter::once(None).chain(wrong::WRONGS.iter().copied().map(Some));
    cores::on_each(stores, |store| {
        is_judged_rightly(store);
        Ok(())
    })
    .unwrap_or_else(|finding| panic!("{finding}"));
}
