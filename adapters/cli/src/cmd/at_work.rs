//! Telling a person whom a command waits for that changes every profile.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::args::Global;
use crate::end::Done;
use crate::output;

/// How long a command is silent, and how often it looks whom it waits for.
const LOOK: Duration = Duration::from_secs(1);

/// Does something that waits for whoever is at work, and says once whom, if it takes its time.
pub(super) fn saying_whom<T>(global: &Global, act: impl FnOnce() -> Done<T>) -> Done<T> {
    std::thread::scope(|scope| {
        let (end, ended) = channel::<()>();
        let watch = move || while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) && !is_told(global) {};
        // Where no thread can be had nobody is told.
        let _ = std::thread::Builder::new().spawn_scoped(scope, watch);
        let done = act();
        drop(end);
        done
    })
}

/// Says whom, if there is somebody.
fn is_told(global: &Global) -> bool {
    let at_work = global.builder().map(|builder| builder.at_work()).unwrap_or_default();
    let Some((profile, pids)) = at_work.first() else { return false };
    let pid = pids.first();
    let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    let resume = pid.map(|pid| format!("; if it is stopped, resume it: `kill -CONT {pid}`"));
    output::warn(
        global.json,
        &format!("waiting for {who}, which is at work on the profile `{profile}`"),
        &format!("this goes on when that ends{}", resume.unwrap_or_default()),
    );
    true
}
