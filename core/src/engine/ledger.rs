//! Who reads, and who holds what: by that a clear knows when nobody has the old value any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::held::{Held, acts};
use super::snapshot::{Copies, Live, MOST_COPIES, Pool, Snapshot};
use crate::machine::pool;
use crate::state::custody::Watched;
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;
use crate::state::{Entry, Nonce, State};

/// Which version of which entry.
pub(crate) type Key = (ProviderId, Label, u64);

/// Who reads, and what is held: it outlives every snapshot.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    last_ticket: u64,
    /// Readers between the moment before they open the store and the moment they hold what they found.
    reading: Vec<u64>,
    live: BTreeMap<Key, Vec<Weak<Live>>>,
    /// When this process first saw each act that is under way or in doubt, by its own clock.
    watched: BTreeMap<Nonce, Stamp>,
    /// What was handed out before it could be saved.
    unsaved: Vec<Weak<Live>>,
}

impl Ledger {
    /// A reader registers before it looks at the store, so that nobody can miss it.
    pub(crate) fn enter(&mut self) -> u64 {
        self.last_ticket += 1;
        self.reading.push(self.last_ticket);
        self.last_ticket
    }

    pub(crate) fn leave(&mut self, ticket: u64) {
        self.reading.retain(|other| *other != ticket);
    }

    /// All but who reads, where nothing waits to be saved.
    pub(super) fn told(&self) -> Option<Held> {
        let watched = self.watched.iter().map(|(attempt, since)| (*attempt, *since));
        let records = self.live.values().flatten().filter(|record| record.strong_count() > 0).cloned();
        self.unsaved.is_empty().then(|| Held::Ledger { watched: watched.collect(), records: records.collect() })
    }

    pub(crate) fn readers(&self) -> &[u64] {
        &self.reading
    }

    /// Whether somebody holds this version.
    pub(crate) fn is_held(&self, key: &Key) -> bool {
        self.live.get(key).is_some_and(|records| records.iter().any(|record| record.strong_count() > 0))
    }

    /// Begins to watch the acts of a state that was just seen, and forgets those that are through.
    pub(crate) fn watch(&mut self, state: &State, now: &Stamp) {
        let acts: Vec<Nonce> = acts(state).collect();
        self.watched.retain(|attempt, _| acts.contains(attempt));
        for attempt in acts {
            self.watched.entry(attempt).or_insert(*now);
        }
    }

    /// How long this process has watched an act.
    pub(crate) fn watched(&self, attempt: Nonce, now: &Stamp) -> Watched {
        let for_ms = self.watched.get(&attempt).map_or(0, |first| now.since_ms(first));
        Watched { attempt, for_ms }
    }

    /// Makes the snapshot of a state out of the records that are held already, with so many of what every request gets.
    pub(crate) fn snapshot(&mut self, state: Arc<State>, id: Option<u64>, copies: usize) -> Snapshot {
        let pools = state.providers.iter().map(|(provider, slot)| {
            let records: Vec<_> = slot.entries.iter().map(|entry| self.share(provider, entry)).collect();
            let constant = pool::constant(slot).and_then(|place| slot.entries.get(place));
            let constant = constant.map(|entry| self.copies(provider, entry, copies)).unwrap_or_default();
            Pool::new(provider.clone(), records, constant)
        });
        let pools = pools.collect();
        self.unsaved.retain(|record| record.strong_count() > 0);
        self.live.retain(|_, records| {
            records.retain(|record| record.strong_count() > 0);
            !records.is_empty()
        });
        Snapshot { id, generation: state.generation, state, pools }
    }

    /// Counts who holds tokens that aren't saved as holders of the version that they replace, and, once they are saved, of
    /// the version that they got.
    pub(super) fn hold_unsaved(&mut self, live: &Arc<Live>) {
        let key = (live.provider.clone(), live.label.clone(), live.version);
        self.live.entry(key).or_default().push(Arc::downgrade(live));
        self.unsaved.push(Arc::downgrade(live));
    }

