//! Two programs in two languages update one file.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::peer::Peer;
use crate::{Home, helper, labels};

/// Updates of each program.
const TIMES: u64 = 1000;
/// Processes of ours that share them.
const OURS: u64 = 2;
/// Rows that each process changes in turn.
const ROWS: u64 = 40;

#[test]
fn report_8040_c_two_programs_in_two_languages_update_one_file_and_no_row_is_lost() {
    let Some(peer) = Peer::find() else { return };
    // What is looked for is a lost update; two thousand syncs would measure the disk.
    let home = Home::in_memory();
    let began = Instant::now();
    let each = TIMES / OURS;
    let ours = (0..OURS).map(|number| helper::command(&format!("count own{number} {each}"), &home.file()));
    let mut all: Vec<_> = ours.map(|mut command| command.stdout(Stdio::null()).spawn().unwrap()).collect();
    all.push(peer.command("count", &home.file(), &[&TIMES.to_string()]).spawn().unwrap());
    let is_over = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let latch = home.latch();
            let (mut reads, mut last) = (0_u32, 0);
            while !is_over.load(Ordering::Relaxed) {
                let status = latch.status().unwrap();
                assert!(status.state.generation >= last, "a reader went back");
                assert!(status.state.entry("anthropic", "hermes:aaa111").is_some(), "a reader saw half a document");
                last = status.state.generation;
                reads += 1;
                thread::sleep(Duration::from_millis(25));
            }
            reads
        });
        for child in &mut all {
            assert!(child.wait().unwrap().success());
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    println!("{TIMES} updates of each program, {reads} reads, {:?}", began.elapsed());

    let latch = home.latch();
    let state = latch.status().unwrap().state;
    assert_eq!(state.generation, TIMES, "each commit of ours counted one up, and none was written over");
    assert_eq!(labels(&latch, "minimax").len() as u64, ROWS * (OURS + 1));
    for number in 0..OURS {
        for turn in each - ROWS..each {
            let entry = state.entry("minimax", &format!("own{number}-{}", turn % ROWS)).unwrap();
            assert_eq!(entry.secret().unwrap().expose_secret(), format!("mm-own{number}-{turn}"));
        }
    }
    let document = home.json();
    let rows = document["credential_pool"]["minimax"].as_array().unwrap();
    let counted = |name: &str| rows.iter().filter_map(|row| row.pointer(name)?.as_u64()).sum::<u64>();
    assert_eq!(counted("/counted/by"), TIMES, "a field that only the other program knows");
    assert_eq!(counted("/request_count"), TIMES, "a field that both know");
    let before: Value = serde_json::from_str(crate::HERMES).unwrap();
    for name in ["version", "providers", "active_provider", "of_a_newer_hermes"] {
        assert_eq!(document[name], before[name]);
    }
    for name in ["anthropic", "openai-codex"] {
        assert_eq!(document["credential_pool"][name], before["credential_pool"][name]);
    }
    assert_eq!(home.files(), ["auth.claims", "auth.json", "auth.lock"]);
}
