//! A model of a cluster, as a store sees one: revisions, versions, leases that end by a clock of its own, watches, and everything that
//! a network does to a transaction. It is one lock and no thread, so that what happens is decided by whoever plays it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use credlatch::etcd::port::{Change, Cluster, Compare, Done, KeyValue, Keys, Lease, Op, Trouble, Txn, Watching};
use credlatch::store::{SecretBytes, StoreError, StoreErrorKind};
use parking_lot::{Condvar, Mutex};

/// What becomes of the next transaction that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out, and its answer is lost.
    AnswerLost,
    /// It never arrives, and nobody is told.
    Lost,
    /// It arrives later, once somebody has let it.
    Late,
    /// It is refused: there is no leader.
    Refused,
}

#[derive(Default)]
struct State {
    revision: u64,
    now_ms: u64,
    keys: BTreeMap<String, KeyValue>,
    of_lease: BTreeMap<String, Lease>,
    /// When each lease ends, and how long it lasts.
    leases: BTreeMap<Lease, (u64, u64)>,
    next_lease: i64,
    /// Everything that ever changed.
    log: Vec<(u64, String, Option<KeyValue>)>,
    compacted: u64,
    fates: VecDeque<Fate>,
    late: Vec<Txn>,
    is_away: bool,
}

pub(crate) struct Model {
    name: String,
    state: Mutex<State>,
    changed: Condvar,
}

/// One machine's way to the model: what it knows of it is its own.
pub(crate) struct Member(pub(crate) Arc<Model>, pub(crate) String);

pub(crate) fn unreachable() -> StoreError {
    StoreError::new(StoreErrorKind::Unreachable, "the model doesn't answer", "this is a test")
}

impl Model {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let state = State { revision: 1, ..State::default() };
        Arc::new(Self { name: name.to_owned(), state: Mutex::new(state), changed: Condvar::new() })
    }

    /// What a cluster at this revision does with a transaction: one that was asked for at another model, or at a real cluster.
    pub(crate) fn replay(&self, revision: u64, txn: &Txn) -> Done {
        let mut state = self.state.lock();
        state.revision = revision;
        state.apply(txn)
    }

    /// What becomes of the next transactions that write.
    pub(crate) fn next(&self, fate: Fate) {
        self.state.lock().fates.push_back(fate);
    }

    /// What was held back arrives now.
    pub(crate) fn deliver(&self) {
        let mut state = self.state.lock();
        for txn in std::mem::take(&mut state.late) {
            state.apply(&txn);
        }
        self.changed.notify_all();
    }

    /// Whether it answers nobody.
    pub(crate) fn away(&self, is_away: bool) {
        self.state.lock().is_away = is_away;
    }

    /// Time passes, by the cluster's clock.
    pub(crate) fn pass(&self, time: Duration) {
        let mut state = self.state.lock();
        state.now_ms += u64::try_from(time.as_millis()).unwrap();
        state.end_leases();
        self.changed.notify_all();
    }

    /// It is what it was at that revision, as after somebody restored it.
    pub(crate) fn roll_back(&self, revision: u64) {
        let mut state = self.state.lock();
        state.log.retain(|(at, ..)| *at <= revision);
        let log = state.log.clone();
        state.keys.clear();
        for (_, key, kv) in log {
            match kv {
                Some(kv) => state.keys.insert(key, kv),
                None => state.keys.remove(&key),
            };
        }
        state.revision = revision;
    }

    /// Every machine says that its acts go on.
    pub(crate) fn beat_all(&self) {
        let mut state = self.state.lock();
        let now_ms = state.now_ms;
        if !state.is_away {
            state.leases.values_mut().for_each(|(end, ttl_ms)| *end = now_ms + *ttl_ms);
        }
    }

    /// Forgets what was before.
    pub(crate) fn compact(&self) {
        let mut state = self.state.lock();
        state.compacted = state.revision;
    }

    /// The values that a key had, in their order.
    pub(crate) fn history(&self, key: &str) -> Vec<KeyValue> {
        let state = self.state.lock();
        state.log.iter().filter(|(_, name, _)| name == key).filter_map(|(_, _, kv)| kv.clone()).collect()
    }
}

impl State {
    fn holds(&self, compare: &Compare) -> bool {
        let of = |key: &str| self.keys.get(key);
        match compare {
            Compare::Modified(key, revision) => of(key).map_or(0, |kv| kv.modified) == *revision,
            Compare::Created(key, revision) => of(key).map_or(0, |kv| kv.created) == *revision,
            Compare::Is(key, value) => of(key).is_some_and(|kv| kv.value[..] == value[..]),
        }
    }

    fn apply(&mut self, txn: &Txn) -> Done {
        let succeeded = txn.when.iter().all(|compare| self.holds(compare));
        let mut read = Vec::new();
        let ops = if succeeded { &txn.then[..] } else { &[] };
        let writes = ops.iter().any(|op| !matches!(op, Op::Get(_)));
        self.revision += u64::from(writes);
        for op in ops {
            match op {
                Op::Get(key) => read.push(self.keys.get(key).cloned()),
                Op::Put(key, value, lease) => self.put(key, value, *lease),
                Op::Delete(key) => self.delete(key),
            }
        }
        Done { succeeded, revision: self.revision, cluster: 7, read }
    }

    fn put(&mut self, key: &str, value: &SecretBytes, lease: Option<Lease>) {
        let (key, before) = (key.to_owned(), self.keys.get(key));
        let kv = KeyValue {
            key: key.clone(),
            value: value.clone(),
            version: before.map_or(1, |kv| kv.version + 1),
            created: before.map_or(self.revision, |kv| kv.created),
            modified: self.revision,
        };
        match lease {
            Some(lease) => self.of_lease.insert(key.clone(), lease),
            None => self.of_lease.remove(&key),
        };
        self.log.push((self.revision, key.clone(), Some(kv.clone())));
        self.keys.insert(key, kv);
    }

