//! Putting a latch together, over whatever store.

#[cfg(all(feature = "file", unix))]
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use credlatch_core::name::ProviderId;
use credlatch_core::port::{Issuer, Nonces};
use credlatch_core::provider::Table;

use super::Builder;
use crate::any_store::AnyStore;
use crate::engine::{AnyClock, Engine};
#[cfg(all(feature = "file", unix))]
use crate::exchanger::Exchanger;
use crate::latch::counters::Counters;
#[cfg(all(feature = "file", unix))]
use crate::latch::guard::Guard;
use crate::latch::workers::Workers;
use crate::latch::{Handle, Inner, Latch, Open, issuer, siblings};
#[cfg(all(feature = "file", unix))]
use crate::states::Document;
use crate::system::{SystemClock, SystemNonces};

impl Builder {
    pub(super) fn latch(self, store: AnyStore, table: Arc<Table>, document: siblings::DocumentId) -> Latch {
        let issuer = self.issuer.clone().unwrap_or_else(|| issuer_of(&self, &table));
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        #[cfg(all(feature = "etcd", unix))]
        let clock = self.among_machines(clock);
        let clock = AnyClock(clock);
        let engine = Engine::new(store, clock, SystemNonces, self.patience_ms);
        let engine = engine.remembering(Arc::clone(&issuer));
        #[cfg(all(feature = "file", unix))]
        let exchanger = self.exchanger(&issuer);
        #[cfg(all(feature = "file", unix))]
        let issuer = exchanger.clone().map_or(issuer, |exchanger| exchanger as Arc<dyn Issuer>);
        let inner = Inner {
            engine,
            issuer,
            #[cfg(all(feature = "file", unix))]
            guard: self.guard.clone().unwrap_or_else(|| self.guard_of(&table)),
            table,
            profile: self.profile.clone(),
            looks_ahead: self.looks_ahead,
            patience_ms: self.patience_ms,
            first_turn: first_turn(),
            #[cfg(all(any(feature = "env", feature = "doctor"), feature = "file", unix))]
            opened: self,
            links: crate::latch::link::Links::default(),
            #[cfg(all(feature = "file", unix))]
            exchanger,
            exchanging: crate::latch::own::Exchanging::default(),
            #[cfg(feature = "env")]
            debts: crate::latch::debts::Debts::default(),
            document,
        };
        let inner = Arc::new(inner);
        siblings::register(&inner);
        let handle = Handle {
            inner,
            workers: Workers::default(),
            #[cfg(feature = "tokio")]
            crowds: crate::latch::wait::Crowds::default(),
            #[cfg(feature = "tokio")]
            waiting: crate::latch::watch::Waiting::default(),
        };
        Latch(Arc::new(Open {
            inner: Arc::clone(&handle.inner),
            counters: Counters::default(),
            handle: Arc::new(handle),
        }))
    }
}

/// Where a latch begins in a pool that is used in turn: another place for each latch, and in each process, forked ones too.
fn first_turn() -> u64 {
    static RANDOM: LazyLock<u64> = LazyLock::new(|| u64::try_from(SystemNonces.nonce().0 >> 64).unwrap_or(0));
    static OPENED: AtomicU64 = AtomicU64::new(0);
    // An odd number near the golden ratio: what is counted falls on entries evenly, however many there are.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let count = OPENED.fetch_add(1, Ordering::Relaxed) + u64::from(std::process::id());
    RANDOM.wrapping_add(count.wrapping_mul(SPREAD))
}

#[cfg(all(feature = "file", unix))]
impl Builder {
    /// Who makes exchanges in processes of their own: they find the same store, and the user's files outside of it.
    fn exchanger(&self, issuer: &Arc<dyn Issuer>) -> Option<Arc<Exchanger>> {
        let program = self.exchange_process.clone()?;
        let context = self.context();
        if context.is_empty() {
            return None;
        }
        // None is named too, by an empty path: it must not become the user's own file.
        let path = |file: &Option<PathBuf>| file.as_deref()?.to_str().map(str::to_owned);
        let outside =
            [("CREDLATCH_CLAIMS", path(&self.claims)), ("CREDLATCH_FINGERPRINT_KEY", path(&self.fingerprint_key))];
        let outside = outside.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let trusts = self.trusts_file_system.then(|| ("CREDLATCH_TRUST_FILE_SYSTEM", "1".to_owned()));
        let context = context.into_iter().chain(outside).chain(trusts).chain(self.context_of_known_seals()).collect();
        Some(Arc::new(Exchanger::new(Arc::clone(issuer), program, context)))
    }

    /// The variables by which a command of ours finds the same store and its key, profile and provider file; none of a store in memory.
    pub(in crate::latch) fn context(&self) -> Vec<(&'static str, String)> {
        let absolute = |path: &PathBuf| std::path::absolute(path).ok()?.into_os_string().into_string().ok();
        let home = self.home.as_ref().and_then(absolute).map(|home| ("CREDLATCH_HOME", home));
        let named = |states: &Document| Some(format!("{}:{}", states.scheme, absolute(&states.path)?));
        let states = self.states.as_ref().and_then(named).map(|url| ("CREDLATCH_STORE", url));
        #[cfg(feature = "etcd")]
        let etcd = self.context_of_etcd();
        #[cfg(not(feature = "etcd"))]
        let etcd = Vec::new();
        let Some(store) = states.or(home) else { return Vec::new() };
        let providers = self.providers.as_ref().and_then(absolute).map(|file| ("CREDLATCH_PROVIDERS", file));
        let profile = ("CREDLATCH_PROFILE", self.profile.as_str().to_owned());
        [Some(store), Some(profile), providers, self.context_of_seals()].into_iter().flatten().chain(etcd).collect()
    }
}

#[cfg(all(feature = "file", unix))]
impl Builder {
    /// What keeps rows of a file from being used before a person agreed to them.
    pub(super) fn guard_of(&self, table: &Table) -> Arc<Guard> {
        let words = self.words();
        let guard = Guard::new(table, self.providers.clone(), words.as_deref());
        Arc::new(guard.knowing(self.own_rows(), words.is_none()))
    }
}

/// The servers of the rows, and what a person agreed to about those of a file.
#[cfg(all(feature = "file", unix))]
pub(super) fn issuer_of(builder: &Builder, table: &Arc<Table>) -> Arc<dyn Issuer> {
    let accepted = builder.words().map(|home| crate::accepted::Accepted::in_home(&home));
    // What a store in memory holds came by the program's own word.
    let own = if accepted.is_none() { builder.own_rows() } else { Vec::new() };
    issuer::for_table(table, move |row| {
        accepted.as_ref().is_some_and(|accepted| accepted.holds(row)) || own.contains(&row.id)
    })
}

/// The servers of the rows. There is no file of rows, so nobody is asked about one.
#[cfg(not(all(feature = "file", unix)))]
pub(super) fn issuer_of(builder: &Builder, table: &Arc<Table>) -> Arc<dyn Issuer> {
    let own = builder.own_rows();
    issuer::for_table(table, move |row| own.contains(&row.id))
}

impl Builder {
    /// The providers whose rows the program gives.
    fn own_rows(&self) -> Vec<ProviderId> {
        self.rows.iter().map(|row| row.id.clone()).collect()
    }
}
