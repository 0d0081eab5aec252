//! What happened in a history, counted. A check that never met what it is about has said nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;

use crate::line::{Call, Heard, Held, Line, Reply, What};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    /// Operations that began.
    pub(crate) operations: usize,
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    /// Operations that a kill cut off.
    pub(crate) pending: usize,
    /// Tokens that were granted and stored.
    pub(crate) rotations: usize,
    /// Spent tokens that were presented again.
    pub(crate) replays: usize,
    /// Rotations after which a login was lost.
    pub(crate) lost: usize,
    /// Acts cut off between the claim and the exchange, or in it: law 3.
    pub(crate) cut_before_answer: usize,
    /// Acts cut off after the exchange and before anybody was told of a settlement: law 5.
    pub(crate) cut_after_grant: usize,
    /// Rotations that were told of somebody else's new token: law 4.
    pub(crate) joined: usize,
    /// Rotations that were refused because another act may still be in flight.
    pub(crate) refused_in_doubt: usize,
    /// Logins in doubt that came through after all.
    pub(crate) recovered: usize,
    /// Clears of several labels during which somebody else looked: law 1.
    pub(crate) watched_clears: usize,
    /// Workers that saw two generations: law 7.
    pub(crate) forward: usize,
    /// Times that a newcomer without any patience got on after everybody was killed.
    pub(crate) newcomers: usize,
}

impl AddAssign for Census {
    fn add_assign(&mut self, other: Self) {
        let ours = self.all_mut();
        for (ours, theirs) in ours.into_iter().zip(other.all()) {
            *ours += theirs.1;
        }
    }
}

macro_rules! all {
    ($($field:ident)*) => {
        impl Census {
            /// Each count with its name.
            pub(crate) fn all(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($field), self.$field)),*]
            }

            /// The names of what was never seen.
            pub(crate) fn unseen(&self) -> Vec<&'static str> {
                self.all().into_iter().filter(|(_, times)| *times == 0).map(|(name, _)| name).collect()
            }

            fn all_mut(&mut self) -> Vec<&mut usize> {
                vec![$(&mut self.$field),*]
            }
        }
    };
}

all! {
    operations kills stops pending rotations replays lost cut_before_answer cut_after_grant joined refused_in_doubt
    recovered watched_clears forward newcomers
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} operations, {} kills, {} stops, {} pending, {} rotations, {} replays, {} lost",
            self.operations, self.kills, self.stops, self.pending, self.rotations, self.replays, self.lost
        )
    }
}

/// What is known of a worker while the lines go by.
#[derive(Default)]
struct Worker {
    call: Option<Call>,
    presented: Option<String>,
    heard: Option<Heard>,
    /// Whether somebody else looked while it cleared.
    watched: bool,
    generations: BTreeSet<u64>,
}

pub(crate) fn census(lines: &[Line]) -> Census {
    let mut census = Census::default();
    let mut workers: BTreeMap<u32, Worker> = BTreeMap::new();
    let mut doubtful: BTreeSet<String> = BTreeSet::new();
    for line in lines {
        match &line.what {
            What::Began(call) => {
                census.operations += 1;
                let worker = workers.entry(line.who).or_default();
                let generations = std::mem::take(&mut worker.generations);
                *worker = Worker { call: Some(call.clone()), generations, ..Worker::default() };
            }
            What::Presenting(token) => workers.entry(line.who).or_default().presented = Some(token.clone()),
            What::Answered(heard) => {
                let worker = workers.entry(line.who).or_default();
                worker.heard = Some(heard.clone());
                let again = worker.presented.as_ref().is_some_and(|token| doubtful.contains(token));
                census.recovered += usize::from(again && matches!(heard, Heard::Granted { .. }));
            }
            What::Ended(reply) => {
                if matches!(reply, Reply::Seen(_) | Reply::Picked { .. }) {
                    for other in workers.values_mut() {
                        other.watched = true;
                    }
                }
                let worker = workers.entry(line.who).or_default();
                if let (Reply::Seen(view), Some(token)) = (reply, seen_in_doubt(reply)) {
                    worker.generations.insert(view.generation);
                    doubtful.extend(token);
                }
                census.end(worker, reply);
            }
            What::Killing => census.kills += 1,
            What::Stopping => census.stops += 1,
            What::Replayed(_) => census.replays += 1,
            What::Rested(_) => census.newcomers += 1,
            What::Reaped => census.cut(&workers.remove(&line.who).unwrap_or_default()),
            _ => {}
        }
    }
    census
}

fn seen_in_doubt(reply: &Reply) -> Option<Vec<String>> {
    let Reply::Seen(view) = reply else { return None };
    let doubtful = view.entries.iter().filter(|seen| seen.custody == Held::InDoubt);
    Some(doubtful.filter_map(|seen| seen.refresh.clone()).collect())
}

impl Census {
    fn end(&mut self, worker: &mut Worker, reply: &Reply) {
        let presented = worker.presented.is_some();
        match (worker.call.take(), reply) {
            (Some(Call::Rotate { .. }), Reply::Rotated { .. }) if presented => self.rotations += 1,
            (Some(Call::Rotate { .. }), Reply::Rotated { .. }) => self.joined += 1,
            (Some(Call::Rotate { .. }), Reply::Failed { kind, .. }) => {
                self.lost += usize::from(presented && kind == "sign_in");
                self.refused_in_doubt += usize::from(kind == "busy");
            }
            (Some(Call::Clear { .. }), Reply::Cleared { labels, .. }) => {
                self.watched_clears += usize::from(worker.watched && labels.len() > 1);
            }
            _ => {}
        }
        self.forward += usize::from(worker.generations.len() == 2);
    }

    fn cut(&mut self, worker: &Worker) {
        self.pending += usize::from(worker.call.is_some());
        if worker.call.is_some() && worker.presented.is_some() {
            self.cut_before_answer += usize::from(worker.heard.is_none());
            self.cut_after_grant += usize::from(matches!(worker.heard, Some(Heard::Granted { .. })));
        }
    }
}
