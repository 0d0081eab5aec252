//! Which cluster each member of a URL is of. One that names members of two would have changes go to either, so that is refused as soon
//! as it is seen: before a process writes for the first time it asks all of them, and later each answer says it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use credlatch_core::port::StoreError;
use parking_lot::Mutex;

use super::gateway::{Failed, Gateway, READ};
use super::port::Member;
use super::refusal;

/// How long the members have to say it before a process writes for the first time. Who is away is asked when its turn comes.
const FIRST: Duration = Duration::from_millis(500);

/// What the members said last.
#[derive(Default)]
pub(super) struct Clusters {
    said: Mutex<Vec<Option<u64>>>,
    /// Whether all were asked once.
    are_asked: AtomicBool,
}

impl Clusters {
    /// Takes note of what a member says. Returns one that said another.
    fn note(&self, members: usize, at: usize, cluster: u64) -> Option<usize> {
        let mut said = self.said.lock();
        said.resize(members, None);
        if said[at].is_some_and(|before| before != cluster) {
            // Another cluster is there now: what the others said of theirs is old.
            said.fill(None);
            self.are_asked.store(false, Ordering::Relaxed);
        }
        said[at] = Some(cluster);
        said.iter().position(|other| other.is_some_and(|other| other != cluster))
    }

    /// This member was refused: before anything else is written all are asked once more.
    fn refuse(&self, at: usize) {
        if let Some(said) = self.said.lock().get_mut(at) {
            *said = None;
        }
        self.are_asked.store(false, Ordering::Relaxed);
    }

    fn is_known(&self, at: usize) -> bool {
        self.said.lock().get(at).is_some_and(Option::is_some)
    }
}

impl Gateway {
    /// Takes note of the cluster that a member's answer names, and refuses it if another member is of another one still.
    pub(super) fn note_cluster(&self, at: usize, cluster: u64) -> Result<(), StoreError> {
        let members = &self.access.members;
        let Some(other) = self.clusters.note(members.len(), at, cluster) else { return Ok(()) };
        // It may have been given another cluster since.
        let now = self.state_of(other, READ).map(|state| state.cluster);
        if now.is_ok_and(|now| now == cluster) {
            self.clusters.note(members.len(), other, cluster);
            return Ok(());
        }
        self.clusters.refuse(at);
        Err(refusal::two_clusters(&members[at], &members[other]))
    }

    /// Makes sure that a member which is about to be asked to write something is of the same cluster as the others.
    pub(super) fn make_sure_of_cluster(&self, at: usize, most: Duration) -> Result<(), Failed> {
        let members = self.access.members.len();
        if members == 1 {
            return Ok(());
        }
        if !self.clusters.are_asked.swap(true, Ordering::Relaxed) {
            self.ask_all(FIRST).into_iter().enumerate().try_for_each(|(at, member)| match member.state {
                Ok(state) => self.note_cluster(at, state.cluster).map_err(Failed::Refused),
                Err(_) => Ok(()),
            })?;
        }
        if self.clusters.is_known(at) {
            return Ok(());
        }
        match self.state_of(at, most) {
            Ok(state) => self.note_cluster(at, state.cluster).map_err(Failed::Refused),
            // One that doesn't say it may still be asked.
            Err(Failed::Refused(_) | Failed::Unauthenticated) => Ok(()),
            Err(Failed::NotSent(error) | Failed::Unknown(error)) => Err(Failed::NotSent(error)),
        }
    }

    /// Asks all members at the same time how they are.
    pub(super) fn ask_all(&self, most: Duration) -> Vec<Member> {
        let name = |at: usize| self.access.members[at].clone();
        let ask = |at| Member { name: name(at), state: self.state_of(at, most).map_err(|failed| self.said(failed)) };
        std::thread::scope(|scope| {
            let asking: Vec<_> = (0..self.access.members.len())
                .map(|at| (at, std::thread::Builder::new().spawn_scoped(scope, move || ask(at))))
                .collect();
            let told = asking.into_iter().map(|(at, asking)| match asking {
                Ok(asking) => asking.join().ok(),
                // Where no thread can be had they are asked one after the other.
                Err(_) => Some(ask(at)),
            });
            told.flatten().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_says_another_than_the_others_is_noticed_until_all_say_the_same() {
        let clusters = Clusters::default();
        assert_eq!(clusters.note(3, 0, 7), None);
        assert_eq!(clusters.note(3, 2, 8), Some(0));
        assert_eq!(clusters.note(3, 2, 7), None, "it was given another cluster");
        assert!(!clusters.is_known(0) && clusters.is_known(2));
        assert_eq!(clusters.note(3, 0, 7), None);
    }
}
