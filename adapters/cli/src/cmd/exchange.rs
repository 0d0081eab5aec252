//! `exchange`, which only credlatch calls: asks an issuer in a process that outlives the command that wanted it.

use std::fs::{self, File};
use std::io::{Read, Write, stdin, stdout};
use std::os::fd::RawFd;

use credlatch::Latch;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::defer::{deferring_signals, spared};
use crate::end::{Done, End};

/// The command's name.
pub(crate) const WORD: &str = "exchange";

/// The first that is nobody's input, output or errors.
const FIRST: RawFd = 3;

/// Leaves what the caller had: the files it left open, on which others may wait, its session, whose end would be this
/// process's, and its working directory, which somebody may want to unmount. It comes first in this process, before any file
/// is opened.
pub(crate) fn leave_everything() {
    for fd in open_files() {
        let _ = nix::unistd::close(fd);
    }
    // One that leads a session already has nobody to leave.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    spared();
}

/// The numbers of the open files, found where the platform lists them.
fn open_files() -> Vec<RawFd> {
    let listed = fs::read_dir("/proc/self/fd").or_else(|_| fs::read_dir("/dev/fd"));
    let names = listed.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // The list itself is one of them, and closed by now.
    names.filter(|fd| *fd >= FIRST).collect()
}

/// Reads what is asked to its end, does it, and says what came of it.
pub(crate) fn exchange(global: &Global, provider: &str) -> Done {
    let mut asked = Zeroizing::new(Vec::new());
    stdin().read_to_end(&mut asked).map_err(|error| End::other(format!("nothing was asked: {error}"), "try again"))?;
    let Ok(latch) = global.builder_here()?.open() else {
        say(&Latch::exchange_trouble());
        return Ok(());
    };
    // Whoever is asked to end while a request is under way waits for its answer, as every command does.
    deferring_signals(&latch, provider, || latch.serve_exchange(&asked, say))
}

/// Says it, and nothing after it: whoever asked waits for the end of what is said. They may be gone; what came of it is in the
/// store.
fn say(said: &[u8]) {
    let _ = stdout().write_all(said).and_then(|()| stdout().flush());
    if let Ok(nowhere) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nowhere);
    }
}
