//! What readers see: one committed state, and for each entry the shared records of which everybody who holds it has one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::name_number::NameNumber;
use crate::machine::exchanged::Fresh;
use crate::machine::pool::{self, Choice};
use crate::port::StoreError;
use crate::state::name::{Label, ProviderId};
use crate::state::secret::Secret;
use crate::state::time::{Expiry, Stamp};
use crate::state::{Entry, Link, Material, Source, State};

/// Everything readable at one generation.
#[derive(Debug)]
pub struct Snapshot {
    /// The id of the commit; none where nothing was ever committed.
    pub id: Option<u64>,
    /// The committed state.
    pub state: Arc<State>,
    /// The state's generation; here too, because a request needs nothing else of the state as a rule, and with very many
    /// profiles each look at another place in memory counts.
    pub(super) generation: u64,
    /// In the order of the providers' names.
    pub(super) pools: Box<[Pool]>,
}

/// The entries of a provider. In this order, a request finds the pool and what it gets in one place.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Pool {
    number: NameNumber,
    /// What every request gets until something is committed, if that is certain: records of one version, so that threads don't
    /// wait for each other's count of owners.
    pub(super) constant: Copies,
    pub(super) provider: ProviderId,
    pub(super) records: Vec<Arc<Live>>,
}

/// Records of one version, the first of them first.
pub(super) type Copies = [Option<Arc<Live>>; MOST_COPIES];

/// No engine has more records of a version than this, whatever its [`COPIES`](crate::port::Ports::COPIES).
pub(super) const MOST_COPIES: usize = 4;

const _: () = assert!(std::mem::offset_of!(Pool, provider) <= 64, "what a request needs is before the name");
const _: () = assert!(std::mem::offset_of!(Live, secret) == 8, "the secret is beside the count of uses");

impl Pool {
    pub(super) fn new(provider: ProviderId, records: Vec<Arc<Live>>, constant: Copies) -> Self {
        Self { number: NameNumber::new(provider.as_str()), constant, provider, records }
    }
}

/// One version of one entry, as it is handed out: what can't change without a new version. Everybody in this process who
/// holds it holds the same one, so that a clear can tell when nobody does any more.
#[derive(Debug)]
#[repr(C)]
pub struct Live {
    /// First, so that it lies beside the count of owners: threads that share a record then wait for one cache line and not
    /// for two.
    picks: AtomicU64,
    /// Here, because each request looks whether there is one.
    secret: Option<Secret>,
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
    pub(super) fn new(provider: &ProviderId, entry: &Entry) -> Self {
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

    /// How many uses were counted since they were last written.
    pub fn uses(&self) -> u64 {
        self.picks.load(Ordering::Relaxed)
    }

    /// Takes the count of uses, to write it.
    pub(crate) fn take_picks(&self) -> u64 {
        self.picks.swap(0, Ordering::Relaxed)
    }

    /// Whether these are the tokens of another record, from before they were saved.
    pub(super) fn is_early(&self, saved: &Self) -> bool {
        self.provider == saved.provider && self.label == saved.label && self.secret == saved.secret
    }

    /// Whether it is what this entry would be handed out as. A restored document may reuse a version for another secret.
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
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
    /// Threads spread over the records of one version by a number.
    pub(super) fn constant(&self, provider: &str, choice: &Choice<'_>, copy: usize) -> Option<(&Arc<Live>, u64)> {
        let copies = &self.find_pool(provider)?.constant;
        let live = copies.get(copy).and_then(Option::as_ref).or(copies[0].as_ref())?;
        let is_wanted = choice.label.is_none_or(|label| live.label.as_str() == label) && choice.passed.is_empty();
        debug_assert!(!is_wanted || self.is_chosen(live, choice), "the shortcut chose what the pool doesn't");
        is_wanted.then_some((live, self.generation))
    }

    /// Whether the pool chooses this for the request, at any time: asserted by every harness that runs with debug assertions.
    fn is_chosen(&self, live: &Live, choice: &Choice<'_>) -> bool {
        let slot = self.state.slot(live.provider.as_str());
        let place = slot.and_then(|slot| pool::select(slot, &Stamp::default(), choice).ok());
        let chosen = slot.zip(place).and_then(|(slot, place)| slot.entries.get(place));
        chosen.is_some_and(|chosen| (&chosen.label, chosen.version) == (&live.label, live.version))
    }

    /// Takes the counts of uses of a provider's entries, to write them.
    pub(super) fn take_uses(&self, provider: &str) -> BTreeMap<Label, u64> {
        let mut uses = BTreeMap::new();
        let pool = self.find_pool(provider).into_iter();
        for live in pool.flat_map(|pool| pool.records.iter().chain(pool.constant.iter().flatten())) {
            let picks = live.take_picks();
            if picks > 0 {
                *uses.entry(live.label.clone()).or_default() += picks;
            }
        }
        uses
    }

    fn find_pool(&self, provider: &str) -> Option<&Pool> {
        let number = NameNumber::new(provider);
        let order = |pool: &Pool| pool.number.order(number, || pool.provider.as_str().cmp(provider));
        let place = self.pools.binary_search_by(order).ok()?;
        self.pools.get(place)
    }

    /// Whether this record is one of those that it hands out.
    pub fn shows(&self, live: &Arc<Live>) -> bool {
        let pools = self.find_pool(live.provider.as_str()).into_iter();
        let mut shown = pools.flat_map(|pool| pool.records.iter().chain(pool.constant.iter().flatten()));
        shown.any(|record| Arc::ptr_eq(record, live))
    }

    /// The shared record of one entry.
    pub fn live(&self, provider: &str, label: &str) -> Option<&Arc<Live>> {
        self.pool(provider).iter().find(|live| live.label.as_str() == label)
    }
}
