//! The conductor: starts workers, kills and stops them at random moments, and collects what everybody says.
//!
//! # Why the order of the lines is real
//!
//! All workers, the issuer and the conductor write to one pipe, a line by one write. A worker writes that it begins before
//! it begins, and that it has ended after it has. So if one operation's end stands before another's begin in the pipe, the
//! one was over before the other began: the order of the lines never claims more than what is true. It may claim less,
//! when a worker is slow to say that it has ended; then two operations count as simultaneous that were not, and the checks
//! are a little weaker, but never wrong. No clock is read. A pipe for each worker would not do: whoever collects the lines
//! might find one's end before another's begin that was written earlier.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::issuer;
use crate::line::{Call, Held, Line, Reply, Teller, What};
use crate::player::Player;
use crate::worker::{BUSY, CALM, POOL, PROVIDERS, Part, Worker};
use crate::wrong::Wrong;

/// How many workers there are at a time.
const WORKERS: usize = 5;
/// After so many kills everybody is killed, and a newcomer must get on without waiting for anything.
const KILLS_BETWEEN_RESTS: usize = 25;

/// Between two disturbances something is to happen, however busy the machine is.
const LINES_BETWEEN: usize = 8;
/// How often the newcomer after the last kill tries each login.
const ROUNDS_OF_RECOVERY: usize = 18;

/// What is to be played.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// How many workers are killed.
    pub(crate) kills: usize,
    /// How many lines there are at least.
    pub(crate) lines: usize,
    /// What the first worker and all that replace it do wrong.
    pub(crate) wrong: Option<Wrong>,
    /// The name of the test that becomes a worker.
    pub(crate) test: &'static str,
}

/// Where in an operation the next kill is to hit.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Anywhere,
    Began,
    Presenting,
    Answered,
}

struct Conductor {
    plan: Plan,
    home: TempDir,
    pipe: PipeWriter,
    teller: Teller,
    news: Receiver<Line>,
    scribe: JoinHandle<Vec<Line>>,
    players: BTreeMap<u32, Player>,
    last_who: u32,
    chance: Chance,
    kills: usize,
}

/// Plays it, and returns everything that was said, in its order.
pub(crate) fn play(plan: Plan) -> Vec<Line> {
    let mut conductor = Conductor::new(plan);
    conductor.rest();
    let mut heard = 0;
    let mut next_rest = KILLS_BETWEEN_RESTS;
    while conductor.kills < conductor.plan.kills || heard < conductor.plan.lines {
        conductor.fill();
        heard += conductor.disturb();
        if conductor.kills >= next_rest {
            conductor.kill_all();
            conductor.rest();
            next_rest = conductor.kills + KILLS_BETWEEN_RESTS;
        }
    }
    conductor.kill_all();
    conductor.rest();
    if conductor.plan.kills > 0 {
        conductor.recover();
    }
    conductor.teller.tell(0, What::Curtain);
    conductor.scribe.join().unwrap()
}

impl Conductor {
    fn new(plan: Plan) -> Self {
        let home = home(plan.seed);
        let rows = BUSY
            .into_iter()
            .chain(CALM)
            .map(|id| serde_json::json!({"id": id, "oauth": {"http_timeout_secs": issuer::TIMEOUT_MS / 1000}}));
        let rows: Vec<_> = rows.chain([serde_json::json!({"id": POOL})]).collect();
        std::fs::write(home.path().join(PROVIDERS), serde_json::json!({"providers": rows}).to_string()).unwrap();
        let (reader, pipe) = std::io::pipe().unwrap();
        let teller = Teller::new(OwnedFd::from(pipe.try_clone().unwrap()).into());
        let (send, news) = mpsc::channel();
        let scribe = thread::spawn(move || write_down(reader, &send));
        issuer::open(home.path(), teller.clone(), plan.seed ^ 1);
        let chance = Chance::new(plan.seed);
        Self { plan, home, pipe, teller, news, scribe, players: BTreeMap::new(), last_who: 0, chance, kills: 0 }
    }

    fn part(&mut self, wrong: Option<Wrong>) -> Part {
        self.last_who += 1;
        Part { who: self.last_who, seed: self.chance.next(), home: self.home.path().to_owned(), wrong }
    }

    /// Starts workers until there are enough.
    fn fill(&mut self) {
        while self.players.len() < WORKERS {
            // One wrong worker among right ones, at any time.
            let has_wrong = self.players.values().any(|player| player.is_wrong);
            let wrong = self.plan.wrong.filter(|_| !has_wrong);
            let part = self.part(wrong);
            let player = Player::start(&part, &self.pipe, self.plan.test);
            self.players.insert(part.who, player);
        }
    }

