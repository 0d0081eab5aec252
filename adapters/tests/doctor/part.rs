//! Another process: this test program itself, started again to play a part until it is ended.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credlatch::core::name::ProfileName;
use credlatch::core::port::Store;
use credlatch::file::FileStore;
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
            let _room = store.reserve(1000).unwrap();
            say_and_sleep();
        }
        "rotate" => {
            let latch = Latch::builder().home(home).open().unwrap();
            let _ = latch.rotate_with("openai-codex", |_| {
                say_and_sleep();
                Answer::Unknown
            });
        }
        other => panic!("no such part: {other}"),
    }
}

fn say_and_sleep() {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready:").unwrap();
    out.flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}
