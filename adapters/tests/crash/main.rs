//! The file store on a machine that crashes at every call, with every subset of what was not durable.
//! `docs/crash.md` has the fault model and the counts.
#![cfg(all(feature = "file", unix))]

mod disk;
mod fault;
mod faults;
mod finding;
mod image;
mod issuer;
mod machine;
mod observe;
mod ops;
mod process;
mod record;
mod recover;
mod regressions;
mod steps;
mod wrong;

use std::io::Write as _;

use credlatch_core::law::Who;

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

#[test]
fn every_crash_of_every_operation_is_recovered_from() {
    for op in ops::OPS.iter().filter(|op| std::env::var("OP").map_or(true, |name| name == op.name)) {
        let began = std::time::Instant::now();
        let mut count = record::Count::default();
        let found = record::Recording::of(op, None).and_then(|recording| {
            recording.kill(&mut count)?;
            recording.cut(op.name == "set", &mut count)?;
            Ok(recording.calls)
        });
        say(&format!("{:50} {found:?} {count:?} {:?}", op.name, began.elapsed()));
        if let Err(finding) = found {
            say(&finding.to_string());
        }
    }
}

#[test]
fn every_fault_of_every_call_is_told_and_got_over() {
    for op in ops::OPS {
        let found = faults::all(op);
        say(&format!("{:50} {found:?}", op.name));
        if let Err(finding) = found {
            say(&finding.to_string());
        }
    }
}
