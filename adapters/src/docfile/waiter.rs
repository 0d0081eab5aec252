//! Waiting for a lock in the kernel's queue: whoever has the lock wakes the next one by letting go, in the order in which they came.
//!
//! A thread that waits there can't be called back, so it is one of its own. Where the time is over before the lock comes, the
//! thread stays in the queue, and the next wait for the same lock in this process takes it over; if none comes, it lets go of the
//! lock as soon as it has it. Until then it is this process's own: whoever asks meanwhile asks for the same open file, and is not
//! told of a lock that nobody holds.
//!
//! A forked child has the open file of a wait and not its thread. So the thread doesn't own the file: it waits by its number, and
//! the child closes it as it closes every lock that it inherited.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use credlatch_core::port::Clock;
use credlatch_core::time::Patience;
use nix::errno::Errno;
use nix::fcntl::FlockArg;
use parking_lot::{Condvar, Mutex};

use super::disk::Disk;
use super::kept::Kept;
use crate::files::{FileId, Files, Hold, RealDisk};
use crate::system::{Process, process};

/// What a thread that only waits needs for a stack.
const STACK_BYTES: usize = 64 * 1024;
/// How long the list is asked for. Whoever has it gives it back at once, unless it was a thread that a fork left behind.
const LIST_WAIT: Duration = Duration::from_millis(10);

/// The threads that wait.
static WAITERS: Mutex<Vec<Arc<Waiter>>> = Mutex::new(Vec::new());

/// What came of a wait.
pub(super) enum Waited {
    /// This open of the file has the lock.
    Locked(Kept<File>),
    TimedOut,
    /// There is no thread to wait in.
    NoThread,
}

/// A thread in the kernel's queue, as the others see it.
struct Waiter {
    awaited: Awaited,
    stage: Mutex<Stage>,
    turned: Condvar,
}

/// What is waited for, and in which process: a forked child must not count on its parent's threads.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Awaited {
    file_id: FileId,
    how: Hold,
    pid: u32,
    pid_namespace: u64,
}

/// How far a wait is.
enum Stage {
    /// Somebody waits for it, with this open of the file.
    Wanted(Kept<File>),
    /// Nobody does: their time was over.
    Unwanted(Kept<File>),
    /// The lock is there, or can't be had.
    Here(io::Result<Kept<File>>),
    /// It was given back, or handed over.
    Over,
}

/// Waits for the lock on this file in the kernel's queue, until the deadline.
pub(super) fn wait(file: &Kept<File>, how: Hold, deadline: &Patience) -> io::Result<Waited> {
    let file_id = file.attempt(|file| RealDisk.metadata(file))?.file_id;
    let awaited = Awaited { file_id, how, pid: std::process::id(), pid_namespace: process::pid_namespace() };
    let Some(waiter) = Waiter::find(file, awaited) else {
        return Ok(Waited::NoThread);
    };
    // What a commit will ask of this process is looked up while there is nothing else to do, and not while others wait for it.
    let _ = (Process::own(), RealDisk.machine(""));
    let mut stage = waiter.stage.lock();
    loop {
        let left_ms = deadline.left_ms(&RealDisk.now());
        *stage = match std::mem::replace(&mut *stage, Stage::Over) {
            Stage::Here(locked) => return locked.map(Waited::Locked),
            // Where this open of the file can have it now the thread is about to say so.
            Stage::Wanted(file) if left_ms == 0 && !can_lock(&file, how) => {
                *stage = Stage::Unwanted(file);
                return Ok(Waited::TimedOut);
            }
            others => others,
        };
        waiter.turned.wait_for(&mut stage, Duration::from_millis(left_ms.max(1)));
    }
}

impl Waiter {
    /// One that waits already, and for nobody; else a new one. None where no thread can be had, or another thread of this process
    /// waits to see the same lock end: one that looks is enough for that.
    fn find(file: &Kept<File>, awaited: Awaited) -> Option<Arc<Self>> {
        let mut waiters = WAITERS.try_lock_for(LIST_WAIT)?;
        for waiter in waiters.iter().filter(|waiter| waiter.awaited == awaited) {
            let mut stage = waiter.stage.lock();
            match *stage {
                Stage::Unwanted(ref file) => {
                    *stage = Stage::Wanted(file.share());
                    drop(stage);
                    return Some(Arc::clone(waiter));
                }
                Stage::Wanted(_) if awaited.how == Hold::Shared => return None,
                _ => {}
            }
        }
        let waiter = Self::start(file, awaited)?;
        // What a fork left here belongs to threads of the parent.
        waiters.retain(|other| other.awaited.is_of_this(&awaited) && !matches!(*other.stage.lock(), Stage::Over));
        waiters.push(Arc::clone(&waiter));
        Some(waiter)
    }

    fn start(file: &Kept<File>, awaited: Awaited) -> Option<Arc<Self>> {
        let number = file.with(AsRawFd::as_raw_fd)?;
        let (stage, turned) = (Mutex::new(Stage::Wanted(file.share())), Condvar::new());
        let waiter = Arc::new(Self { awaited, stage, turned });
        let there = Arc::clone(&waiter);
        let thread = thread::Builder::new().name("credlatch-lock".to_owned()).stack_size(STACK_BYTES);
        thread.spawn(move || there.stand_in_line(number)).ok()?;
        Some(waiter)
    }

    /// The thread: it waits by the file's number, and the stage keeps the file open until then.
    fn stand_in_line(self: Arc<Self>, number: RawFd) {
        let locked = lock(number, self.awaited.how);
        let mut stage = self.stage.lock();
        *stage = match std::mem::replace(&mut *stage, Stage::Over) {
            Stage::Wanted(file) => Stage::Here(locked.map(|()| file)),
            Stage::Unwanted(file) => {
                // A forked child may have the same open file, so closing it would not be enough.
                let _ = file.with(fs4::FileExt::unlock);
                Stage::Over
            }
            others => others,
        };
        self.turned.notify_one();
        drop(stage);
        if let Some(mut waiters) = WAITERS.try_lock_for(LIST_WAIT) {
            waiters.retain(|waiter| !Arc::ptr_eq(waiter, &self));
        }
    }
}

impl Awaited {
    /// Whether it is of the same process.
    fn is_of_this(&self, other: &Self) -> bool {
        (self.pid, self.pid_namespace) == (other.pid, other.pid_namespace)
    }
}

/// Locks it if that takes no waiting; also where it is locked by this open already, as its thread in the queue may have just done.
fn can_lock(file: &Kept<File>, how: Hold) -> bool {
    file.attempt(|file| RealDisk.try_lock(file, how)).unwrap_or(false)
}

/// Locks the file of that number, and waits for it as long as it takes.
fn lock(number: RawFd, how: Hold) -> io::Result<()> {
    let how = match how {
        Hold::Shared => FlockArg::LockShared,
        Hold::Alone => FlockArg::LockExclusive,
    };
    loop {
        #[expect(deprecated, reason = "what replaces it owns the file, and a forked child could not close it then")]
        match nix::fcntl::flock(number, how) {
            Err(Errno::EINTR) => {}
            locked => return locked.map_err(io::Error::from),
        }
    }
}
