//! kill -9 in each phase of an exchange, against npm oidc-provider: of the command that wanted it, which costs nothing, and of
//! the process that makes it.
//!
//! Each phase is seen from outside, in the store's files and in the server's log, and whoever is to die is killed as soon as it
//! is. `CREDLATCH_KILLS` says how many kills of the command there are in each phase, and a fifth of that of the process that
//! makes the exchange, which takes long; one without it. What is printed is the count, not a bound.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::helper::Said;
use crate::oidc::{Dice, end_token, served_by, sign_in};
use crate::peer::Peer;
use crate::world::{World, reaches};

const HTTP_TIMEOUT_SECS: u64 = 2;
/// The longest that the server keeps an answer, in milliseconds.
const DELAY_MS: u64 = 300;
/// Processes that need the token beside the one that is killed.
const SURVIVORS: usize = 2;

/// How far an exchange is, as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    BeforeTheClaim,
    Claimed,
    Noted,
    Sent,
    Answered,
    WrittenDown,
    Settling,
}

const PHASES: [Phase; 7] = [
    Phase::BeforeTheClaim,
    Phase::Claimed,
    Phase::Noted,
    Phase::Sent,
    Phase::Answered,
    Phase::WrittenDown,
    Phase::Settling,
];

/// What the kills in one phase came to.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    lost: usize,
    replays: usize,
    doubts: usize,
    /// How long survivors waited, less what the server kept the answer, in milliseconds.
    waited_ms: Vec<u64>,
}

impl Tally {
    fn print(&self, phase: Phase) {
        let at = |part: usize| self.waited_ms.get(self.waited_ms.len() * part / 100).copied().unwrap_or_default();
        println!(
            "{phase:?}: kills {}, logins lost {}, replays {}, rounds with an error {}, survivors waited beyond the issuer's \
             delay (ms) median {} p95 {} most {}",
            self.kills,
            self.lost,
            self.replays,
            self.doubts,
            at(50),
            at(95),
            self.waited_ms.last().copied().unwrap_or_default(),
        );
    }
}

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Command,
    Exchanger,
}

