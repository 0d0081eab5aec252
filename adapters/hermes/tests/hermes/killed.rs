//! Writers that die.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::{Home, helper, labels, secret};

#[test]
fn report_8040_e_a_writer_killed_at_any_instant_leaves_the_old_or_the_new_row() {
    let home = Home::new();
    let latch = home.latch();
    for round in 0..24_u64 {
        let mut child = helper::command("forever", &home.file()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = thread::spawn(move || {
            let done = lines.map_while(Result::ok).filter_map(|line| line.split_once("done:")?.1.parse::<u64>().ok());
            done.last()
        });
        thread::sleep(Duration::from_micros(30_000 + round * 1371));
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = Instant::now();
        let last = said.join().unwrap();

        let stored = latch.current("minimax").ok().map(|key| key.expose_secret().to_owned());
        let turn = stored.and_then(|key| key.strip_prefix("mm-turn-")?.parse::<u64>().ok());
        assert!(turn == last || turn == Some(last.map_or(0, |last| last + 1)), "said {last:?}, stored {turn:?}");
        assert_eq!(labels(&latch, "anthropic"), ["hermes:aaa111"]);

        latch.set("minimax", secret("mm-next")).unwrap();
        assert!(killed.elapsed() < Duration::from_secs(2), "the next writer waited {:?}", killed.elapsed());
        assert_eq!(home.files(), ["auth.claims", "auth.json", "auth.lock"], "nothing is left behind");
        let _ = latch.clear("minimax").unwrap();
    }
}

#[test]
fn a_hermes_that_dies_with_the_lock_blocks_nobody() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let mut holder = peer.command("hold", &home.file(), &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let impatient = home.builder().patience(Duration::from_millis(200)).open().unwrap();
    let error = impatient.set("minimax", secret("mm-1")).unwrap_err();
    assert_eq!(error.kind(), credlatch::ErrorKind::Busy);
    assert!(error.to_string().contains(&format!("process {}", holder.id())), "{error}");
    assert_eq!(impatient.current("anthropic").unwrap().expose_secret(), "sk-ant-api03-one-0123456789", "reads go on");

    holder.kill().unwrap();
    holder.wait().unwrap();
    impatient.set("minimax", secret("mm-1")).unwrap();
    let signed = std::fs::read_to_string(home.folder().join("auth.lock")).unwrap();
    assert_eq!(signed.trim(), std::process::id().to_string(), "the holder leaves its pid");
}
