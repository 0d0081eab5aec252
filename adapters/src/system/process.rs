//! Who this process is, and whether another one is still there.

use std::fs;

use credlatch_core::state::{Actor, Nonce};

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

impl Process {
    /// This process. It is read anew each time, because after a fork it is another.
    pub fn own() -> Self {
        let pid = std::process::id();
        Self { pid, started: stat("self").map_or(0, |stat| stat.started), pid_namespace: pid_namespace() }
    }

    /// This process as the actor of an act whose sign of life has this name.
    pub fn acting_as(self, name: Nonce) -> Actor {
        Actor { name, pid: self.pid, started: self.started, pid_namespace: self.pid_namespace }
    }
}

/// Whether the actor's process has certainly ended. Where that can't be told it counts as there.
pub fn is_gone(actor: &Actor) -> bool {
    shares_numbers(actor.pid_namespace)
        && (!exists(actor.pid)
            || stat(&actor.pid.to_string()).is_some_and(|stat| {
                let is_another = actor.started != 0 && stat.started != 0 && stat.started != actor.started;
                is_another || stat.is_dead
            }))
}

/// Whether the actor's process is there and stopped, as by Ctrl-Z: it goes on holding what it holds, and does nothing.
pub fn is_stopped(actor: &Actor) -> bool {
    let is_same = |stat: &Stat| actor.started == 0 || stat.started == actor.started;
    shares_numbers(actor.pid_namespace)
        && stat(&actor.pid.to_string()).is_some_and(|stat| is_same(&stat) && stat.is_stopped)
}

/// Whether a process of this number is there and stopped, as far as numbers mean the same here.
pub fn is_stopped_pid(pid: u32) -> bool {
    stat(&pid.to_string()).is_some_and(|stat| stat.is_stopped)
}

/// Whether a pid means the same process there and here.
fn shares_numbers(pid_namespace: u64) -> bool {
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

fn pid_namespace() -> u64 {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let text = link.to_string_lossy();
    text.trim_start_matches("pid:[").trim_end_matches(']').parse().unwrap_or(0)
}

struct Stat {
    started: u64,
    is_dead: bool,
    is_stopped: bool,
}

/// The parts of `/proc/<pid>/stat` that matter (proc(5)): fields 3 (state), 20 (threads) and 22 (start time).
fn stat(pid: &str) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name in field 2 may hold spaces and parentheses; what follows its last parenthesis may not.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let threads: u64 = fields.get(17)?.parse().ok()?;
    // A process whose first thread ended looks like a zombie while its other threads go on.
    let state = *fields.first()?;
    let is_dead = matches!(state, "Z" | "X") && threads <= 1;
    Some(Stat { started: fields.get(19)?.parse().ok()?, is_dead, is_stopped: matches!(state, "T" | "t") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(process: Process) -> Actor {
        process.acting_as(Nonce(1))
    }

    #[test]
    fn this_process_is_here() {
        let own = Process::own();
        assert!(!is_gone(&actor(own)));
        assert_eq!(own.started == 0, !cfg!(target_os = "linux"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reused_pid_is_not_taken_for_its_earlier_owner() {
        let own = Process::own();
        assert!(is_gone(&actor(Process { started: own.started + 1, ..own })));
    }

    #[test]
    fn a_pid_of_another_namespace_says_nothing() {
        let own = Process::own();
        let other = own.pid_namespace.wrapping_add(7);
        assert!(!is_gone(&actor(Process { pid: u32::MAX >> 2, pid_namespace: other, ..own })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_ended_is_gone_even_before_its_parent_asks() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = Process { pid: child.id(), started: 0, ..Process::own() };
        while !is_gone(&actor(process)) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_gone(&actor(process)));
    }

    #[test]
    fn a_name_with_parentheses_is_stepped_over() {
        let text = "7 (a) b) Z) Z 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.started, stat.is_dead), (4242, true));
        assert!(parse_stat(&text.replace(" Z 1", " T 1")).unwrap().is_stopped);
        let other_threads = text.replace(" 20 0 1 0 ", " 20 0 3 0 ");
        assert!(!parse_stat(&other_threads).unwrap().is_dead);
    }
}
