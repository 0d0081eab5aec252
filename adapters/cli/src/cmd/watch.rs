//! `watch`: a line of JSON for each change, by whatever process.

use std::time::Duration;

use super::status;
use crate::args::Global;
use crate::end::Done;
use crate::output;

/// Between two looks: each is one read of eight bytes, so this is often enough for 50 ms and costs next to nothing.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) fn watch(global: &Global, from: Option<u64>) -> Done {
    let latch = global.latch()?;
    let mut told = match from {
        Some(generation) => generation,
        None => latch.status()?.state.generation,
    };
    loop {
        let status = latch.status()?;
        // A store that was restored goes back; that is a change too.
        if status.state.generation != told {
            told = status.state.generation;
            output::json(&status::answer(&latch, &status, &status.flows()))?;
        }
        std::thread::sleep(LOOK);
    }
}
