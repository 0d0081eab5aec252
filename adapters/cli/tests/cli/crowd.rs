//! Many processes at once, and one that dies.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credlatch::Profile;
use credlatch::core::port::Store;
use credlatch::file::FileStore;

use super::helper::{Home, Said, count};

const WRITERS: usize = 64;

#[test]
fn report_8040_sixty_four_writers_lose_nothing_and_a_reader_sees_only_whole_states() {
    let home = Home::new();
    let is_over = AtomicBool::new(false);
    let (home, is_over) = (&home, &is_over);
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let (mut last, mut reads) = (0, 0_u32);
            while !is_over.load(Ordering::Relaxed) {
                // `status` parses the answer, and the command fails on a document that it can't parse.
                let status = home.status();
                let generation = status["generation"].as_u64().unwrap();
                assert!(generation >= last, "generation {generation} after {last}");
                assert_eq!(count(&status, "minimax") as u64, generation, "one entry for each commit");
                last = generation;
                reads += 1;
            }
            reads
        });
        let start = |number| {
            home.start_fed(&["set", "minimax", "--label", &format!("writer-{number}")], format!("mm-key-{number}"))
        };
        let writers: Vec<_> = (0..WRITERS).map(start).collect();
        for writer in writers {
            let ended = Said::from(writer.wait_with_output().unwrap());
            assert_eq!(ended.status, 0, "{}", ended.err);
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert_eq!(count(&home.status(), "minimax"), WRITERS);
    assert!(reads > 1, "the reader looked {reads} times");
    println!("{WRITERS} writers, {reads} reads");
}

/// The store whose lock a process of this test program holds.
const HELD: &str = "CREDLATCH_TEST_HELD";

/// A process that is to be killed while it holds a store's lock is this test.
#[test]
fn holds_the_lock_of_the_store_that_it_is_given() {
    let Some(home) = std::env::var_os(HELD) else { return };
    let store = FileStore::new(home.as_ref(), &Profile::default());
    let _locked = store.lock(5_000).unwrap();
    println!("\nlocked");
    let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
}

#[test]
fn report_8040_a_killed_holder_blocks_nobody() {
    let home = Home::new();
    let holds = ["crowd::holds_the_lock_of_the_store_that_it_is_given", "--exact", "--nocapture"];
    let mut holder = Command::new(std::env::current_exe().unwrap());
    holder.args(holds).env(HELD, home.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().unwrap();
    let said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(said.map_while(Result::ok).any(|line| line.ends_with("locked")));

    let mut next = home.start_fed(&["set", "minimax"], "mm-key-1");
    std::thread::sleep(Duration::from_millis(100));
    assert!(next.try_wait().unwrap().is_none(), "the lock was not held");
    holder.kill().unwrap();
    holder.wait().unwrap();
    let killed = Instant::now();
    assert!(next.wait().unwrap().success());
    assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
    assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-1\n");
}
