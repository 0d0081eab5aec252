//! One profile's key, as this process knows it. All handles of a process on one key share this, so that each sees at once what
//! another one committed.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, Instant};

use credlatch_core::port::{StoreError, StoreErrorKind};
use parking_lot::Mutex;

use super::port::{Change, Cluster, KeyValue, Lease, Op, Trouble, Txn, Watching};
use super::value;
use crate::codec;
use crate::seal;
use crate::store::{CommitId, Stored};

/// How old what a reader relies on may be: it is looked at once more by then.
pub(super) const FRESH: Duration = Duration::from_secs(2);
/// For how long nobody looks again where too few members answered.
const AWAY: Duration = Duration::from_secs(10);
/// How long a look may take that a reader makes on its way.
const LOOK: Duration = Duration::from_secs(3);
/// How long one watch lasts, before it is begun anew.
const WATCH: Duration = Duration::from_secs(300);
/// Between two tries to watch.
const AGAIN: Duration = Duration::from_secs(1);

/// All of this process.
static ALL: LazyLock<Mutex<HashMap<String, Weak<Document>>>> = LazyLock::new(Mutex::default);

/// The names of a profile's keys.
pub(super) struct Names {
    pub(super) document: String,
    /// What a commit whose outcome nobody knows is kept from being carried out by, once somebody has put it anew.
    pub(super) fence: String,
    /// With which key the profiles of this prefix are sealed.
    pub(super) seal: String,
    pub(super) acts: String,
    pub(super) queue: String,
}

impl Names {
    pub(super) fn new(prefix: &str, profile: &str) -> Self {
        Self {
            document: format!("{prefix}/profiles/{profile}"),
            fence: format!("{prefix}/fences/{profile}"),
            // No profile has such a name, nor has a prefix that begins with this one.
            seal: format!("{prefix}/:seal"),
            acts: format!("{prefix}/acts/{profile}/"),
            queue: format!("{prefix}/queue/{profile}/"),
        }
    }
}

pub(super) struct Document {
    pub(super) cluster: Arc<dyn Cluster>,
    pub(super) names: Names,
    /// What people call it.
    pub(super) called: String,
    /// One writer of this process at a time.
    pub(super) gate: Mutex<()>,
    newest: Mutex<Newest>,
    /// The key's revision that a commit of this process replaced, of which nobody knows whether it was made.
    pub(super) unsettled: Mutex<Option<u64>>,
    /// Until when writers of this process stand in the queue, because they were overtaken.
    pub(super) crowded: Mutex<Option<Instant>>,
    /// The lease with which this process stands in line, and since when it lasts.
    pub(super) place: Mutex<Option<(Lease, Instant)>>,
    /// Whether values are bound to where and when they were written.
    pub(super) is_bound: bool,
}

/// The newest that this process has seen.
#[derive(Default)]
struct Newest {
    /// The key's last revision, and what it put there.
    seen: Option<(u64, Option<Stored>)>,
    /// When it was noted.
    noted: Option<Instant>,
    /// When it was last asked for.
    asked: Option<Instant>,
    is_watched: bool,
    /// Whether too few members answered last.
    is_away: bool,
}

impl Document {
    /// That of this process.
    pub(super) fn of(cluster: &Arc<dyn Cluster>, name: &str, prefix: &str, profile: &str, is_bound: bool) -> Arc<Self> {
        let called = format!("{name}, prefix {prefix}, profile {profile}");
        let at = format!("{}\0{is_bound}\0{}\0{called}", std::process::id(), cluster.identity());
        let mut all = ALL.lock();
        if let Some(known) = all.get(&at).and_then(Weak::upgrade) {
            return known;
        }
        let document = Arc::new(Self {
            cluster: Arc::clone(cluster),
            names: Names::new(prefix, profile),
            called,
            gate: Mutex::new(()),
            newest: Mutex::default(),
            unsettled: Mutex::default(),
            crowded: Mutex::default(),
            place: Mutex::default(),
            is_bound,
        });
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(at, Arc::downgrade(&document));
        document
    }

