//! Waiting for a lock in the kernel's queue: who is woken, when a wait ends, and what it leaves behind.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::port::{Store, StoreErrorKind};

use crate::helper::Helper;
use crate::{Home, commit};

/// The threads of this process that stand in a queue.
fn waiters() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "credlatch-lock").count()
}

/// The open files of this process that are this one.
fn opens(of: &Home) -> usize {
    let lock = of.lock_file();
    let files = fs::read_dir("/proc/self/fd").unwrap();
    files.filter(|file| file.as_ref().is_ok_and(|file| fs::read_link(file.path()).is_ok_and(|to| to == lock))).count()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "it did not come to this: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_thousand_waits_that_time_out_leave_one_thread_and_one_open_file_until_the_lock_comes() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let before = opens(&home);
    let holder = Helper::start("hold", home.path());
    for _ in 0..1000 {
        assert_eq!(store.lock(1).err().unwrap().kind, StoreErrorKind::Busy);
    }
    assert_eq!(opens(&home), before + 1);
    assert!(waiters() >= 1, "it stands in the queue");
    holder.kill();
    until("what came too late was given back", || opens(&home) == before);
    // Another process gets it: nobody here kept it.
    drop(Helper::start("hold", home.path()));
    drop(store.lock(5_000).unwrap());
}

#[test]
fn a_lock_that_comes_after_its_deadline_is_given_back_though_nobody_asks_for_it_again() {
    let home = Home::new();
    let (store, other) = (home.store(), home.store());
    let held = other.lock(1000).unwrap();
    assert_eq!(store.lock(5).err().unwrap().kind, StoreErrorKind::Busy);
    drop(held);
    // In another process, which can't take the wait over.
    let began = Instant::now();
    drop(Helper::start("hold", home.path()));
    assert!(began.elapsed() < Duration::from_secs(4), "it waited for a lock that nobody used");
}

#[test]
fn a_later_wait_takes_over_the_place_in_the_queue_and_gets_the_lock_there() {
    let home = Home::new();
    let (store, other) = (home.store(), home.store());
    let held = other.lock(1000).unwrap();
    assert_eq!(store.lock(5).err().unwrap().kind, StoreErrorKind::Busy);
    thread::scope(|scope| {
        let waits = scope.spawn(|| commit(&store, 1));
        thread::sleep(Duration::from_millis(20));
        drop(held);
        waits.join().unwrap();
    });
    assert!(store.load().unwrap().id.is_some());
}

#[test]
fn a_place_in_the_queue_that_nobody_wants_any_more_keeps_nobody_of_this_process_from_a_free_lock() {
    let home = Home::new();
    let (store, other) = (home.store(), home.store());
    for at in 0..2_000 {
        let held = other.lock(1000).unwrap();
        assert_eq!(store.lock(1).err().unwrap().kind, StoreErrorKind::Busy);
        drop(held);
        // The thread that waited for too long may have it for a moment.
        drop(store.lock(0).unwrap_or_else(|error| panic!("{at}: {error}")));
    }
}

#[test]
fn a_holder_that_is_killed_wakes_who_waits() {
    let home = Home::new();
    let store = home.store();
    let holder = Helper::start("hold", home.path());
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            drop(store.lock(60_000).unwrap());
            Instant::now()
        });
        thread::sleep(Duration::from_millis(50));
        let killed = Instant::now();
        holder.kill();
        assert!(waits.join().unwrap().duration_since(killed) < Duration::from_secs(5));
    });
}

#[test]
fn a_lock_file_that_is_replaced_while_fifty_wait_is_left_by_all_of_them() {
    let home = Home::new();
    let first = home.store();
    commit(&first, 1);
    let held = first.lock(1000).unwrap();
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                crate::count_up(&home.store());
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        thread::sleep(Duration::from_millis(100));
        fs::remove_file(home.lock_file()).unwrap();
        drop(held);
    });
    assert_eq!(done.load(Ordering::SeqCst), 50);
    assert_eq!(first.load().unwrap().state.generation, 51, "each of them committed");
}

#[test]
fn whoever_waits_longest_is_served_though_others_never_stop_asking() {
    let home = Home::new();
    commit(&home.store(), 1);
    let busy: Vec<_> = (0..4).map(|_| crate::helper::command("count on", home.path()).spawn().unwrap()).collect();
    let store = home.store();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        crate::count_up(&store);
        slowest = slowest.max(began.elapsed());
    }
    for mut child in busy {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
