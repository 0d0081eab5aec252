//! An authorization server that somebody else wrote: npm oidc-provider, which revokes a grant whose refresh token is used
//! twice and kills one whose device code is polled after it was redeemed.
//!
//! It is used where node and the package are: under `CREDLATCH_OIDC_PROVIDER`, in `tests/peers`, or installed globally.
//! Without them these tests pass with a message, unless `CREDLATCH_REQUIRE_PEERS=1` makes that a failure.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use credlatch::memory::MemoryStore;
use credlatch::system::SystemNonces;
use credlatch_core::engine::{Engine, FlowView, NoToken};
use credlatch_core::flow::{FlowEnd, FlowKind};
use credlatch_core::pool::Choice;
use credlatch_core::port::{Issuer, Revoked};
use credlatch_core::provider::Provider;
use credlatch_core::rotation::{Exchanged, Times};
use credlatch_core::secret::Secret;
use credlatch_sandbox::Sandbox;
use serde_json::Value;

use crate::needs::missing;
use crate::world::{Hasty, Here, acme, issuer, label, text};

const HOUR: u64 = 3_600_000;

/// The running server; dropping it ends its process.
struct Peer {
    child: Child,
    port: u16,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Peer {
    fn start() -> Option<Self> {
        let Some(place) = place() else {
            missing("node or oidc-provider (npm install in tests/peers/oidc)");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/oidc/server.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .env("CREDLATCH_OIDC_PROVIDER", place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let writing = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writing.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Some(Self { child, port, log })
    }

    fn row(&self) -> Provider {
        let mut row = Sandbox::start().unwrap().provider_row("acme");
        let at = |path: &str| Some(format!("http://127.0.0.1:{}{path}", self.port));
        let oauth = row.oauth.as_mut().unwrap();
        oauth.device_authorization_endpoint = at("/device/auth");
        oauth.token_endpoint = at("/token");
        oauth.revocation_endpoint = at("/token/revocation");
        oauth.client_id = Some("credlatch-test".to_owned());
        oauth.scope = Some("openid offline_access".to_owned());
        row
    }

    fn approve(&self, user_code: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "GET /test/approve?user_code={user_code} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    /// How many token requests of this kind ended so, once that many lines have come.
    fn count(&self, grant: &str, error: Option<&str>, at_least: usize) -> usize {
        let error = error.map_or(Value::Null, Value::from);
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let lines = self.log.lock().unwrap().clone();
            let fits = |line: &&Value| line.get("grant").is_some_and(|of| of == grant) && line["error"] == error;
            let count = lines.iter().filter(fits).count();
            if count >= at_least || Instant::now() > until {
                return count;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The directory whose `node_modules` has the package.
fn place() -> Option<PathBuf> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers");
    let named = std::env::var_os("CREDLATCH_OIDC_PROVIDER").map(PathBuf::from);
    let global = || {
        let output = Command::new("npm").args(["root", "-g"]).stderr(Stdio::null()).output().ok()?;
        let root = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        root.parent().map(Path::to_path_buf)
    };
    Command::new("node").arg("--version").stdout(Stdio::null()).status().ok()?;
    let nearby = [named, Some(peers.join("oidc")), Some(peers)].into_iter().flatten();
    nearby.chain(std::iter::once_with(global).flatten()).find(|at| at.join("node_modules/oidc-provider").is_dir())
}

struct World {
    peer: Peer,
    issuer: credlatch::oauth::HttpIssuer,
    engine: Engine<Here>,
}

impl World {
    /// A world in which somebody has just logged in.
    fn new() -> Option<Self> {
        let peer = Peer::start()?;
        let issuer = issuer(peer.row());
        let engine = Engine::new(MemoryStore::new(), Hasty::default(), SystemNonces, 5_000);
        let login = engine.login(&issuer, &acme(), &label(), FlowKind::Device).unwrap();
        let FlowView::Live(live) = engine.view(&acme(), login.flow).unwrap() else { panic!("no live flow") };
        peer.approve(&live.prompt().unwrap().user_code);
        let FlowView::Ended(ended) = engine.poll_to_end(&issuer, login.poller.unwrap()).unwrap() else { panic!() };
        assert_eq!(ended.end, FlowEnd::Succeeded);
        Some(Self { peer, issuer, engine })
    }

    fn token(&self) -> Result<String, NoToken> {
        let choice = Choice::default();
        self.engine.token(&self.issuer, &acme(), &choice, Times::default(), 20_000).map(|chosen| text(&chosen))
    }

    fn refresh_token(&self) -> Secret {
        let snapshot = self.engine.snapshot().unwrap();
        snapshot.state.entry("acme", "default").unwrap().grant().unwrap().refresh.clone().unwrap()
    }
}

#[test]
fn oidc_provider_sixteen_threads_at_expiry_make_one_request() {
    let Some(world) = World::new() else { return };
    let old = world.token().unwrap();
    world.engine.clock().leap(HOUR);
    let start = Barrier::new(16);
    let tokens: Vec<String> = thread::scope(|scope| {
        let ask = || {
            start.wait();
            world.token().unwrap()
        };
        let all: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != old));
    assert_eq!(world.peer.count("refresh_token", None, 1), 1);
    assert_eq!(world.peer.count("refresh_token", Some("invalid_grant"), 0), 0);
}

#[test]
fn oidc_provider_fifty_rotations_are_all_taken() {
    let Some(world) = World::new() else { return };
    for _ in 0..50 {
        world.engine.clock().leap(HOUR);
        world.token().unwrap();
    }
    assert_eq!(world.peer.count("refresh_token", None, 50), 50);
    assert_eq!(world.peer.count("refresh_token", Some("invalid_grant"), 0), 0);
}

#[test]
fn oidc_provider_a_spent_token_loses_the_login_and_is_posted_no_more() {
    let Some(world) = World::new() else { return };
    let spent = world.refresh_token();
    assert!(matches!(world.issuer.refresh(&acme(), &spent, &[]), Exchanged::Granted(_)));
    world.engine.clock().leap(HOUR);
    for _ in 0..4 {
        assert!(matches!(world.token(), Err(NoToken::SignIn(Some(code))) if code == "invalid_grant"));
        world.engine.clock().leap(HOUR);
    }
    assert_eq!(world.peer.count("refresh_token", Some("invalid_grant"), 1), 1);
}

#[test]
fn oidc_provider_revokes_what_it_is_asked_to() {
    let Some(world) = World::new() else { return };
    let token = world.refresh_token();
    assert_eq!(world.issuer.revoke(&acme(), &token), Revoked::Yes);
    let rejected = Exchanged::Rejected { code: "invalid_grant".to_owned() };
    assert_eq!(world.issuer.refresh(&acme(), &token, &[]), rejected);
}
