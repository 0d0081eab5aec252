//! A second process: this test program itself, started again to play a part.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use credlatch::{Answer, Latch};
use credlatch_hermes::BuilderExt as _;

use crate::{label, secret};

const PART: &str = "CREDLATCH_TEST_PART";
const FILE: &str = "CREDLATCH_TEST_FILE";

/// The command that plays this part on a file: its name, and what it needs to know.
pub(crate) fn command(part: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "helper::plays_its_part", "--nocapture"]).env(PART, part).env(FILE, file);
    command
}

fn say(turn: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "done:{turn}").unwrap();
    out.flush().unwrap();
}

#[test]
fn plays_its_part() {
    let (Ok(part), Some(file)) = (std::env::var(PART), std::env::var_os(FILE)) else { return };
    let latch = Latch::builder().hermes(file).open().unwrap();
    match part.split(' ').collect::<Vec<_>>()[..] {
        // Each turn replaces the key of one of forty labels, and makes it if it isn't there.
        ["count", name, times] => {
            for turn in 0..times.parse::<u64>().unwrap() {
                let label = label(&format!("{name}-{}", turn % 40));
                latch.set_as("minimax", &label, secret(&format!("mm-{name}-{turn}"))).unwrap();
                thread::sleep(Duration::from_micros(turn * 7919 % 1000));
            }
        }
        // Says what was committed, until it is killed.
        ["forever"] => {
            for turn in 0_u64.. {
                latch.set("minimax", secret(&format!("mm-turn-{turn}"))).unwrap();
                say(turn);
            }
        }
        // Presents a refresh token and gets no answer, until it is killed.
        ["rotate"] => {
            let exchange = |_: &_| {
                say(0);
                thread::sleep(Duration::from_secs(60));
                Answer::Unknown
            };
            let _ = latch.rotate_with("minimax", exchange);
        }
        ref other => panic!("no such part: {other:?}"),
    }
}
