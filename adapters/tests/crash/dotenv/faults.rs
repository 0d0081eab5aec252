//! Each call fails: once, and with all that come after it.

use credlatch::env::DotenvFileErrorKind as Kind;
use rustix::io::Errno;

use super::ops::Op;
use super::recover::recover;
use super::sim::Sim;
use super::situation::{Finding, What, file};
use crate::fault::{Call, FailureMode, Fault, Lasts};
use crate::image;

const ERRNOS: [Errno; 3] = [Errno::IO, Errno::NOSPC, Errno::ACCESS];

/// Returns how many were tried.
pub(crate) fn all(op: &Op) -> Result<usize, Finding> {
    let (world, situation) = op.start(None);
    let sim = Sim::new(world, situation, None, None);
    (op.run)(&sim).unwrap();
    let calls = sim.machine().inner().calls.clone();
    let mut tried = 0;
    for (at, call) in calls.into_iter().enumerate() {
        for fault in faults(at, call) {
            tried += 1;
            one(op, call, fault).map_err(|found| found.within(&format!("{}, {call:?}: {fault:?}", op.name)))?;
        }
    }
    Ok(tried)
}

fn faults(at: usize, call: Call) -> Vec<Fault> {
    let can_muddle = matches!(call, Call::Write | Call::Rename);
    let mut faults = Vec::new();
    for errno in ERRNOS {
        for lasts in [Lasts::No, Lasts::ForAll] {
            faults.push(Fault { at, lasts, how: FailureMode::With(errno) });
            faults.extend(can_muddle.then_some(Fault { at, lasts, how: FailureMode::Muddled(errno) }));
        }
    }
    // As if somebody had swept the draft away.
    let swept = Fault { at, lasts: Lasts::No, how: FailureMode::With(Errno::NOENT) };
    faults.extend((call == Call::Rename).then_some(swept));
    faults
}

fn one(op: &Op, call: Call, fault: Fault) -> Result<(), Finding> {
    let (world, situation) = op.start(None);
    let sim = Sim::new(world, situation, None, Some(fault));
    let result = (op.run)(&sim);
    let (world, mut situation) = (sim.world(), sim.situation());
    let lasts = fault.lasts != Lasts::No;
    // The drafts of others go as far as that can be done; if not, it is no reason to leave the secret in the file.
    situation.keeps_leftover = true;
    if !lasts && call != Call::Remove {
        situation.no_draft(&world.files.nodes)?;
    }
    match &result {
        Ok(()) => {
            // Of those that last, only one that nothing follows can be passed over.
            let is_last = fault.at + 1 == sim.machine().inner().calls.len();
            if is_told(call, fault) || (lasts && !is_last) {
                return Err(Finding::new(What::Error, "there is none"));
            }
        }
        Err(error) => {
            let is_right = if is_told(call, fault) { is_of(call, &error.kind) } else { lasts };
            if !is_right || !error.path.ends_with(".env") || error.remedy().is_empty() {
                return Err(Finding::new(What::Error, error.to_string()));
            }
            let text = file(&world.files.nodes).map(|(bytes, _)| bytes);
            let is_old = text == situation.allowed[0].map(str::as_bytes);
            if matches!(error.kind, Kind::NotWritten(_)) && !fault.leaves_traces() && !is_old {
                return Err(Finding::new(What::Error, "not written, it says, and it was"));
            }
        }
    }
    recover(&world, &situation, None, false)?;
    for image in image::all(&world.files) {
        let world = world.rebooted(world.files.cut_down_to(image));
        recover(&world, &situation, None, false).map_err(|found| found.within("then cut"))?;
    }
    Ok(())
}

/// Whether the operation fails with it. Tidying is done as far as it goes; a file that seems to be another than the one that
/// was locked is looked at anew; and a draft that somebody swept away is written anew.
fn is_told(call: Call, fault: Fault) -> bool {
    !matches!(call, Call::MetadataAt | Call::List | Call::Remove) && fault.errno() != Errno::NOENT
}

/// Whether this is what the failure of that call is to be called.
fn is_of(call: Call, error: &Kind) -> bool {
    match call {
        Call::Resolve | Call::Open | Call::Metadata | Call::Read => matches!(error, Kind::Unreadable(_)),
        Call::Lock => matches!(error, Kind::NotLocked(_)),
        Call::Make | Call::Write | Call::Sync | Call::Rename => matches!(error, Kind::NotWritten(_)),
        Call::Access => *error == Kind::OwnerLost,
        Call::SyncFolder => matches!(error, Kind::NotConfirmed(_)),
        _ => false,
    }
}
