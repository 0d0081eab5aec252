//! A question at the terminal whose answer isn't shown, and a terminal that is as it was whatever ends or suspends this process.
//!
//! The terminal goes on making signals of Ctrl-C and Ctrl-Z, for all of the job that a shell started. While the answer is hidden
//! this process blocks them, and a thread takes them one by one: it gives the terminal back, and then lets the kernel do what
//! the signal always does. So a script sees that its command was interrupted, and a shell that its job was suspended.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// What ends or suspends a process at a terminal, and what resumes it.
const TAKEN: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCONT];
/// How often a terminal is looked at that can't be waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Ctrl-U, at which the reader forgets what was typed.
const FORGET: u8 = 0x15;

/// Asks at the terminal, wherever the standard streams come from, and returns the line that was typed.
pub(crate) fn hidden(question: &str) -> io::Result<Zeroizing<String>> {
    let terminal = Arc::new(Terminal::open(question)?);
    terminal.come_to_the_front()?;
    let signals: SigSet = TAKEN.into_iter().collect();
    let before = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let answer = ask(&terminal, signals);
    before.thread_set_mask()?;
    answer
}

fn ask(terminal: &Arc<Terminal>, signals: SigSet) -> io::Result<Zeroizing<String>> {
    let there = Arc::clone(terminal);
    let watcher = std::thread::Builder::new().spawn(move || there.watch(signals))?;
    let answer = terminal.hide().and_then(|()| read(terminal));
    terminal.is_over.store(true, Ordering::SeqCst);
    // The thread waits for a signal, and this one does nothing else to a process that runs.
    kill(Pid::this(), Signal::SIGCONT)?;
    let _ = watcher.join();
    terminal.give_back();
    answer
}

/// Reads a line, with the keys that mend one.
fn read(terminal: &Arc<Terminal>) -> io::Result<Zeroizing<String>> {
    let typed = Typed { terminal: Arc::clone(terminal), kept: None };
    let config = rpassword::ConfigBuilder::new().input_reader(typed).output_discard().build();
    rpassword::read_password_with_config(config).map(Zeroizing::new)
}

/// The terminal that controls this process.
struct Terminal {
    tty: File,
    /// The same once more, from which a read never waits.
    keys: OwnedFd,
    question: String,
    /// How it was, while it hides what is typed.
    before: Mutex<Option<Termios>>,
    /// That it hides again.
    is_hidden: Condvar,
    /// Whether what was typed so far no longer counts, because the person has been elsewhere since.
    is_anew: AtomicBool,
    /// Whether the answer is here.
    is_over: AtomicBool,
}

impl Terminal {
    fn open(question: &str) -> io::Result<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty")?;
        let keys =
            open("/dev/tty", OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        let (is_anew, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
        let (before, is_hidden) = (Mutex::new(None), Condvar::new());
        Ok(Self { tty, keys, question: question.to_owned(), before, is_hidden, is_anew, is_over })
    }

    /// Changes nothing, which only a job in the foreground may: the kernel stops any other one here until it is resumed there.
    fn come_to_the_front(&self) -> io::Result<()> {
        self.set(OptionalActions::Now, &tcgetattr(&self.tty)?)
    }

    fn before(&self) -> MutexGuard<'_, Option<Termios>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a byte, and reads it while the terminal hides what is typed. Whoever waited in a read would be stopped by the
    /// kernel as soon as the job goes on in the background, and with it the thread that is about to end it.
    fn next(&self) -> io::Result<Option<u8>> {
        loop {
            let mut waiting = [PollFd::new(&self.keys, PollFlags::IN)];
            rustix::io::retry_on_intr(|| poll(&mut waiting, None))?;
            let seen = waiting[0].revents();
            let hidden = self.is_hidden.wait_while(self.before(), |before| before.is_none());
            let mut byte = [0];
            let read = rustix::io::retry_on_intr(|| rustix::io::read(&self.keys, &mut byte));
            drop(hidden);
            match read {
                // Somebody else, or nobody, has it.
                Err(rustix::io::Errno::AGAIN) => {}
                read => return Ok((read? > 0).then_some(byte[0])),
            }
            // On some systems a terminal can't be waited for so.
            if seen.contains(PollFlags::NVAL) {
                std::thread::sleep(LOOK);
            }
        }
    }

    fn set(&self, when: OptionalActions, modes: &Termios) -> io::Result<()> {
        Ok(rustix::io::retry_on_intr(|| tcsetattr(&self.tty, when, modes))?)
    }

    /// Hides what is typed, and asks.
    fn hide(&self) -> io::Result<()> {
        let before = tcgetattr(&self.tty)?;
        let mut modes = before.clone();
        // Not line by line, because a line of a terminal ends at 4095 bytes and a token answer may be longer.
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        (modes.special_codes[SpecialCodeIndex::VMIN], modes.special_codes[SpecialCodeIndex::VTIME]) = (1, 0);
        self.set(OptionalActions::Now, &modes)?;
        *self.before() = Some(before);
        self.is_hidden.notify_all();
        (&self.tty).write_all(self.question.as_bytes())
    }

    /// Shows again what is typed. What was typed and not read may be a part of the secret, and goes to nobody.
    fn give_back(&self) {
        let Some(before) = self.before().take() else { return };
        // A job in the background may do so too, as long as it blocks the signal that would stop it.
        let from_behind: SigSet = [Signal::SIGTTOU].into_iter().collect();
        let mask = from_behind.thread_swap_mask(SigmaskHow::SIG_BLOCK);
        // A terminal that is gone needs nothing.
        let _ = self.set(OptionalActions::Flush, &before);
        let _ = (&self.tty).write_all(b"\n");
        let _ = mask.and_then(|mask| mask.thread_set_mask());
    }

    /// Takes the signals, until the answer is here.
    fn watch(&self, signals: SigSet) {
        while !self.is_over.load(Ordering::SeqCst) {
            let signal = match signals.wait() {
                Ok(signal) => signal,
                Err(Errno::EINTR) => continue,
                Err(_) => return,
            };
            if signal == Signal::SIGCONT && self.is_over.load(Ordering::SeqCst) {
                return;
            }
            self.give_back();
            if signal != Signal::SIGCONT {
                let _ = kill(Pid::this(), signal);
            }
            // Now the kernel does what is due: it ends this process, or suspends it until somebody resumes it, or does nothing.
            let _ = signals.thread_unblock();
            let is_in_front = self.come_to_the_front();
            let _ = signals.thread_block();
            self.is_anew.store(true, Ordering::SeqCst);
            if is_in_front.and_then(|()| self.hide()).is_err() {
                // Nobody may go on typing a secret where it would be shown.
                std::process::exit(1);
            }
        }
    }
}

/// What is typed, byte by byte.
struct Typed {
    terminal: Arc<Terminal>,
    kept: Option<u8>,
}

impl Read for Typed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(first) = into.first_mut() else { return Ok(0) };
        if let Some(kept) = self.kept.take() {
            *first = kept;
            return Ok(1);
        }
        let Some(byte) = self.terminal.next()? else { return Ok(0) };
        *first = byte;
        if self.terminal.is_anew.swap(false, Ordering::SeqCst) {
            self.kept = Some(byte);
            *first = FORGET;
        }
        Ok(1)
    }
}
