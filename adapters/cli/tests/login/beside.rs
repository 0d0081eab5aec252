//! A store shared with the program as it was before it noted and wrote down anything, both at work. That program is named by
//! `CREDLATCH_BEFORE_NOTES`, and reads the document that this one writes.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::needs::found;
use crate::placed::{Moment, can_trace, has_answer, send, stopped};
use crate::world::{World, fed, signal, under};

fn before(world: &World, args: &[&str]) -> Option<Command> {
    let named = std::env::var_os("CREDLATCH_BEFORE_NOTES");
    let program = found(named, "CREDLATCH_BEFORE_NOTES, the program of before").filter(|program| program != "none")?;
    let inner = world.command(args);
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.home.folder()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

/// Numbers that look random (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }
}

#[test]
fn both_at_work_and_killed_at_random_present_nothing_twice() {
    // A doubt lasts longer than anybody waits for its end: who waits one out may present its token once more.
    let world = World::with(|row| row.oauth.as_mut().unwrap().http_timeout_secs = 60);
    if before(&world, &["status"]).is_none() {
        return;
    }
    let mut chance = Chance(12);
    let mut ends = [0; 3];
    for _ in 0..25 {
        world.put("acme", 0);
        let delay = Duration::from_millis(chance.below(200));
        world.sandbox.adjust(|settings| settings.answer_delay = delay);
        let mut all: Vec<Child> = Vec::new();
        for at in 0..6 {
            let mut command = if at % 2 == 0 {
                world.command(&["token", "acme"])
            } else {
                before(&world, &["token", "acme"]).unwrap()
            };
            all.push(command.spawn().unwrap());
            thread::sleep(Duration::from_millis(chance.below(20)));
        }
        for child in &all[..3] {
            thread::sleep(Duration::from_millis(chance.below(100)));
            signal("KILL", child);
        }
        for child in all {
            let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            assert!(said.is_empty() || world.sandbox.accepts(said.trim()), "{said}");
        }
        assert_eq!(world.say(&["purge"]).status, 0);
        let health = world.health();
        let end = ["ok", "expired", "in_doubt"].iter().position(|end| *end == health);
        ends[end.unwrap_or_else(|| panic!("{health}"))] += 1;
        assert_eq!(world.sandbox.stats().replays, 0);
    }
    let [ok, expired, in_doubt] = ends;
    println!("beside the earlier program: {ok} rounds ended well, {expired} before a renewal, {in_doubt} in doubt");
}

#[test]
fn what_the_earlier_program_took_with_it_is_presented_once_more_and_not_before_the_doubt_ended() {
    let world = World::with(|row| row.oauth.as_mut().unwrap().http_timeout_secs = 2).ended();
    let Some(mut killed) = before(&world, &["token", "acme"]) else { return };
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(60));
    let mut killed = killed.spawn().unwrap();
    world.exchange_begins(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let died = Instant::now();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
    while world.sandbox.stats().refresh_requests == 1 {
        assert!(died.elapsed() < Duration::from_secs(60), "nobody ends the doubt");
        let both = [before(&world, &["token", "acme"]).unwrap(), world.command(&["token", "acme"])];
        for child in both.map(|mut command| command.spawn().unwrap()) {
            child.wait_with_output().unwrap();
        }
    }
    // No sooner than the earlier program itself would: twice the time that its request may have taken.
    assert!(died.elapsed() >= Duration::from_secs(4), "{:?}", died.elapsed());
    let stats = world.sandbox.stats();
    assert_eq!((world.health().as_str(), stats.refresh_requests, stats.replays), ("lost", 2, 1));
}

#[test]
fn what_the_earlier_program_rewrote_or_claimed_is_a_doubt_though_nothing_was_noted() {
    let world = World::new().ended();
    let Some(mut set) = before(&world, &["set", "minimax"]) else { return };
    if !can_trace() {
        return;
    }
    let (mut tracer, pid) = stopped(&world, Moment::Connecting);
    // The other one keeps the claim, and drops what it doesn't know: that its actor notes.
    set.stdin(Stdio::piped());
    assert_eq!(fed(set, "mm-key-1").status, 0);
    assert_eq!(world.health(), "rotating");
    send("KILL", &pid);
    tracer.wait().unwrap();
    assert_eq!(world.say(&["purge"]).status, 0);
    let stats = world.sandbox.stats();
    assert_eq!((world.health().as_str(), stats.refresh_requests, stats.replays), ("in_doubt", 0, 0));
}

#[test]
fn the_earlier_program_takes_no_sign_away_that_holds_an_answer_while_a_claim_names_it() {
    let world = World::new().ended();
    let Some(set) = before(&world, &["set", "minimax"]) else { return };
    if !can_trace() {
        return;
    }
    let (mut tracer, pid) = stopped(&world, Moment::Answered);
    assert_eq!(fed(set, "mm-key-1").status, 0);
    assert!(has_answer(&world) && world.health() == "rotating");
    send("KILL", &pid);
    tracer.wait().unwrap();
    // It knows of no answers: it sees that somebody died, and what is in doubt is named by no claim.
    assert_eq!(fed(before(&world, &["set", "minimax"]).unwrap(), "mm-key-2").status, 0);
    let stats = world.sandbox.stats();
    assert_eq!((world.health().as_str(), stats.exchanges, stats.replays), ("in_doubt", 1, 0));
    assert!(!has_answer(&world));
}

#[test]
fn a_draft_whose_writer_died_is_nothing_to_the_earlier_program_and_goes_with_the_next_commit_here() {
    let world = World::new();
    let Some(set) = before(&world, &["set", "minimax"]) else { return };
    if !can_trace() {
        return;
    }
    assert_eq!(fed(set, "mm-key-1").status, 0);
    let (renames, set) = ("rename,renameat,renameat2", world.command(&["set", "minimax"]));
    let [traced, killed] = [format!("trace={renames}"), format!("inject={renames}:signal=KILL")];
    let mut dying = under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &traced, "-e", &killed], &set);
    let mut dying = dying.stdin(Stdio::piped()).spawn().unwrap();
    dying.stdin.take().unwrap().write_all(b"mm-key-2").unwrap();
    assert_eq!(dying.wait().unwrap().signal(), Some(9));
    let folder = world.home.document().with_file_name("");
    let drafts = || {
        let names = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".default-")).count()
    };
    assert_eq!(drafts(), 1, "it died with a draft");
    let stored = |key| assert_eq!(world.say(&["token", "minimax"]).out, format!("{key}\n"));
    stored("mm-key-1");
    assert_eq!(fed(before(&world, &["set", "minimax"]).unwrap(), "mm-key-3").status, 0);
    stored("mm-key-3");
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-4").status, 0);
    stored("mm-key-4");
    assert_eq!(drafts(), 0);
    assert_eq!(before(&world, &["token", "minimax"]).unwrap().output().unwrap().stdout, b"mm-key-4\n");
}
