//! Group commit: threads of one process whose changes wait for the store at the same time share one commit.
//!
//! One of them leads. It locks the store, takes what the others want by then, and applies all of it in one transaction; each is told
//! the verdicts on its own events. What fails as a group is tried again one by one, so that nobody fails for another. Only of a
//! commit whose outcome is unknown all are told so. Whoever is not taken yet when its time is over leaves, and nothing of it was
//! done.
//!
//! It is for events of which their caller wants to know the verdicts and nothing else.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::snapshot::Snapshot;
use super::transact::{TransactError, Transacted};
use super::{CellOf, Engine};
use crate::machine::{Event, Verdict};
use crate::port::{Cell, Clock, Oneshot, Ports, Seam, StoreError, StoreErrorKind};

/// How long the end of a commit is waited for whose leader has the lock, in milliseconds: it takes as long as the disk does.
const COMMIT_MS: u64 = 5_000;

type OneshotOf<P, T> = <<P as Ports>::Seam as Seam>::Oneshot<T>;

/// What is told of events that may have shared their commit.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// One verdict for each event, in their order.
    pub verdicts: Vec<Verdict>,
    /// Whether a commit changed something for these events, or, if it was nobody's, for whoever led.
    pub is_new: bool,
    /// The state after.
    pub after: Arc<Snapshot>,
}

/// The threads that wait for their turn, if one leads.
pub(super) struct Group<P: Ports> {
    is_led: bool,
    /// Whose these threads are, as long as nobody has noticed a fork.
    process: u64,
    waiting: Vec<Arc<Member<P>>>,
}

/// A thread that waits, and what it wants.
struct Member<P: Ports> {
    events: Vec<Event>,
    notice: OneshotOf<P, Notice>,
}

/// What a thread is told that waits.
enum Notice {
    /// The one before is through.
    Lead,
    /// Its events were applied, or nobody knows.
    Done(Result<Grouped, TransactError>),
    /// Nothing was done, and what others want is to fail nobody else.
    GoAlone,
}

impl<P: Ports> Group<P> {
    pub(super) fn new() -> Self {
        Self { is_led: false, process: P::Seam::process(), waiting: Vec::new() }
    }

    /// Whether one leads, where nobody waits.
    pub(super) fn told(&self) -> Option<String> {
        self.waiting.is_empty().then(|| self.is_led.to_string())
    }

    /// Begins to lead, or to wait behind whoever does.
    fn join(&mut self, events: &[Event]) -> Option<Arc<Member<P>>> {
        // In a child that was forked while a thread of its parent led, nobody does.
        if self.is_led && self.process != P::Seam::process() {
            *self = Self::new();
        }
        if !std::mem::replace(&mut self.is_led, true) {
            return None;
        }
        let member = Arc::new(Member { events: events.to_vec(), notice: Oneshot::new() });
        self.waiting.push(Arc::clone(&member));
        Some(member)
    }

    /// Stops waiting. Returns whether it was in time.
    fn leave(&mut self, member: &Arc<Member<P>>) -> bool {
        let place = self.waiting.iter().position(|waiting| Arc::ptr_eq(waiting, member));
        place.map(|place| self.waiting.remove(place)).is_some()
    }
}

/// A thread that leads, until it hands that on.
struct Lead<'a, P: Ports> {
    group: &'a CellOf<P, Group<P>>,
    own: &'a [Event],
    taken: RefCell<Vec<Arc<Member<P>>>>,
}

impl<P: Ports> Lead<'_, P> {
    /// All events that are wanted now.
    fn gather(&self) -> Cow<'_, [Event]> {
        let mut taken = self.taken.borrow_mut();
        taken.extend(self.group.write(|group| std::mem::take(&mut group.waiting)));
        if taken.is_empty() {
            return Cow::Borrowed(self.own);
        }
        self.own.iter().chain(taken.iter().flat_map(|member| &member.events)).cloned().collect()
    }

    /// Hands the lead on to whoever has waited longest. Returns the members that wait to be told.
    fn end(self) -> Vec<Arc<Member<P>>> {
        self.taken.take()
    }
}

