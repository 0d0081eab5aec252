//! A machine: its own home and state, and latches on a store that it shares with others.

use std::path::PathBuf;
use std::time::Duration;

use credlatch::core::provider::Provider;
use credlatch::etcd::{Etcd, Notice};
use credlatch::{Builder, Latch, Secret};
use parking_lot::Mutex;

use crate::cluster::Cluster;

#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) home: PathBuf,
    etcd: Etcd,
    rows: Vec<Provider>,
}

impl Machine {
    pub(crate) fn new(cluster: &Cluster, name: &str, prefix: &str) -> Self {
        Self::at(cluster.machine(name), cluster.etcd(prefix))
    }

    pub(crate) fn at(home: PathBuf, etcd: Etcd) -> Self {
        Self { home, etcd, rows: Vec::new() }
    }

    /// The same, which knows this provider.
    pub(crate) fn knowing(mut self, row: Provider) -> Self {
        self.rows.push(row);
        self
    }

    /// The same, that got the first machine's key.
    pub(crate) fn with_key_of(self, other: &Self) -> Self {
        std::fs::copy(other.key(), self.key()).unwrap();
        self
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.home.join("seal.key")
    }

    pub(crate) fn builder(&self) -> Builder {
        let state = |name: &str| self.home.join("state").join(name);
        let builder = Latch::builder().home(&self.home).etcd(self.etcd.clone()).patience(Duration::from_secs(10));
        let builder = builder.claims(state("claims")).fingerprint_key(state("key")).seal_keys(state("seal-keys"));
        self.rows.iter().fold(builder, |builder, row| builder.provider(row.clone())).look_ahead(false)
    }

    pub(crate) fn open(&self) -> Latch {
        self.builder().open().unwrap()
    }
}

/// What was noticed about this, and nobody has taken yet. The tests of this process share what notices there are.
pub(crate) fn notices(about: &str) -> Vec<Notice> {
    static TAKEN: Mutex<Vec<Notice>> = Mutex::new(Vec::new());
    let mut taken = TAKEN.lock();
    taken.extend(std::iter::from_fn(credlatch::etcd::take_notice));
    let (found, rest) = taken.drain(..).partition(|notice| notice.what.contains(about));
    *taken = rest;
    found
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}
