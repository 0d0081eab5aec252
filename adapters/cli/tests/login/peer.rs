//! Authorization servers that others wrote, as processes of their own. They are used where they are installed; without
//! them these tests pass with a message, unless `CREDLATCH_REQUIRE_PEERS=1` makes that a failure.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use credlatch::core::provider::OAuth;
use serde_json::Value;

use crate::needs::found;

/// A running server; dropping it ends its process.
pub(crate) struct Peer {
    child: Child,
    port: u16,
    log: Arc<Mutex<Vec<Value>>>,
    paths: [&'static str; 3],
}

impl Peer {
    /// npm oidc-provider: rotates, revokes a grant whose refresh token is used twice, forgives nothing.
    pub(crate) fn oidc() -> Option<Self> {
        Self::oidc_that_is_slow(0)
    }

    /// The same, which keeps each answer of its token endpoint for up to so many milliseconds.
    pub(crate) fn oidc_that_is_slow(most_ms: u64) -> Option<Self> {
        let place = found(oidc_place(), "npm install in tests/peers/oidc")?;
        let mut node = Command::new("node");
        node.arg(peers().join("oidc/server.mjs")).env("CREDLATCH_OIDC_PROVIDER", place);
        node.env("CREDLATCH_OIDC_DELAY_MS", most_ms.to_string());
        Some(Self::start(node, ["/device/auth", "/token", "/token/revocation"]))
    }

    /// PyPI Authlib: `keep` returns no new refresh token, `grace` takes a replaced one for another minute.
    pub(crate) fn authlib(manner: &str) -> Option<Self> {
        let venv = std::env::var_os("CREDLATCH_AUTHLIB_VENV").map(PathBuf::from);
        let nearby = [venv, Some(peers().join("authlib/.venv"))].into_iter().flatten();
        let python = nearby.map(|venv| venv.join("bin/python")).find(|python| python.exists());
        let python =
            found(python, "a venv with tests/peers/authlib/requirements.txt, named by CREDLATCH_AUTHLIB_VENV")?;
        let mut server = Command::new(python);
        server.arg(peers().join("authlib/server.py")).env("CREDLATCH_AUTHLIB", manner);
        Some(Self::start(server, ["/device_authorization", "/token", "/revoke"]))
    }

    fn start(mut command: Command, paths: [&'static str; 3]) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let writing = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // What a library prints beside is kept as text.
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                writing.lock().unwrap().push(line);
            }
        });
        Self { child, port, log, paths }
    }

    /// Makes a provider's row point here.
    pub(crate) fn serve(&self, row: &mut OAuth) {
        let at = |path: &str| Some(format!("http://127.0.0.1:{}{path}", self.port));
        let [device, token, revocation] = self.paths.map(at);
        row.device_authorization_endpoint = device;
        row.token_endpoint = token;
        row.revocation_endpoint = revocation;
        row.client_id = Some("credlatch-test".to_owned());
        row.scope = Some("openid offline_access".to_owned());
    }

    /// What the person does on the page where the code is entered.
    pub(crate) fn approve(&self, user_code: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!("GET /test/approve?user_code={user_code} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.port);
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    /// How many refreshes ended so: with this error, or well.
    pub(crate) fn refreshes(&self, error: Option<&str>) -> usize {
        let error = error.map_or(Value::Null, Value::from);
        self.count(|line| line["grant"] == "refresh_token" && line["error"] == error)
    }

    /// The same without a wait: as far as the server has said it.
    pub(crate) fn refreshes_now(&self) -> usize {
        self.count_now(|line| line["grant"] == "refresh_token" && line["error"].is_null())
    }

    /// The same of those that ended with this error.
    pub(crate) fn refreshes_now_with(&self, error: &str) -> usize {
        self.count_now(|line| line["grant"] == "refresh_token" && line["error"] == error)
    }

    pub(crate) fn token_requests_now(&self) -> usize {
        self.count_now(|line| line["request"] == "token")
    }

    /// How long the server kept its last answer, in milliseconds.
    pub(crate) fn last_delay_ms(&self) -> u64 {
        self.log.lock().unwrap().iter().rev().find_map(|line| line["delay"].as_u64()).unwrap_or_default()
    }

    fn count_now(&self, fits: impl Fn(&Value) -> bool) -> usize {
        self.log.lock().unwrap().iter().filter(|line| fits(line)).count()
    }

    pub(crate) fn device_requests(&self) -> usize {
        self.count(|line| line["request"] == "device")
    }

    /// The log, once it has been quiet for a moment.
    fn count(&self, fits: impl Fn(&Value) -> bool) -> usize {
        let (mut seen, mut quiet) = (0, Instant::now());
        loop {
            let lines = self.log.lock().unwrap();
            if lines.len() == seen && quiet.elapsed() > Duration::from_millis(150) {
                return lines.iter().filter(|line| fits(line)).count();
            }
            if lines.len() != seen {
                (seen, quiet) = (lines.len(), Instant::now());
            }
            drop(lines);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// All that the server said.
    pub(crate) fn said(&self) -> String {
        self.log.lock().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

/// The directory whose `node_modules` has the package.
fn oidc_place() -> Option<PathBuf> {
    Command::new("node").arg("--version").stdout(Stdio::null()).status().ok()?;
    let named = std::env::var_os("CREDLATCH_OIDC_PROVIDER").map(PathBuf::from);
    let global = || {
        let output = Command::new("npm").args(["root", "-g"]).stderr(Stdio::null()).output().ok()?;
        PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()).parent().map(Path::to_path_buf)
    };
    let nearby = [named, Some(peers().join("oidc")), Some(peers())].into_iter().flatten();
    nearby.chain(std::iter::once_with(global).flatten()).find(|at| at.join("node_modules/oidc-provider").is_dir())
}
