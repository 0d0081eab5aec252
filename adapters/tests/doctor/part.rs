//! Another process: this test program itself, started again to play a part until it is ended.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credlatch::core::name::{ProfileName, ProviderId};
use credlatch::core::port::{Alive, Answer as WrittenDown, Clock, Locked, Store};
use credlatch::core::rotation::Fresh;
use credlatch::core::state::Nonce;
use credlatch::file::FileStore;
use credlatch::system::SystemClock;
use credlatch::{Answer, Latch};

const PART: &str = "CREDLATCH_TEST_PART";
const HOME: &str = "CREDLATCH_TEST_HOME";

/// A process that plays a part; dropping it ends it.
pub(crate) struct Player(Child);

impl Player {
    /// Starts one, and waits until it is where it should be.
    pub(crate) fn start(part: &str, home: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "part::plays_its_part", "--nocapture"]).env(PART, part).env(HOME, home);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("ready:")), "{part} did not get there");
        Self(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// As Ctrl-Z does it; returns when the process stands still.
    pub(crate) fn stop(&self) {
        let kill = Command::new("sh").args(["-c", &format!("kill -STOP {}", self.pid())]).status().unwrap();
        assert!(kill.success());
        let began = Instant::now();
        while !credlatch::system::process::is_stopped_pid(self.pid()) {
            assert!(began.elapsed() < Duration::from_secs(10), "it did not stop");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn plays_its_part() {
    let (Ok(part), Some(home)) = (std::env::var(PART), std::env::var_os(HOME)) else { return };
    let home = Path::new(&home);
    let store = FileStore::new(home, &ProfileName::default());
    match part.as_str() {
        "hold the lock" => {
            let _locked = store.lock(5_000).unwrap();
            say_and_sleep();
        }
        "draft" => {
            let _draft = store.reserve(1000).unwrap();
            say_and_sleep();
        }
        "rotate" => {
            let latch = Latch::builder().home(home).open().unwrap();
            let _ = latch.rotate_with("openai-codex", |_| {
                say_and_sleep();
                Answer::Unknown
            });
        }
        "write down" => {
            let _alive = write_down(&store);
            say_and_sleep();
        }
        other => panic!("no such part: {other}"),
    }
}

/// Claims the login's renewal, and gets as far as writing down what it was granted.
fn write_down(store: &FileStore) -> impl Alive {
    let alive = store.enlist().unwrap();
    let mut locked = store.lock(5_000).unwrap();
    let mut state = serde_json::to_value(locked.load().unwrap().state).unwrap();
    let (attempt, at) = (Nonce(7), SystemClock.now());
    let claim = serde_json::json!({"attempt": attempt, "actor": alive.actor(), "at": at});
    let entry = &mut state["providers"]["openai-codex"]["entries"][0];
    entry["material"]["oauth"]["custody"] = serde_json::json!({"rotating": claim});
    locked.commit(&serde_json::from_value(state).unwrap(), None).unwrap();
    let token = |text: &str| text.to_owned().try_into().unwrap();
    let fresh =
        Fresh { access: token("at-granted"), refresh: Some(token("rt-granted")), expires_in_ms: None, scopes: None };
    let provider = ProviderId::new("openai-codex").unwrap();
    alive.note(attempt).unwrap();
    alive.write_down(&WrittenDown { attempt, provider, label: None, received: at, fresh, origins: None }).unwrap();
    alive
}

fn say_and_sleep() {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready:").unwrap();
    out.flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}