impl<P: Ports> Drop for Lead<'_, P> {
    fn drop(&mut self) {
        let next = self.group.write(|group| {
            group.is_led = !group.waiting.is_empty();
            group.is_led.then(|| group.waiting.remove(0))
        });
        if let Some(next) = next {
            next.notice.send(Notice::Lead);
        }
        // Only a panic leaves some here.
        self.taken.take().iter().for_each(|member| member.notice.send(Notice::GoAlone));
    }
}

impl<P: Ports> Engine<P> {
    /// Applies events in one commit, or in none if they change nothing, and in the same one as other threads that wait for it.
    ///
    /// # Errors
    /// As [`Engine::transact`].
    pub fn transact_in_group(&self, events: &[Event]) -> Result<Grouped, TransactError> {
        let Some(member) = self.group.write(|group| group.join(events)) else {
            return self.lead(events, self.patience_ms);
        };
        let began = self.clock.now();
        let left_ms = || self.patience_ms.saturating_sub(self.clock.now().since_ms(&began));
        let in_time = member.notice.receive(self.patience_ms);
        let has_left = in_time.is_none() && self.group.write(|group| group.leave(&member));
        if has_left {
            return Err(TransactError::NotSaved(busy(self.patience_ms)));
        }
        // Whoever was taken into a commit waits for its end: whoever leads has the lock, and nobody else is waited for.
        match in_time.or_else(|| member.notice.receive(self.patience_ms.min(COMMIT_MS))) {
            Some(Notice::Lead) => self.lead(events, left_ms()),
            Some(Notice::Done(told)) => told,
            Some(Notice::GoAlone) => self.go_alone(events, left_ms()),
            None => Err(TransactError::Unknown(busy(self.patience_ms))),
        }
    }

    /// How many threads wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.group.read(|group| group.waiting.len())
    }

    fn lead(&self, own: &[Event], patience_ms: u64) -> Result<Grouped, TransactError> {
        let began = self.clock.now();
        let lead: Lead<'_, P> = Lead { group: &self.group, own, taken: RefCell::default() };
        let done = self.transact_in(&|| lead.gather(), patience_ms, &mut None, &|_| Ok(()));
        let members = lead.end();
        match done {
            Ok(done) => Ok(share(done, own, &members)),
            Err(TransactError::NotSaved(_)) if !members.is_empty() => {
                for member in &members {
                    member.notice.send(Notice::GoAlone);
                }
                self.go_alone(own, patience_ms.saturating_sub(self.clock.now().since_ms(&began)))
            }
            Err(error) => {
                for member in &members {
                    member.notice.send(Notice::Done(Err(error.clone())));
                }
                Err(error)
            }
        }
    }

    /// A commit of one's own, in the time that is left.
    fn go_alone(&self, events: &[Event], left_ms: u64) -> Result<Grouped, TransactError> {
        self.transact_in(&|| Cow::Borrowed(events), left_ms, &mut None, &|_| Ok(())).map(grouped)
    }
}

/// Tells each member what came of its own events. Returns what whoever led is told.
fn share<P: Ports>(done: Transacted, own: &[Event], members: &[Arc<Member<P>>]) -> Grouped {
    let mut all = grouped(done);
    let is_nobodys = !all.verdicts.contains(&Verdict::Done);
    let mut verdicts = std::mem::take(&mut all.verdicts).into_iter();
    let mut of = |events: &[Event]| {
        let verdicts: Vec<_> = verdicts.by_ref().take(events.len()).collect();
        Grouped { is_new: all.is_new && verdicts.contains(&Verdict::Done), verdicts, ..all.clone() }
    };
    let own = of(own);
    for member in members {
        member.notice.send(Notice::Done(Ok(of(&member.events))));
    }
    Grouped { is_new: own.is_new || all.is_new && is_nobodys, ..own }
}

fn grouped(done: Transacted) -> Grouped {
    let is_new = done.before.generation != done.after.state.generation;
    Grouped { verdicts: done.verdicts, is_new, after: done.after }
}

fn busy(patience_ms: u64) -> StoreError {
    let what = format!("other threads of this process were changing the store for {patience_ms} ms");
    StoreError::new(StoreErrorKind::Busy, what, "try again")
}
