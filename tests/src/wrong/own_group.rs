//! The small group commit of the wrong engines that share one wrongly: a thread leaves what it asks to have stored where the
//! others of its process find it, and stores all that lies there a turn later, or waits for whoever does.

use std::sync::{Arc, PoisonError};

use credlatch_core::engine::TransactError;
use credlatch_core::port::{Oneshot, Store, StoreError, StoreErrorKind};
use credlatch_core::put::Put;
use credlatch_core::{Event, Verdict};

use crate::conduct::Process;
use crate::world::sim::Sim;

/// What a thread asks to have stored, and where it waits to be told.
#[derive(Debug)]
pub struct Asked<S: Sim> {
    put: Put,
    told: Arc<S::Oneshot<Result<Verdict, TransactError>>>,
}

/// Stores it, and whatever others of this process have left. `share_out` makes of the verdicts what each is told.
pub(super) fn put<S: Sim>(
    process: &Process<S>,
    put: Put,
    share_out: impl FnOnce(&mut [Verdict]),
) -> Result<Verdict, TransactError> {
    let (who, told) = (S::here().who, Arc::new(Oneshot::new()));
    let all = || process.asked.lock().unwrap_or_else(PoisonError::into_inner);
    // Each look at the store is a turn: others come between the two.
    process.engine.store().word()?;
    all().insert(who, Asked { put, told: Arc::clone(&told) });
    process.engine.store().word()?;
    let taken = std::mem::take(&mut *all());
    if taken.contains_key(&who) {
        let puts: Vec<_> = taken.values().map(|asked| Event::Put(asked.put.clone())).collect();
        let done = process.engine.transact(&puts).map(|done| done.verdicts).map(|mut verdicts| {
            share_out(&mut verdicts);
            verdicts
        });
        for (at, asked) in taken.values().enumerate() {
            asked.told.send(done.clone().map(|verdicts| verdicts[at].clone()));
        }
    }
    let nobody = StoreError::new(StoreErrorKind::Busy, "nobody stores it", "try again");
    told.receive(0).unwrap_or(Err(nobody.into()))
}