    /// So many records of an entry, up to [`MOST_COPIES`]; who holds any of them holds its version.
    fn copies(&mut self, provider: &ProviderId, entry: &Entry, count: usize) -> Copies {
        let records = self.live.entry((provider.clone(), entry.label.clone(), entry.version)).or_default();
        let mut copies: Vec<_> = stored(records, entry).take(count).collect();
        while copies.len() < count.min(MOST_COPIES) {
            let copy = Arc::new(Live::new(provider, entry));
            records.push(Arc::downgrade(&copy));
            copies.push(copy);
        }
        let mut copies = copies.into_iter();
        std::array::from_fn(|_| copies.next())
    }

    fn share(&mut self, provider: &ProviderId, entry: &Entry) -> Arc<Live> {
        let records = self.live.entry((provider.clone(), entry.label.clone(), entry.version)).or_default();
        if let Some(live) = stored(records, entry).next() {
            return live;
        }
        let live = Arc::new(Live::new(provider, entry));
        records.push(Arc::downgrade(&live));
        let early = self.unsaved.iter().filter(|early| early.upgrade().is_some_and(|early| early.is_early(&live)));
        records.extend(early.cloned());
        live
    }
}

/// The records that are alive of what is stored as this entry.
fn stored<'a>(records: &'a [Weak<Live>], entry: &'a Entry) -> impl Iterator<Item = Arc<Live>> + 'a {
    records.iter().filter_map(Weak::upgrade).filter(|live| live.unsaved().is_none() && live.is_of(entry))
}

#[cfg(test)]
mod tests {
    use super::{Arc, Ledger};
    use crate::machine::pool::Choice;
    use crate::sample::{acme, key, label, named, stored};

    #[test]
    fn what_is_held_is_known_and_what_nobody_holds_is_forgotten() {
        let mut ledger = Ledger::default();
        let snapshot =
            |ledger: &mut Ledger, text: &str| ledger.snapshot(Arc::new(stored([named("a", key(text))])), Some(2), 1);
        let held = (acme(), label("a"), 1);
        let (one, two) = (snapshot(&mut ledger, "key-1"), snapshot(&mut ledger, "key-2"));
        assert!(ledger.is_held(&held), "two secrets under one version, as after a restore");
        assert_eq!(ledger.live[&held].len(), 2);
        drop(one);
        assert!(ledger.is_held(&held));
        let three = snapshot(&mut ledger, "key-2");
        assert_eq!(ledger.live[&held].len(), 1, "of the first nothing is left");
        drop((two, three));
        assert!(!ledger.is_held(&held));
        drop(ledger.snapshot(Arc::default(), Some(4), 1));
        assert!(ledger.live.is_empty());
    }

    #[test]
    fn whoever_holds_one_of_the_records_of_a_version_holds_it_and_their_uses_are_counted_together() {
        let mut ledger = Ledger::default();
        let snapshot = ledger.snapshot(Arc::new(stored([named("a", key("key-1"))])), Some(2), 3);
        let taken = |copy| snapshot.constant("acme", &Choice::default(), copy).unwrap().0.clone();
        let records: Vec<_> = (0..4).map(taken).collect();
        for live in &records {
            live.count_use();
        }
        assert_eq!(snapshot.take_uses("acme").into_iter().collect::<Vec<_>>(), [(label("a"), 4)]);
        assert!(snapshot.take_uses("acme").is_empty());
        let again = ledger.snapshot(Arc::new(stored([named("a", key("key-1"))])), Some(4), 3);
        let held = (acme(), label("a"), 1);
        assert_eq!(ledger.live[&held].len(), 3, "the same ones are shared on");
        drop((snapshot, again));
        for live in records {
            assert!(ledger.is_held(&held));
            drop(live);
        }
        assert!(!ledger.is_held(&held));
    }
}
