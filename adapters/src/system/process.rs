//! Who this process is, and what people may be told of another one. Nothing here decides whether an act goes on: that is the
//! word of its lock alone.

use std::fs;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use credlatch_core::state::{Actor, Nonce};

use super::boot;

/// What tells a process from every other one on this machine, as far as the platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot; 0 where the platform doesn't say.
    pub started: u64,
    /// The inode of the pid namespace its number belongs to; 0 where the platform doesn't say.
    pub pid_namespace: u64,
}

/// When the process of this number and pid namespace started: what `/proc` says of that never changes. The number is written last.
static KNOWN: (AtomicU32, AtomicU64, AtomicU64) = (AtomicU32::new(0), AtomicU64::new(0), AtomicU64::new(0));

impl Process {
    /// This process. The namespace is looked up each time: a child in one of its own may have the number of the process that it was
    /// forked from.
    pub fn own() -> Self {
        let (known, of, since) = (&KNOWN.0, &KNOWN.1, &KNOWN.2);
        let (pid, pid_namespace) = (std::process::id(), pid_namespace());
        if known.load(Ordering::Acquire) == pid && of.load(Ordering::Relaxed) == pid_namespace {
            return Self { pid, started: since.load(Ordering::Relaxed), pid_namespace };
        }
        let started = stat("self").map_or(0, |stat| stat.started);
        since.store(started, Ordering::Relaxed);
        of.store(pid_namespace, Ordering::Relaxed);
        known.store(pid, Ordering::Release);
        Self { pid, started, pid_namespace }
    }

    /// This process as the actor of an act whose sign of life has this name.
    pub fn acting_as(self, name: Nonce) -> Actor {
        Actor { name, pid: self.pid, started: self.started, pid_namespace: self.pid_namespace, notes: false }
    }
}

/// The actor's pid, if it names that process to whoever reads it here: it is of this pid namespace, and there is a process
/// of that number that started when it did. A person must not be told to signal a stranger; and on every machine the first pid
/// namespace has the same number.
pub fn named(actor: &Actor) -> Option<u32> {
    let is_it = || {
        // In a time namespace of its own `/proc` says other times.
        let tells = actor.started != 0 && is_proc_ours() && !boot::is_shifted();
        let stat = tells.then(|| stat(&actor.pid.to_string())).flatten();
        stat.map_or_else(|| exists(actor.pid), |stat| stat.started == actor.started)
    };
    (shares_numbers(actor.pid_namespace) && is_it()).then_some(actor.pid)
}

/// Whether the actor's process is there and stopped, as by Ctrl-Z: it goes on holding what it holds, and does nothing.
pub fn is_stopped(actor: &Actor) -> bool {
    let is_same = |stat: &Stat| actor.started == 0 || stat.started == actor.started;
    shares_numbers(actor.pid_namespace)
        && is_proc_ours()
        && stat(&actor.pid.to_string()).is_some_and(|stat| is_same(&stat) && stat.is_stopped)
}

/// Whether a process of this number is there and stopped, as far as numbers mean the same here.
pub fn is_stopped_pid(pid: u32) -> bool {
    is_proc_ours() && stat(&pid.to_string()).is_some_and(|stat| stat.is_stopped)
}

/// Whether `/proc` speaks of this pid namespace. After `unshare --pid` without `--mount-proc` it speaks of the parent's,
/// where this process has another number as well (proc(5), `NSpid`).
pub(crate) fn is_proc_ours() -> bool {
    let status = read("/proc/self/status").unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_none_or(|numbers| numbers.split_ascii_whitespace().count() == 1)
}

/// Whether a pid means the same process there and here.
pub(crate) fn shares_numbers(pid_namespace: u64) -> bool {
    pid_namespace == self::pid_namespace() && (pid_namespace != 0 || !cfg!(target_os = "linux"))
}

/// Whether any process has that number. A process that this one may not look at in `/proc` still counts.
#[cfg(unix)]
fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn exists(_pid: u32) -> bool {
    true
}

/// The inode of the pid namespace of this process; 0 where the platform doesn't say.
pub(crate) fn pid_namespace() -> u64 {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let text = link.to_string_lossy();
    text.trim_start_matches("pid:[").trim_end_matches(']').parse().unwrap_or(0)
}

struct Stat {
    started: u64,
    is_stopped: bool,
}

/// The parts of `/proc/<pid>/stat` that matter (proc(5)): fields 3 (state) and 22 (start time).
fn stat(pid: &str) -> Option<Stat> {
    parse_stat(&read(&format!("/proc/{pid}/stat"))?)
}

/// What stands there. A process may have a name that is no text.
fn read(path: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name in field 2 may hold spaces and parentheses; what follows its last parenthesis may not.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let state = *fields.first()?;
    Some(Stat { started: fields.get(19)?.parse().ok()?, is_stopped: matches!(state, "T" | "t") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(process: Process) -> Actor {
        process.acting_as(Nonce(1))
    }

    #[test]
    fn this_process_can_be_named_and_one_that_ended_or_is_of_another_namespace_cannot() {
        let own = Process::own();
        assert_eq!(named(&actor(own)), Some(own.pid));
        assert_eq!(own.started == 0, !cfg!(target_os = "linux"));
        let other = own.pid_namespace.wrapping_add(7);
        assert_eq!(named(&actor(Process { pid_namespace: other, ..own })), None);
        assert_eq!(named(&actor(Process { pid: u32::MAX >> 2, ..own })), None);
        let earlier = Process { started: own.started.wrapping_sub(1), ..own };
        let tells = cfg!(target_os = "linux") && !boot::is_shifted();
        assert_eq!(named(&actor(earlier)), (!tells).then_some(own.pid), "one of another machine");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_whose_name_is_no_text_is_known_as_any_other() {
        let own = Process::own();
        let name = fs::read("/proc/self/comm").unwrap();
        fs::write("/proc/self/comm", b"a\xff) T").unwrap();
        let renamed = Process::own();
        let read = read("/proc/self/status");
        fs::write("/proc/self/comm", name).unwrap();
        assert_eq!(renamed, own);
        assert!(read.unwrap().contains("NSpid:"));
    }

    #[test]
    fn a_name_with_parentheses_is_stepped_over() {
        let text = "7 (a) b) Z) Z 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.started, stat.is_stopped), (4242, false));
        assert!(parse_stat(&text.replace(" Z 1", " T 1")).unwrap().is_stopped);
    }
}
