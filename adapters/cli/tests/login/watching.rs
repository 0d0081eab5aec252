//! `watch`: every change of another process, soon.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use credlatch::Secret;
use serde_json::Value;

use crate::world::World;

const CHANGES: usize = 20;

#[test]
fn each_change_of_another_process_is_a_line_within_fifty_milliseconds() {
    let world = World::new();
    let latch = world.latch();
    let set = |number: usize| {
        latch.set("minimax", Secret::try_from(format!("sk-cp-watched-{number}").as_str()).unwrap()).unwrap();
    };
    set(0);
    let mut watch = world.start(&["watch", "--from", "0"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap()).unwrap() };
    let mut generation = next()["generation"].as_u64().unwrap();
    let mut times = Vec::new();
    for number in 1..=CHANGES {
        set(number);
        let committed = Instant::now();
        let seen = next();
        times.push(committed.elapsed());
        assert!(!seen.to_string().contains("sk-cp"));
        let now = seen["generation"].as_u64().unwrap();
        assert!(now > generation, "{now} after {generation}");
        generation = now;
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    times.sort();
    let (median, worst) = (times[CHANGES / 2], times[CHANGES - 1]);
    println!("a change was told after {median:?} (the slowest of {CHANGES}: {worst:?})");
    assert!(median < Duration::from_millis(50), "{times:?}");
}