    /// What stands there says what it must.
    pub(super) fn value(&self, kv: Option<&KeyValue>) -> Result<Option<value::Value>, StoreError> {
        let Some(kv) = kv else { return Ok(None) };
        let Some(value) = value::read(kv, &self.called)? else { return Ok(None) };
        if !self.is_bound {
            return Ok(Some(value));
        }
        let document = &value.stored.document;
        let why = match seal::place_of(document) {
            Some(place) if place == self.place(kv.created, kv.version) => return Ok(Some(value)),
            Some(_) => "was put back from an earlier time, or from another key",
            None if codec::parse(document).is_ok() => "is not sealed: somebody without the key has put it there",
            // Whoever opens it says what it is.
            None => return Ok(Some(value)),
        };
        Err(StoreError::new(StoreErrorKind::Unreadable, format!("{} {why}", self.called), value::RECOVER))
    }

    /// What a commit is sealed as that is to be this version of the key which that revision made. No other value ever stands in that
    /// place, whoever takes the key away and makes it anew.
    pub(super) fn place(&self, created: u64, version: u64) -> String {
        format!("{}@{created}.{version}", self.names.document)
    }

    /// Takes note of what was read, unless something newer was seen. `asked` is when most members were asked for it: what was asked
    /// for after something newer had been seen stands, and the cluster was rolled back.
    fn note(&self, modified: u64, stored: Option<Stored>, asked: Option<Instant>) {
        let mut newest = self.newest.lock();
        let is_newer = newest.seen.as_ref().is_none_or(|(seen, _)| *seen < modified);
        if is_newer || asked.is_some() && asked > newest.noted {
            newest.seen = Some((modified, stored));
            newest.noted = Some(Instant::now());
        }
        if asked > newest.asked || newest.is_away && asked.is_some() {
            (newest.asked, newest.is_away) = (asked, false);
        }
    }

    /// Takes note of a commit of this process.
    pub(super) fn committed(&self, modified: u64, stored: Stored) {
        self.note(modified, Some(stored), None);
    }

    /// Reads it, and all that a writer needs to know, linearizably.
    pub(super) fn look(&self, patience: Duration) -> Result<Looked, Trouble> {
        let (looked, kv, revision, asked) = self.look_whatever_stands(patience)?;
        let value = self.value(kv.as_ref()).map_err(Trouble::Refused)?;
        // Of a key that was taken away the revision says at least that it isn't older.
        let at = if looked.modified == 0 { revision } else { looked.modified };
        self.note(at, value.as_ref().map(|value| value.stored.clone()), Some(asked));
        Ok(looked.finding(value))
    }

    /// The same of a key that may hold anything: what stands around its value, the value as it is, the revision, and the time.
    pub(super) fn look_whatever_stands(
        &self,
        patience: Duration,
    ) -> Result<(Looked, Option<KeyValue>, u64, Instant), Trouble> {
        let names = &self.names;
        let then = [&names.document, &names.fence, &names.seal].map(|name| Op::Get(name.clone())).to_vec();
        let asked = Instant::now();
        let done = self.cluster.transact(&Txn { when: Vec::new(), then }, patience)?;
        let mut read = done.read.into_iter();
        let (kv, fence, seal) = (read.next().flatten(), read.next().flatten(), read.next().flatten());
        Ok((Looked::at(done.cluster, kv.as_ref(), fence, seal), kv, done.revision, asked))
    }

    /// The newest commit: linearizably where most members answer; else as any member has it, or as it was last seen, and then it is
    /// said that this may be old.
    pub(super) fn read(&self) -> Result<Option<Stored>, StoreError> {
        let trouble = match self.look(LOOK) {
            Ok(looked) => return Ok(looked.stored),
            Err(trouble) => trouble.into_error(),
        };
        if trouble.kind != StoreErrorKind::Unreachable {
            return Err(trouble);
        }
        if let Ok(kv) = self.cluster.read_from_any(&self.names.document, LOOK) {
            let value = self.value(kv.as_ref())?;
            // One that has nothing may be new, or behind.
            if let (Some(kv), Some(value)) = (kv, value) {
                self.note(kv.modified, Some(value.stored), None);
            }
        }
        let mut newest = self.newest.lock();
        if matches!(newest.seen, Some((_, Some(_)))) {
            super::notice(format!("what was read may be old: {trouble}"), trouble.remedy.clone());
        }
        // Once more only after a while: it costs a reader that time.
        (newest.asked, newest.is_away) = (Some(Instant::now() + AWAY), true);
        // That there was nothing says nothing of now.
        match &newest.seen {
            Some((_, Some(stored))) => Ok(Some(stored.clone())),
            Some((_, None)) | None => Err(trouble),
        }
    }

