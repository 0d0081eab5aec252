//! The strict server, a store, and the command on both.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use credlatch::core::provider::{Provider, TableFile};
use credlatch::{Latch, Profile};
use credlatch_sandbox::Sandbox;
use serde_json::Value;

use crate::helper::{Home, Said};

pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) sandbox: Sandbox,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With a change to the provider's row.
    pub(crate) fn with(change: impl FnOnce(&mut Provider)) -> Self {
        let (home, sandbox) = (Home::new(), Sandbox::start().unwrap());
        let mut row = sandbox.provider_row("acme");
        row.env.oauth_token.push("ACME_TOKEN".to_owned());
        change(&mut row);
        let file = serde_json::to_string(&TableFile { providers: vec![row] }).unwrap();
        std::fs::write(home.folder().join("providers.json"), file).unwrap();
        Self { home, sandbox }
    }

    /// With a login of the server whose token has ended.
    pub(crate) fn ended(self) -> Self {
        self.put("acme", 0);
        self
    }

    /// Stores a login of the server with so many seconds left.
    pub(crate) fn put(&self, provider: &str, expires_in: u64) {
        let (access, refresh) = self.sandbox.grant();
        let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":{expires_in}}}"#);
        let set = self.command(&["set", provider, "--kind", "oauth"]);
        assert_eq!(fed(set, &login).status, 0);
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command.env("CREDLATCH_PROVIDERS", self.home.folder().join("providers.json"));
        command
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    pub(crate) fn say(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }

    /// The library on the same store, as another program would use it.
    pub(crate) fn latch(&self) -> Latch {
        let builder = Latch::builder().home(self.home.path()).profile(Profile::default());
        builder.providers(self.home.folder().join("providers.json")).open().unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        self.say(&["status", "--json"]).json()
    }

    pub(crate) fn health(&self) -> String {
        self.status()["providers"][0]["entries"][0]["health"].as_str().unwrap_or("none").to_owned()
    }

    /// Starts a login, and waits for its first line.
    pub(crate) fn log_in(&self) -> LoggingIn {
        LoggingIn::new(self.start(&["login", "acme", "--json"]))
    }

    /// The process that makes the exchange: the store says who it is.
    pub(crate) fn exchanger(&self) -> u32 {
        self.claimant().unwrap_or_else(|| panic!("nobody rotates anything")).0
    }

    /// Its process and the name of its sign of life, if the document has a claim.
    pub(crate) fn claimant(&self) -> Option<(u32, String)> {
        let document: Value = serde_json::from_str(&std::fs::read_to_string(self.home.document()).ok()?).ok()?;
        let actor = &rotating(&document)?["actor"];
        Some((actor["pid"].as_u64()?.try_into().ok()?, actor["name"].as_str()?.to_owned()))
    }

    /// Kills the process that makes the exchange, and whoever waits for it.
    pub(crate) fn kill_both(&self, waiting: &mut Child) {
        let exchanger = self.exchanger();
        assert_ne!(exchanger, waiting.id(), "whoever waits doesn't ask the issuer itself");
        waiting.kill().unwrap();
        send("KILL", exchanger);
        waiting.wait().unwrap();
        until("the exchange has ended", || !is_running(exchanger));
    }

    /// Waits until the server is at work on a refresh.
    pub(crate) fn exchange_begins(&self, count: u64) {
        until("an exchange begins", || self.sandbox.stats().refresh_requests >= count);
    }
}

/// A process that signs in.
pub(crate) struct LoggingIn {
    pub(crate) child: Child,
    pub(crate) first: Value,
    out: BufReader<ChildStdout>,
}

impl LoggingIn {
    pub(crate) fn new(mut child: Child) -> Self {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let first = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, first, out }
    }

    pub(crate) fn code(&self) -> &str {
        self.first["user_code"].as_str().unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        self.first["flow_id"].as_str().unwrap()
    }

    /// Waits for its end: the last event, and the exit status.
    pub(crate) fn end(mut self) -> (String, i32) {
        let line = self.out.lines().map_while(Result::ok).last().unwrap_or_default();
        let status = self.child.wait().unwrap();
        let last: Value = serde_json::from_str(&line).unwrap_or_default();
        (last["event"].as_str().unwrap_or("nothing").to_owned(), status.code().unwrap_or(-1))
    }
}

pub(crate) fn fed(mut command: Command, input: &str) -> Said {
    use std::io::Write;
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Said::from(child.wait_with_output().unwrap())
}

/// Reads a request to its end; who answers and hangs up with some of it unread resets the connection, and with it the
/// answer.
pub(crate) fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A signal by name and number; where whoever started these tests has it ignored, as a shell does with INT for what it runs
/// in the background and nohup with HUP, the one that is left to end a program.
pub(crate) fn heeded(name: &'static str, number: i32) -> (&'static str, i32) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if ignored & (1 << (number - 1)) == 0 { (name, number) } else { ("TERM", 15) }
}

/// The same command, started by another one, with its streams piped.
pub(crate) fn under(outer: &[&str], inner: &Command) -> Command {
    let mut command = Command::new(outer[0]);
    command.args(&outer[1..]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What comes before a command that heeds Ctrl-C, though whoever started these tests ignores it.
pub(crate) const HEEDING: [&str; 2] = ["env", "--default-signal=INT"];

pub(crate) fn signal(name: &str, child: &Child) {
    send(name, child.id());
}

pub(crate) fn send(name: &str, pid: u32) {
    assert!(reaches(name, pid));
}

/// Sends a signal, and tells whether the process was there for it.
pub(crate) fn reaches(name: &str, pid: u32) -> bool {
    Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap().success()
}

/// The claim of a rotation, wherever it is in a document.
fn rotating(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(fields) => fields.get("rotating").or_else(|| fields.values().find_map(rotating)),
        Value::Array(items) => items.iter().find_map(rotating),
        _ => None,
    }
}

/// Stops a process, and waits until none of its threads does anything any more: one of them may run on for a moment after the
/// signal was sent, and come to a lock that it then keeps. One that has ended is stopped too.
pub(crate) fn stop(pid: u32) {
    send("STOP", pid);
    until("it is stopped", || threads(pid).iter().all(|state| ['T', 'Z', 'X'].contains(state)));
}

/// Whether any thread of a process runs: a process whose first thread has ended looks as if it were only waited for while
/// others of it still have its files, and their locks.
pub(crate) fn is_running(pid: u32) -> bool {
    threads(pid).iter().any(|state| !['Z', 'X'].contains(state))
}

/// The state of each thread of a process, as the system names it by a letter.
fn threads(pid: u32) -> Vec<char> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter_map(|stat| stat.rsplit_once(") ")?.1.chars().next()).collect()
}
