//! A worker's process, as its conductor holds it.

use std::io::PipeWriter;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::worker::{PART, Part};

/// It dies with its owner, however that ends.
pub(crate) struct Player {
    child: Child,
    pub(crate) is_wrong: bool,
    /// A stopped one is resumed then.
    pub(crate) resume_at: Option<Instant>,
}

impl Player {
    /// Starts this program again, as this worker. `test` is the test that becomes one if it is told to.
    pub(crate) fn start(part: &Part, pipe: &PipeWriter, test: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(PART, serde_json::to_string(part).unwrap())
            .stdin(Stdio::from(pipe.try_clone().unwrap()))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, is_wrong: part.wrong.is_some(), resume_at: None }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // One that has ended is only waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
