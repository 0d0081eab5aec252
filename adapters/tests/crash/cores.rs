//! Work that falls into pieces, on as many threads as there are cores.

use std::sync::Mutex;
use std::thread;

use super::finding::Finding;

/// Does the pieces in their order, each on whichever thread is free, until one of them finds something.
pub(crate) fn on_each<T: Send>(
    pieces: impl Iterator<Item = T> + Send,
    does: impl Fn(T) -> Result<(), Finding> + Sync,
) -> Result<(), Finding> {
    let pieces = Mutex::new(pieces);
    let work = || -> Result<(), Finding> {
        loop {
            let Some(piece) = pieces.lock().unwrap().next() else { return Ok(()) };
            does(piece)?;
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap())
    })
}