    fn delete(&mut self, key: &str) {
        if self.keys.remove(key).is_some() {
            self.log.push((self.revision, key.to_owned(), None));
        }
    }

    fn end(&mut self, lease: Lease) {
        self.leases.remove(&lease);
        let keys: Vec<_> = self.of_lease.iter().filter(|(_, of)| **of == lease).map(|(key, _)| key.clone()).collect();
        self.revision += u64::from(!keys.is_empty());
        for key in keys {
            self.of_lease.remove(&key);
            self.delete(&key);
        }
    }

    fn end_leases(&mut self) {
        let over: Vec<_> =
            self.leases.iter().filter(|(_, (end, _))| *end <= self.now_ms).map(|(lease, _)| *lease).collect();
        for lease in over {
            self.end(lease);
        }
    }
}

impl Cluster for Member {
    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn identity(&self) -> String {
        format!("{} {}", self.0.name, self.1)
    }

    fn up_ms(&self) -> u64 {
        self.0.state.lock().now_ms
    }

    fn transact(&self, txn: &Txn, _patience: Duration) -> Result<Done, Trouble> {
        let mut state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        let writes = txn.then.iter().any(|op| !matches!(op, Op::Get(_)));
        let fate = if writes { state.fates.pop_front() } else { None };
        match fate {
            Some(Fate::Refused) => return Err(Trouble::Refused(unreachable())),
            Some(Fate::Lost) => return Err(Trouble::Unknown(unreachable())),
            Some(Fate::Late) => {
                state.late.push(txn.clone());
                return Err(Trouble::Unknown(unreachable()));
            }
            Some(Fate::AnswerLost) | None => {}
        }
        let done = state.apply(txn);
        self.0.changed.notify_all();
        if fate == Some(Fate::AnswerLost) { Err(Trouble::Unknown(unreachable())) } else { Ok(done) }
    }

    fn list(&self, keys: &Keys, _patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        let state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        let under = |prefix: &str| {
            let prefix = prefix.to_owned();
            state.keys.values().filter(move |kv| kv.key.starts_with(&prefix)).cloned().collect::<Vec<_>>()
        };
        Ok(match keys {
            Keys::NamesUnder(prefix) => under(prefix),
            Keys::LastCreatedBefore(prefix, revision) => {
                let mut before = under(prefix);
                before.retain(|kv| kv.created < *revision);
                before.sort_by_key(|kv| kv.created);
                before.pop().into_iter().collect()
            }
        })
    }

    fn read_from_any(&self, key: &str, _patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        let state = self.0.state.lock();
        if state.is_away { Err(Trouble::Refused(unreachable())) } else { Ok(state.keys.get(key).cloned()) }
    }

    fn read_at(&self, key: &str, revision: u64, _patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        let state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        if revision < state.compacted {
            return Err(Trouble::Compacted);
        }
        let mut until = state.log.iter().filter(|(at, name, _)| *at <= revision && name == key);
        Ok(until.next_back().and_then(|(_, _, kv)| kv.clone()))
    }

    fn grant(&self, ttl: Duration, _patience: Duration) -> Result<Lease, Trouble> {
        let mut state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        state.next_lease += 1;
        let (lease, ttl_ms) = (Lease(state.next_lease), u64::try_from(ttl.as_millis()).unwrap());
        let end = state.now_ms + ttl_ms;
        state.leases.insert(lease, (end, ttl_ms));
        Ok(lease)
    }

    fn keep_alive(&self, lease: Lease, _patience: Duration) -> Result<bool, Trouble> {
        let mut state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        let now_ms = state.now_ms;
        let Some((end, ttl_ms)) = state.leases.get_mut(&lease) else { return Ok(false) };
        *end = now_ms + *ttl_ms;
        Ok(true)
    }

    fn lasts(&self, key: &str, _patience: Duration) -> Result<Option<Duration>, Trouble> {
        let state = self.0.state.lock();
        let end = state.of_lease.get(key).and_then(|lease| state.leases.get(lease)).map(|(end, _)| *end);
        Ok(end.map(|end| Duration::from_millis(end.saturating_sub(state.now_ms))))
    }

    fn revoke(&self, lease: Lease, _patience: Duration) -> Result<(), Trouble> {
        let mut state = self.0.state.lock();
        if state.is_away {
            return Err(Trouble::Refused(unreachable()));
        }
        state.end(lease);
        self.0.changed.notify_all();
        Ok(())
    }

    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        let (began, mut seen) = (Instant::now(), after);
        loop {
            let mut state = self.0.state.lock();
            if seen < state.compacted {
                return Err(Trouble::Compacted);
            }
            let news: Vec<_> = state.log.iter().filter(|(at, name, _)| *at > seen && name == key).cloned().collect();
            if news.is_empty() {
                let left = patience.saturating_sub(began.elapsed()).min(Duration::from_millis(100));
                if left.is_zero() {
                    return Ok(());
                }
                self.0.changed.wait_for(&mut state, left);
                drop(state);
                if tell(Change::Alive(None)) == Watching::Enough {
                    return Ok(());
                }
                continue;
            }
            drop(state);
            for (at, _, kv) in news {
                seen = at;
                if tell(kv.map_or(Change::Deleted(at), Change::Put)) == Watching::Enough {
                    return Ok(());
                }
            }
        }
    }
}
