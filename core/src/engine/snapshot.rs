//! What readers see: one committed state, and for each entry the one shared record that everybody who holds it shares.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::machine::exchanged::Fresh;
use crate::machine::pool::{self, Choice};
use crate::port::StoreError;
use crate::state::custody::Watched;
use crate::state::name::{Label, ProviderId};
use crate::state::secret::Secret;
use crate::state::time::{Expiry, Stamp};
use crate::state::{Entry, Link, Material, Nonce, Source, State};

/// Everything readable at one generation.
#[derive(Debug)]
pub struct Snapshot {
    /// The id of the commit; none where nothing was ever committed.
    pub id: Option<u64>,
    /// The committed state.
    pub state: Arc<State>,
    /// The state's generation; here too, because a request needs nothing else of the state as a rule, and with very many
    /// profiles each look at another place in memory counts.
    generation: u64,
    /// In the order of the providers' names.
    pools: Box<[Pool]>,
}

#[derive(Debug)]
struct Pool {
    provider: ProviderId,
    records: Vec<Arc<Live>>,
    /// What every request gets until something is committed, if that is certain.
    constant: Option<Arc<Live>>,
}

/// One version of one entry, as it is handed out: what can't change without a new version. Everybody in this process who
/// holds it holds the same one, so that a clear can tell when nobody does any more.
#[derive(Debug)]
#[repr(C)]
pub struct Live {
    /// First, so that it lies beside the count of owners: threads that share a record then wait for one cache line and not
    /// for two.
    picks: AtomicU64,
    /// The provider.
    pub provider: ProviderId,
    /// The entry's label.
    pub label: Label,
    /// The version of its secret.
    pub version: u64,
    /// What kind of credential it is.
    pub kind: LiveKind,
    /// When it ends.
    pub expiry: Expiry,
    secret: Option<Secret>,
    /// Why it is in this process only.
    unsaved: Option<StoreError>,
}

/// What kind of credential a record is.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveKind {
    /// A key that doesn't change by itself.
    ApiKey,
    /// An OAuth access token.
    Oauth,
    /// A login in another tool's file.
    Link {
        /// Which tool's.
        source: Source,
        /// Where, and whose.
        link: Box<Link>,
    },
}

impl Live {
    fn new(provider: &ProviderId, entry: &Entry) -> Self {
        let (kind, expiry) = match &entry.material {
            Material::ApiKey(_) => (LiveKind::ApiKey, Expiry::Never),
            Material::Oauth(grant) => (LiveKind::Oauth, grant.expiry),
            Material::Link(link) => {
                (LiveKind::Link { source: entry.source.clone(), link: Box::new(link.clone()) }, Expiry::Never)
            }
        };
        Self {
            provider: provider.clone(),
            label: entry.label.clone(),
            version: entry.version,
            kind,
            expiry,
            secret: entry.secret().cloned(),
            picks: AtomicU64::new(0),
            unsaved: None,
        }
    }

    /// The record of what is given where no secret is wanted. It is of no entry: those have versions from one on.
    pub fn standing_in(provider: ProviderId, word: Secret) -> Self {
        Self {
            provider,
            label: Label::default(),
            version: 0,
            kind: LiveKind::ApiKey,
            expiry: Expiry::Never,
            secret: Some(word),
            picks: AtomicU64::new(0),
            unsaved: None,
        }
    }

    /// The record of tokens that were granted to an entry and could not be saved: they have no version of their own yet.
    pub(super) fn of_unsaved(of: (&ProviderId, &Label, u64), fresh: &Fresh, now: &Stamp, error: StoreError) -> Self {
        let (provider, label, version) = of;
        Self {
            provider: provider.clone(),
            label: label.clone(),
            version,
            kind: LiveKind::Oauth,
            expiry: fresh.expiry(now),
            secret: Some(fresh.access.clone()),
            picks: AtomicU64::new(0),
            unsaved: Some(error),
        }
    }

    /// Why these tokens could not be saved when they came: they are in this process alone, and its version is that of the
    /// tokens they replace. None for what was stored.
    pub fn unsaved(&self) -> Option<&StoreError> {
        self.unsaved.as_ref()
    }

    /// The secret that a request carries; none for a link, whose secret is in the other tool's file.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Counts a use. It is written with the next commit that happens anyway.
    pub fn count_use(&self) {
        self.picks.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the count of uses, to write it.
    pub(crate) fn take_picks(&self) -> u64 {
        self.picks.swap(0, Ordering::Relaxed)
    }

    /// Whether these are the tokens of another record, from before they were saved.
    fn is_early(&self, saved: &Self) -> bool {
        self.provider == saved.provider && self.label == saved.label && self.secret == saved.secret
    }

    /// Whether it is what this entry would be handed out as. A restored document may reuse a version for another secret.
    fn is_of(&self, entry: &Entry) -> bool {
        match (&self.kind, &entry.material) {
            (LiveKind::Link { source, link }, Material::Link(other)) => *source == entry.source && **link == *other,
            // Between a link and another kind this differs too: a link has none. The same token may have been given another end.
            (_, Material::Oauth(grant)) => self.secret.as_ref() == entry.secret() && self.expiry == grant.expiry,
            _ => self.secret.as_ref() == entry.secret(),
        }
    }
}

impl Snapshot {
    /// The shared records of a provider, in the order of its pool.
    pub fn pool(&self, provider: &str) -> &[Arc<Live>] {
        self.find_pool(provider).map_or(&[], |pool| &pool.records)
    }

