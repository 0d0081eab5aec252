//! A terminal of its own for what a test starts: what appears there, what a person types, and the modes that it is in.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{self, Pts, Pty};
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr};

use super::needs::found;

pub(crate) struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    /// Kept open, so that the modes outlive whoever set them.
    pts: Pts,
    /// Its modes before anything was started there; afterwards they may be the program's already.
    before: [u64; 6],
    shown: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts a command there, with all three of its streams. None where no terminal can be made.
    pub(crate) fn start(command: &Command, columns: u16) -> Option<Self> {
        let (pty, pts) = found(blocking::open().ok(), "a pseudo-terminal")?;
        pty.resize(Size::new(50, columns)).unwrap();
        let envs = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut inside = blocking::Command::new(command.get_program()).args(command.get_args()).env_clear().envs(envs);
        if let Some(folder) = command.get_current_dir() {
            inside = inside.current_dir(folder);
        }
        let before = modes(&pts);
        let child = inside.spawn_borrowed(&pts).unwrap();
        let (pty, shown) = (Arc::new(pty), Arc::<Mutex<Vec<u8>>>::default());
        let (from, to) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = (&*from).read(&mut some) {
                to.lock().unwrap().extend_from_slice(&some[..count]);
            }
        });
        Some(Self { child, pty, pts, before, shown, reader })
    }

    /// The session of whatever is started there.
    #[cfg(target_os = "linux")]
    pub(crate) fn session(&self) -> u32 {
        self.child.id()
    }

    /// All that appeared so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).replace("\r\n", "\n")
    }

    pub(crate) fn types(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until something appeared so often.
    #[track_caller]
    pub(crate) fn shows(&self, what: &str, times: usize) {
        self.until(what, || self.shown().matches(what).count() >= times);
    }

    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(30), "waited in vain for {what:?}: {:?}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.pts).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Its modes now.
    pub(crate) fn modes(&self) -> [u64; 6] {
        modes(&self.pts)
    }

    /// Its modes before anything was started there.
    pub(crate) fn modes_before(&self) -> [u64; 6] {
        self.before
    }

    /// Waits until what was started has ended: its exit status, and all that appeared.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        drop(self.pts);
        self.reader.join().unwrap();
        let shown = String::from_utf8_lossy(&self.shown.lock().unwrap()).replace("\r\n", "\n");
        (status.code(), shown)
    }

    /// Hangs up.
    pub(crate) fn hang_up(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that a program may set of a terminal, to compare.
fn modes(pts: &Pts) -> [u64; 6] {
    let modes = tcgetattr(pts.as_fd()).unwrap();
    let code = |index| u64::from(modes.special_codes[index]);
    [
        u64::from(modes.input_modes.bits()),
        u64::from(modes.output_modes.bits()),
        u64::from(modes.control_modes.bits()),
        u64::from(modes.local_modes.bits()),
        code(SpecialCodeIndex::VMIN),
        code(SpecialCodeIndex::VTIME),
    ]
}