    /// The newest commit that this process knows of, if it was looked at lately; otherwise whoever asks reads it.
    pub(super) fn current(self: &Arc<Self>) -> Option<CommitId> {
        let mut newest = self.newest.lock();
        if newest.asked.is_none_or(|asked| asked.elapsed() > FRESH) {
            if newest.is_away {
                // Whoever asks looks; the others go on meanwhile.
                newest.asked = Some(Instant::now() + LOOK * 2);
            }
            return None;
        }
        let id = newest.seen.as_ref()?.1.as_ref()?.id;
        if !std::mem::replace(&mut newest.is_watched, true) {
            drop(newest);
            self.watch();
        }
        Some(id)
    }

    /// Has a thread keep it current. Without one readers see another machine's commit a moment later.
    fn watch(self: &Arc<Self>) {
        let document = Arc::downgrade(self);
        let watching = std::thread::Builder::new().name("credlatch-etcd".to_owned());
        let _ = watching.spawn(move || {
            while let Some(document) = document.upgrade() {
                let held = Arc::downgrade(&document);
                if document.listen(&held).is_err() {
                    drop(document);
                    std::thread::sleep(AGAIN);
                }
            }
        });
    }

    fn listen(&self, held: &Weak<Self>) -> Result<(), Trouble> {
        let Some(after) = self.newest.lock().seen.as_ref().map(|(seen, _)| *seen) else {
            return self.look(LOOK).map(drop);
        };
        let told = self.cluster.watch(&self.names.document, after, WATCH, &mut |change| {
            // This thread has one of them itself.
            if held.strong_count() <= 1 {
                return Watching::Enough;
            }
            match change {
                Change::Alive(_) => {}
                Change::Deleted(revision) => self.note(revision, None, None),
                // What can't be read is met by whoever reads it next.
                Change::Put(kv) => match self.value(Some(&kv)) {
                    Ok(value) => self.note(kv.modified, value.map(|value| value.stored), None),
                    Err(_) => self.newest.lock().asked = None,
                },
            }
            Watching::GoOn
        });
        match told {
            // What was to be watched from is forgotten: what stands is read, and watched from there.
            Err(Trouble::Compacted) => self.look(LOOK).map(drop),
            other => other,
        }
    }
}

/// What a writer finds.
pub(super) struct Looked {
    pub(super) stored: Option<Stored>,
    pub(super) version: u64,
    pub(super) created: u64,
    pub(super) modified: u64,
    pub(super) fence: u64,
    pub(super) seal: Option<crate::store::SecretBytes>,
    /// Whether it was written to another cluster, and so copied or restored.
    pub(super) is_foreign: bool,
    pub(super) cluster: u64,
}

impl Looked {
    /// What stands around a value.
    fn at(cluster: u64, kv: Option<&KeyValue>, fence: Option<KeyValue>, seal: Option<KeyValue>) -> Self {
        Self {
            stored: None,
            version: kv.map_or(0, |kv| kv.version),
            created: kv.map_or(0, |kv| kv.created),
            modified: kv.map_or(0, |kv| kv.modified),
            fence: fence.map_or(0, |kv| kv.modified),
            seal: seal.map(|kv| kv.value),
            is_foreign: false,
            cluster,
        }
    }

    /// The same with the commit that stands there.
    pub(super) fn finding(self, value: Option<value::Value>) -> Self {
        let is_foreign = value.as_ref().is_some_and(|value| value.cluster != self.cluster);
        Self { is_foreign, stored: value.map(|value| value.stored), ..self }
    }
}
