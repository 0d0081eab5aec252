//! Starting such a process, and waiting for its end.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::name::ProviderId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use super::protocol::{ExchangeRequest, ExchangeResult};

/// How long it may take from its last word to its end, in milliseconds.
const ENDS_MS: u32 = 200;

/// The command's word for it.
pub(crate) const WORD: &str = "exchange";

/// What it inherits: where things are, how to reach the network and the session's key store, and nothing that may be a credential.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// A proxy's name may have a password in it, without which the issuer can't be reached.
const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const FAMILIES: &[&str] = &["LC_", "XDG_"];

/// A process that was started and has its orders.
pub(super) struct Started {
    child: Child,
    out: ChildStdout,
}

/// Starts it, and gives it its orders whole.
pub(super) fn start(
    program: &Path,
    context: &[(&'static str, String)],
    provider: &ProviderId,
    request: &ExchangeRequest,
) -> io::Result<Started> {
    let line = Zeroizing::new(serde_json::to_vec(request)?);
    let kept = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept));
    let mut child = Command::new(program)
        .arg(WORD)
        .arg(provider.as_str())
        .env_clear()
        .envs(kept)
        .envs(context.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut stdin), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // One that ended before it had them has done nothing, and its silence says so.
    let _ = stdin.write_all(&line);
    drop(stdin);
    Ok(Started { child, out })
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
        || FAMILIES.iter().any(|begin| name.starts_with(begin))
        || PROXIES.contains(&name.to_ascii_uppercase().as_str())
}

impl Started {
    /// Whether it polls by now, at most so late. Then it goes on alone; otherwise it is ended, and does nothing any more.
    pub(super) fn has_begun(mut self, until: Instant) -> Result<bool, ExitStatus> {
        let said = self.read(Some(until)).map(|said| serde_json::from_slice(&said));
        if let Some(Ok(ExchangeResult::Began)) = said {
            self.leave();
            return Ok(true);
        }
        // One that ended by itself and said nothing is another program.
        let own = if matches!(said, Some(Err(_))) { self.child.try_wait().ok().flatten() } else { None };
        if let Some(status) = own.filter(|status| status.code().is_some()) {
            return Err(status);
        }
        let _ = self.child.kill();
        self.reap();
        Ok(false)
    }

    /// What it says at its end, at most so late; what was killed has only ended. None if it is still at it.
    ///
    /// # Errors
    /// It ended by itself and said nothing: it is another program.
    pub(super) fn said(mut self, until: Option<Instant>) -> Result<Option<ExchangeResult>, ExitStatus> {
        let Some(said) = self.read(until) else {
            self.leave();
            return Ok(None);
        };
        let ended = self.reap();
        match (serde_json::from_slice(&said), ended) {
            (Ok(said), _) => Ok(Some(said)),
            (Err(_), Some(status)) if status.code().is_some() => Err(status),
            (Err(_), _) => Ok(Some(ExchangeResult::Ended)),
        }
    }

    /// All that it says; none if it has more to say then.
    fn read(&mut self, until: Option<Instant>) -> Option<Vec<u8>> {
        let mut said = Vec::new();
        loop {
            match self.has_more(until) {
                Ok(true) => {}
                Ok(false) => return None,
                // Whatever can't be waited for is looked for in the store.
                Err(_) => break,
            }
            let mut part = [0; 4096];
            match self.out.read(&mut part) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
                Ok(count) => said.extend_from_slice(&part[..count]),
            }
        }
        Some(said)
    }

    /// It has said all, and ends now, unless it goes on trying to save what was granted. Whoever ignores SIGCHLD has nothing
    /// to wait for.
    fn reap(mut self) -> Option<ExitStatus> {
        for _ in 0..ENDS_MS {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(1)),
                Ok(ended) => return ended,
                Err(_) => return None,
            }
        }
        self.leave();
        None
    }

    /// Lets it go on alone. A thread takes note of its end; where none can be had, whoever outlives this process does.
    pub(super) fn leave(self) {
        let Self { mut child, out } = self;
        let _ = thread::Builder::new().name("exchange".to_owned()).spawn(move || {
            let _out = out;
            child.wait()
        });
    }

    fn has_more(&self, until: Option<Instant>) -> io::Result<bool> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut [PollFd::new(&self.out, PollFlags::IN)], left.as_ref()) {
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(count) => return Ok(count > 0),
            }
        }
    }
}