    /// What every such request to this provider gets until something is committed, and the generation, if that is certain.
    pub(super) fn constant(&self, provider: &str, choice: &Choice<'_>) -> Option<(&Arc<Live>, u64)> {
        let live = self.find_pool(provider)?.constant.as_ref()?;
        let is_wanted = choice.label.is_none_or(|label| live.label.as_str() == label) && choice.passed.is_empty();
        debug_assert!(!is_wanted || self.is_chosen(live, choice), "the shortcut chose what the pool doesn't");
        is_wanted.then_some((live, self.generation))
    }

    /// Whether the pool chooses this for the request, at any time: asserted by every harness that runs with debug assertions.
    fn is_chosen(&self, live: &Arc<Live>, choice: &Choice<'_>) -> bool {
        let provider = live.provider.as_str();
        let chosen = self.state.slot(provider).and_then(|slot| pool::select(slot, &Stamp::default(), choice).ok());
        chosen.and_then(|place| self.pool(provider).get(place)).is_some_and(|chosen| Arc::ptr_eq(chosen, live))
    }

    fn find_pool(&self, provider: &str) -> Option<&Pool> {
        let place = self.pools.binary_search_by(|pool| pool.provider.as_str().cmp(provider)).ok()?;
        self.pools.get(place)
    }

    /// The shared record of one entry.
    pub fn live(&self, provider: &str, label: &str) -> Option<&Arc<Live>> {
        self.pool(provider).iter().find(|live| live.label.as_str() == label)
    }
}

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

    pub(crate) fn readers(&self) -> &[u64] {
        &self.reading
    }

    /// Whether somebody holds this version.
    pub(crate) fn is_held(&self, key: &Key) -> bool {
        self.live.get(key).is_some_and(|records| records.iter().any(|record| record.strong_count() > 0))
    }

    /// Begins to watch the acts of a state that was just seen, and forgets those that are through.
    pub(crate) fn watch(&mut self, state: &State, now: &Stamp) {
        let entries = state.providers.values().flat_map(|slot| &slot.entries);
        let acts: Vec<Nonce> = entries.filter_map(Entry::grant).flat_map(|grant| grant.custody.attempts()).collect();
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

    /// Makes the snapshot of a state out of the records that are held already.
    pub(crate) fn snapshot(&mut self, state: State, id: Option<u64>) -> Snapshot {
        let pools = state.providers.iter().map(|(provider, slot)| {
            let records: Vec<_> = slot.entries.iter().map(|entry| self.share(provider, entry)).collect();
            let constant = pool::constant(slot).and_then(|place| records.get(place).cloned());
            Pool { provider: provider.clone(), records, constant }
        });
        let pools = pools.collect();
        self.unsaved.retain(|record| record.strong_count() > 0);
        self.live.retain(|_, records| {
            records.retain(|record| record.strong_count() > 0);
            !records.is_empty()
        });
        Snapshot { id, generation: state.generation, state: Arc::new(state), pools }
    }

    /// Counts who holds tokens that aren't saved as holders of the version that they replace, and, once they are saved, of
    /// the version that they got.
    pub(super) fn hold_unsaved(&mut self, live: &Arc<Live>) {
        let key = (live.provider.clone(), live.label.clone(), live.version);
        self.live.entry(key).or_default().push(Arc::downgrade(live));
        self.unsaved.push(Arc::downgrade(live));
    }

    fn share(&mut self, provider: &ProviderId, entry: &Entry) -> Arc<Live> {
        let records = self.live.entry((provider.clone(), entry.label.clone(), entry.version)).or_default();
        let stored = |live: &Arc<Live>| live.unsaved.is_none() && live.is_of(entry);
        if let Some(live) = records.iter().filter_map(Weak::upgrade).find(stored) {
            return live;
        }
        let live = Arc::new(Live::new(provider, entry));
        records.push(Arc::downgrade(&live));
        let early = self.unsaved.iter().filter(|early| early.upgrade().is_some_and(|early| early.is_early(&live)));
        records.extend(early.cloned());
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{acme, key, label, named, stored};

    #[test]
    fn what_is_held_is_known_and_what_nobody_holds_is_forgotten() {
        let mut ledger = Ledger::default();
        let snapshot = |ledger: &mut Ledger, text: &str| ledger.snapshot(stored([named("a", key(text))]), Some(2));
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
        drop(ledger.snapshot(State::default(), Some(4)));
        assert!(ledger.live.is_empty());
    }
}