fn kills(victim: Victim) -> usize {
    let all: usize = std::env::var("CREDLATCH_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    if victim == Victim::Command { all } else { all.div_ceil(5) }
}

/// The process that holds the claim, if the document has one, and the bytes beside its sign of life.
fn seen(world: &World) -> Option<(u32, Vec<u8>)> {
    let (pid, name) = world.claimant()?;
    let sign = world.home.document().with_extension("claims").join(name);
    Some((pid, fs::read(sign).unwrap_or_default()))
}

/// Whether the exchange is that far by now, and who makes it.
fn is_at(phase: Phase, world: &World, peer: &Peer, asked: (usize, usize)) -> Option<u32> {
    let (pid, sign) = seen(world)?;
    let has = |at: usize, kind: &[u8]| sign.get(at..at + kind.len()) == Some(kind);
    let is_so = match phase {
        Phase::BeforeTheClaim | Phase::Claimed => true,
        Phase::Noted => has(0, b"clnote1\n"),
        Phase::Sent => peer.token_requests_now() > asked.0,
        Phase::Answered => peer.refreshes_now() > asked.1,
        Phase::WrittenDown => has(4096, b"clansw1\n"),
        // The first byte of the word is odd while a document is replaced.
        Phase::Settling => {
            let lock = fs::read(world.home.document().with_extension("lock")).unwrap_or_default();
            has(4096, b"clansw1\n") && lock.first().is_some_and(|byte| byte % 2 == 1)
        }
    };
    is_so.then_some(pid)
}

/// Processes that need a token, one of which is killed, or the one that makes their exchange.
struct Started {
    began: Instant,
    all: Vec<Child>,
    killed: u32,
}

impl Started {
    /// What the others say in the end, and after how many milliseconds.
    fn survivors(self) -> (Vec<Said>, Vec<u64>) {
        let others = self.all.into_iter().filter_map(|one| {
            let is_dead = one.id() == self.killed;
            let end = one.wait_with_output().unwrap();
            let waited = u64::try_from(self.began.elapsed().as_millis()).unwrap();
            (!is_dead).then(|| (Said::from(end), waited))
        });
        others.unzip()
    }
}

/// One kill; none if the phase was over before it was seen.
fn kill(phase: Phase, victim: Victim, world: &World, peer: &Peer, dice: &mut Dice) -> Option<Started> {
    end_token(world);
    let asked = (peer.token_requests_now(), peer.refreshes_now());
    let began = Instant::now();
    let mut all: Vec<Child> = (0..=SURVIVORS).map(|_| world.start(&["token", "acme"])).collect();
    let mut killed = None;
    if phase == Phase::BeforeTheClaim {
        thread::sleep(Duration::from_micros(dice.below(6_000)));
        if world.claimant().is_none() {
            all[0].kill().unwrap();
            killed = Some(all[0].id());
        }
    }
    while phase != Phase::BeforeTheClaim && killed.is_none() && began.elapsed() < Duration::from_secs(2) {
        let Some(pid) = is_at(phase, world, peer, asked) else { continue };
        let dying = if victim == Victim::Exchanger { Some(pid) } else { parent(pid) };
        // Whoever is killed must not get further meanwhile: stopped, it can't, and what is beside its sign of life says how far it is.
        let is_to_be_early = victim == Victim::Exchanger && phase == Phase::Claimed;
        let is_early = !is_to_be_early || (stops(pid) && !is_noted(world));
        if !is_early {
            reaches("CONT", pid);
            break;
        }
        // Between the look and the kill it may have ended, or its caller.
        killed = dying.filter(|pid| reaches("KILL", *pid));
        if killed.is_none() {
            break;
        }
    }
    let Some(killed) = killed else {
        wait_for(all);
        return None;
    };
    Some(Started { began, all, killed })
}

/// Stops a process; `false` if it has ended.
fn stops(pid: u32) -> bool {
    let is_stopped = || stat(pid).is_some_and(|stat| stat.starts_with('T'));
    let until = Instant::now() + Duration::from_secs(2);
    reaches("STOP", pid) && std::iter::from_fn(|| (Instant::now() < until).then(is_stopped)).any(|stopped| stopped)
}

fn wait_for(all: Vec<Child>) {
    for one in all {
        one.wait_with_output().unwrap();
    }
}

/// Whether a note or an answer lies beside any sign of life.
fn is_noted(world: &World) -> bool {
    let signs = fs::read_dir(world.home.document().with_extension("claims")).into_iter().flatten().flatten();
    signs.into_iter().any(|sign| fs::read(sign.path()).is_ok_and(|sign| sign.starts_with(b"clnote1")))
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}

/// What the kernel says of a process, from its state on.
fn stat(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

/// Kills in each phase, each against a server of its own. Where there are more than one each, what is measured is measured alone.
fn kill_in_each_phase(victim: Victim) -> Option<BTreeMap<Phase, Tally>> {
    let (ready, turn) = (&Barrier::new(PHASES.len()), &Mutex::new(()));
    let kill_in = move |phase| {
        let signed_in = signed_in();
        ready.wait();
        let (peer, world) = signed_in?;
        Some((phase, kill_in(phase, victim, &peer, &world, turn)))
    };
    thread::scope(|scope| {
        let all = PHASES.map(|phase| scope.spawn(move || kill_in(phase)));
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn signed_in() -> Option<(Peer, World)> {
    let peer = Peer::oidc_that_is_slow(DELAY_MS)?;
    let world = served_by(&peer, HTTP_TIMEOUT_SECS);
    sign_in(&world, &peer);
    Some((peer, world))
}

fn kill_in(phase: Phase, victim: Victim, peer: &Peer, world: &World, turn: &Mutex<()>) -> Tally {
    let mut turn = Some(turn.lock().unwrap());
    let mut dice = Dice::new();
    let mut tally = Tally::default();
    let mut tries = 0;
    while tally.kills < kills(victim) && tries < 40 * kills(victim) {
        tries += 1;
        let replays = peer.refreshes_now_with("invalid_grant");
        let Some(started) = kill(phase, victim, world, peer, &mut dice) else {
            if world.say(&["token", "acme"]).status != 0 {
                sign_in(world, peer);
            }
            continue;
        };
        turn = turn.filter(|_| kills(victim) > 1);
        let (said, waited) = started.survivors();
        tally.kills += 1;
        let delay = peer.last_delay_ms();
        tally.waited_ms.extend(waited.iter().map(|ms| ms.saturating_sub(delay)));
        tally.doubts += usize::from(said.iter().any(|one| one.status != 0));
        if world.say(&["token", "acme"]).status != 0 {
            thread::sleep(Duration::from_secs(3 * HTTP_TIMEOUT_SECS + 6));
            if world.say(&["token", "acme"]).status != 0 {
                tally.lost += 1;
                sign_in(world, peer);
            }
        }
        tally.replays += peer.refreshes_now_with("invalid_grant") - replays;
    }
    tally.waited_ms.sort_unstable();
    tally.print(phase);
    tally
}

#[test]
fn oidc_provider_a_command_killed_in_any_phase_costs_no_login_and_no_replay() {
    let Some(tallies) = kill_in_each_phase(Victim::Command) else { return };
    for (phase, tally) in tallies {
        assert_eq!(
            (tally.kills, tally.lost, tally.replays, tally.doubts),
            (kills(Victim::Command), 0, 0, 0),
            "{phase:?}"
        );
    }
}

#[test]
fn oidc_provider_an_exchange_killed_before_it_sends_or_after_it_wrote_down_costs_nothing() {
    let Some(tallies) = kill_in_each_phase(Victim::Exchanger) else { return };
    for (phase, tally) in tallies {
        assert!(tally.replays <= tally.lost, "{phase:?} {tally:?}: at most one each");
        if matches!(phase, Phase::BeforeTheClaim | Phase::Claimed | Phase::WrittenDown | Phase::Settling) {
            assert_eq!((tally.kills, tally.lost, tally.replays), (kills(Victim::Exchanger), 0, 0), "{phase:?}");
        }
    }
}
