//! Keeps what this process holds out of core files and out of other processes' sight.
//!
//! A core file is a copy of memory that outlives the process, and a process that may be dumped can be read and traced by
//! every other one of its user. The command turns both off before it reads a secret; whoever takes its place gets both
//! back, because what a program leaves behind when it crashes is its own affair.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::OnceLock;

/// What was so before.
#[derive(Clone)]
struct Before {
    #[cfg(unix)]
    core: Rlimit,
    #[cfg(target_os = "linux")]
    dumpable: Option<rustix::process::DumpableBehavior>,
}

static BEFORE: OnceLock<Before> = OnceLock::new();

/// Leaves no core file from here on, and lets nobody look into this process. Where the kernel refuses, as a sandbox may,
/// the command goes on: it is no less safe than a command that doesn't ask.
pub(crate) fn forbid() {
    BEFORE.get_or_init(|| Before {
        #[cfg(unix)]
        core: getrlimit(Resource::Core),
        #[cfg(target_os = "linux")]
        dumpable: rustix::process::dumpable_behavior().ok(),
    });
    #[cfg(unix)]
    // The hard limit stays: a user who isn't root could never give it back.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) });
    // A limit of none doesn't keep the kernel from piping a core file to a program; this does.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Puts both back as they were, for the program that takes this one's place or is started by it.
pub(crate) fn give_back() {
    let Some(before) = BEFORE.get().cloned() else { return };
    #[cfg(unix)]
    let _ = setrlimit(Resource::Core, before.core);
    #[cfg(target_os = "linux")]
    if let Some(dumpable) = before.dumpable {
        let _ = rustix::process::set_dumpable_behavior(dumpable);
    }
}