    /// Kills or stops somebody soon. Returns how many lines were heard meanwhile.
    fn disturb(&mut self) -> usize {
        let aim = *self.chance.pick(&[
            Aim::Anywhere,
            Aim::Anywhere,
            Aim::Anywhere,
            Aim::Began,
            Aim::Presenting,
            Aim::Answered,
        ]);
        let until = Instant::now() + Duration::from_millis(10 + self.chance.below(40));
        let mut heard = 0;
        let mut victim = None;
        while (victim.is_none() && Instant::now() < until) || heard < LINES_BETWEEN {
            self.resume();
            self.replace_the_ended();
            match self.news.recv_timeout(Duration::from_millis(5)) {
                Ok(line) => {
                    heard += 1;
                    let fits = matches!(
                        (aim, &line.what),
                        (Aim::Began, What::Began(Call::Set { .. } | Call::Clear { .. } | Call::Remove { .. }))
                            | (Aim::Presenting, What::Presenting(_))
                            | (Aim::Answered, What::Answered(_))
                    );
                    victim =
                        Some(line.who).filter(|who| fits && heard >= LINES_BETWEEN && self.players.contains_key(who));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("a line could not be read; the thread that read it says why")
                }
            }
        }
        if self.kills >= self.plan.kills {
            return heard;
        }
        let all: Vec<u32> = self.players.keys().copied().collect();
        let who = victim.unwrap_or_else(|| *self.chance.pick(&all));
        if self.chance.below(100) < 35 {
            self.stop(who);
        } else {
            self.kill(who);
        }
        heard
    }

    fn stop(&mut self, who: u32) {
        let Some(player) = self.players.get_mut(&who) else { return };
        self.teller.tell(who, What::Stopping);
        player.signal(Signal::STOP);
        player.resume_at = Some(Instant::now() + Duration::from_millis(5 + self.chance.below(120)));
    }

    fn resume(&mut self) {
        let now = Instant::now();
        for player in self.players.values_mut() {
            if player.resume_at.is_some_and(|at| at <= now) {
                player.signal(Signal::CONT);
                player.resume_at = None;
            }
        }
    }

    /// A right worker doesn't end by itself; one beside a wrong one may find nothing to go on with.
    fn replace_the_ended(&mut self) {
        let ended: Vec<u32> =
            self.players.iter_mut().filter_map(|(who, player)| player.has_ended().then_some(*who)).collect();
        for who in ended {
            assert!(
                self.plan.wrong.is_some(),
                "worker {who} of seed {} ended by itself; it says why above",
                self.plan.seed
            );
            self.kill(who);
            self.fill();
        }
    }

    fn kill(&mut self, who: u32) {
        let Some(player) = self.players.remove(&who) else { return };
        self.teller.tell(who, What::Killing);
        drop(player);
        self.teller.tell(who, What::Reaped);
        self.kills += 1;
    }

    fn kill_all(&mut self) {
        let all: Vec<u32> = self.players.keys().copied().collect();
        for who in all {
            self.kill(who);
        }
    }

    /// Everybody is dead, so a newcomer has nobody to wait for: it has no patience at all, and gets on.
    fn rest(&mut self) {
        let part = self.part(None);
        let mut newcomer = Worker::new(&part, self.teller.clone(), 0);
        let set = newcomer.set(POOL, "default");
        newcomer.call(&set);
        newcomer.call(&Call::Rotate { provider: CALM[0].to_owned() });
        newcomer.call(&Call::Current { provider: POOL.to_owned() });
        let Some(Reply::Seen(view)) = newcomer.call(&Call::Status) else { return };
        self.teller.tell(part.who, What::Rested(view));
    }

    /// Waits until what the last kills left in doubt is resolved one way or the other.
    fn recover(&mut self) {
        let part = self.part(None);
        let mut newcomer = Worker::new(&part, self.teller.clone(), 0);
        for _ in 0..ROUNDS_OF_RECOVERY {
            for provider in BUSY.into_iter().chain(CALM) {
                newcomer.call(&Call::Rotate { provider: provider.to_owned() });
            }
            let Some(Reply::Seen(view)) = newcomer.call(&Call::Status) else { return };
            if view.entries.iter().all(|seen| seen.custody != Held::InDoubt) {
                break;
            }
            thread::sleep(Duration::from_millis(issuer::TIMEOUT_MS / 2));
        }
    }
}

/// Every other store is in memory if it can be. A kill loses nothing that was written, so whether it was synced doesn't
/// matter here, and in memory much more happens between two kills; on a disk kills hit a commit more often.
fn home(seed: u64) -> TempDir {
    let memory = Path::new("/dev/shm");
    let in_memory = if seed.is_multiple_of(2) && memory.is_dir() { tempfile::tempdir_in(memory).ok() } else { None };
    in_memory.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

/// Reads the pipe to the end. A line that can't be read is a worker's last words.
fn write_down(pipe: PipeReader, news: &mpsc::Sender<Line>) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in BufReader::new(pipe).lines().map(Result::unwrap) {
        let line: Line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if line.what == What::Curtain {
            break;
        }
        // Nobody listens while everybody rests.
        let _ = news.send(line.clone());
        lines.push(line);
    }
    lines
}
