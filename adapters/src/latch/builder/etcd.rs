//! Latches on a store in etcd.

use std::sync::Arc;

use credlatch_core::name::ProfileName;
use credlatch_core::port::Clock;
use credlatch_core::provider::Table;
use credlatch_core::state::Nonce;
use credlatch_core::time::Stamp;
use hmac_sha256::Hash;

use super::Builder;
use super::place::home_of;
use crate::any_store::AnyStore;
use crate::codec::KeyId;
use crate::docfile::paths::Paths;
use crate::docfile::record::Record;
use crate::error::{Error, ErrorKind};
use crate::etcd::recover::Recovering;
use crate::etcd::{Etcd, EtcdHome, EtcdStore, RECOVER};
use crate::latch::{Latch, Profiles, siblings};
use crate::seal::{SealKeySource, Sealing};
use crate::store::{ByteStore, Memory, OverBytes, StoreHome};
use crate::whole::whole;

/// The file with the key, in the home of a machine, unless another one is said.
const KEY: &str = "seal.key";

/// A store in etcd, as far as it was described and opened.
#[derive(Clone, Default)]
pub(super) struct InEtcd {
    pub(super) described: Option<Etcd>,
    /// All profiles of it have the same.
    opened: Option<Arc<EtcdHome>>,
    /// Whether nobody said where the key of seals is, so that it may be made.
    makes_key: bool,
}

/// A clock whose readings name no boot: their ages are then told by the time of day, and proved by whoever has watched.
struct NoBoot(Arc<dyn Clock>);

impl Clock for NoBoot {
    fn now(&self) -> Stamp {
        Stamp { boot: 0, ..self.0.now() }
    }

    fn pause(&self, ms: u64) {
        self.0.pause(ms);
    }
}

/// What this machine's user remembers outside of the etcd: what refresh tokens did, and that there was something at all.
struct Remembered {
    record: Record,
    paths: Paths,
    /// The name under which it is remembered that a document stood here. A document's own name goes with it.
    place: Nonce,
}

impl Memory for Remembered {
    fn newest(&self, store: Nonce) -> u64 {
        self.record.newest(&self.paths, store).unwrap_or(0)
    }

    fn note(&self, store: Nonce, number: u64) {
        let _ = self.record.note(&self.paths, store, number);
    }

    fn has_stood(&self) -> bool {
        self.newest(self.place) > 0
    }

    fn note_standing(&self) {
        self.note(self.place, 1);
    }
}

/// What a store is called, as a name that tells nobody what it is.
fn place(store: &dyn ByteStore) -> Nonce {
    let digest = Hash::hash(store.name().as_bytes());
    Nonce(digest.first_chunk().map_or(0, |first| u128::from_be_bytes(*first)))
}

impl Builder {
    /// A store in etcd, in place of a directory. The home stays, for this machine's own files.
    ///
    /// What is stored is sealed. Unless [`Builder::seal_key`] or a variable says where the key is, it is in `seal.key` in the home; the
    /// first change to a prefix that has nothing makes it, and [`etcd::take_notice`](crate::etcd::take_notice) says so: the other
    /// machines need that file.
    ///
    /// ```no_run
    /// use credlatch::Latch;
    /// use credlatch::etcd::Etcd;
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let etcd = Etcd::new("etcd+https://a.example:2379,b.example:2379,c.example:2379/team")?;
    /// let latch = Latch::builder().etcd(etcd).open()?;
    /// let credential = latch.token("anthropic")?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn etcd(mut self, etcd: Etcd) -> Self {
        self.etcd.described = Some(etcd);
        self
    }

    /// The same with everything found that its profiles share.
    fn in_etcd(mut self, etcd: &Etcd) -> Result<(Self, Arc<EtcdHome>), Error> {
        let home = whole(home_of(self.home.take())?);
        if self.seal_key.is_none() && SealKeySource::from_env()?.is_none() {
            self.seal_key = Some(SealKeySource::File(home.join(KEY)));
            self.etcd.makes_key = true;
        }
        self.home = Some(home.clone());
        let mut settled = self.settled()?;
        let opened = match settled.etcd.opened.take() {
            Some(opened) => opened,
            None => Arc::new(etcd.at_home(&home)?),
        };
        settled.etcd.opened = Some(Arc::clone(&opened));
        Ok((settled, opened))
    }

    /// The profiles of the etcd, once it was opened.
    #[cfg(feature = "doctor")]
    pub(in crate::latch) fn etcd_home(&self) -> Option<Arc<EtcdHome>> {
        self.etcd.opened.clone()
    }

    /// Whether the store is in etcd.
    pub(super) fn is_in_etcd(&self) -> bool {
        self.etcd.described.is_some()
    }

    /// Whether the key is in the home because nobody said where it is: whoever has the same home finds it there, or makes it.
    pub(super) fn is_key_of_home(&self) -> bool {
        self.etcd.makes_key
    }

    fn etcd_store(&self, home: &EtcdHome) -> Result<OverBytes, Error> {
        let makes = self.etcd.makes_key.then_some(&self.seal_key).and_then(|source| match source {
            Some(SealKeySource::File(file)) => Some(file.clone()),
            _ => None,
        });
        let store = home.open_sealed(&self.profile, makes);
        let (sealing, paths) = (self.sealing_in_etcd(&store)?, store.paths());
        Ok(self.remembering(Arc::new(store), sealing, paths))
    }

    fn sealing_in_etcd(&self, store: &EtcdStore) -> Result<Sealing, Error> {
        let sealing = Sealing::new(self.find_keys_of_seals()?, self.profile.as_str(), None);
        Ok(sealing.marked_by(store.seal_mark()))
    }

    fn remembering(&self, store: Arc<dyn ByteStore>, sealing: Sealing, paths: Paths) -> OverBytes {
        let record = self.claims_file().map(|file| Record::at(file, paths.folder.clone()));
        let place = place(&*store);
        let store = OverBytes::new(store, sealing).mended_by(RECOVER);
        match record {
            Some(record) => store.remembered_by(Remembered { record, paths, place }),
            None => store,
        }
    }

    pub(super) fn over_etcd(self, etcd: &Etcd, table: Arc<Table>) -> Result<Latch, Error> {
        let (builder, home) = self.in_etcd(etcd)?;
        let document = siblings::DocumentId::named(&home.store(&builder.profile)?.name());
        let store = builder.etcd_store(&home)?;
        Ok(builder.latch(AnyStore::new(store), table, document))
    }

    pub(super) fn profiles_in_etcd(mut self, etcd: &Etcd) -> Result<Profiles, Error> {
        let table = self.all_rows()?;
        self.table = Some(Arc::clone(&table));
        let (mut builder, home) = self.in_etcd(etcd)?;
        if builder.issuer.is_none() {
            builder.issuer = Some(super::assemble::issuer_of(&builder, &table));
        }
        builder.guard = Some(builder.guard_of(&table));
        Ok(Profiles::in_stores(builder, home))
    }

    pub(super) fn adopt_in_etcd(&self, etcd: &Etcd) -> Result<(), Error> {
        let (builder, home) = self.clone().in_etcd(etcd)?;
        let adopted = builder.etcd_store(&home)?.adopt_copy(builder.patience_ms);
        Ok(adopted.map_err(credlatch_core::engine::TransactError::from)?)
    }

    /// Puts the newest commit of the profile back where somebody else has put something over it, in etcd, or has taken it away: over it
    /// stands a value of theirs, or an older commit. etcd has it until it is compacted. What is older than the newest is never gone back to. Returns whether there was
    /// anything to put back.
    ///
    /// # Errors
    /// The store is none in etcd; etcd has forgotten what stood there before; the seal's key is not at hand; or somebody else changed it
    /// at the same moment.
    pub fn recover(&self) -> Result<bool, Error> {
        let Some(etcd) = &self.etcd.described else {
            let what = "only a store in etcd keeps what stood there before";
            return Err(Error::new(ErrorKind::Usage, what, "put your backup of the store back"));
        };
        let (builder, home) = self.clone().in_etcd(etcd)?;
        let store = Arc::new(home.open_sealed(&builder.profile, None));
        let (reader, paths) = (builder.etcd_store(&home)?, store.paths());
        let sealing = builder.sealing_in_etcd(&store)?;
        let recovering = Arc::new(Recovering::new(store, move |stored| reader.parse(stored).map(drop)));
        if !recovering.is_needed()? {
            return Ok(false);
        }
        let recovered = builder.remembering(recovering, sealing, paths).recommit(builder.patience_ms);
        recovered.map_err(credlatch_core::engine::TransactError::from)?;
        Ok(true)
    }

    /// Seals each profile of the etcd with another key: those that are there, and then those that come.
    pub(super) fn rekey_in_etcd(&self, etcd: &Etcd, source: &SealKeySource) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.clone().in_etcd(etcd)?;
        let keys = builder.find_keys_of_seals()?;
        let key = keys.prove(&source.clone().whole()?, true)?;
        let mut changed = builder.reseal_in_etcd(&home, key)?;
        let marked = home.open_sealed(&builder.profile, None).seal_mark()()?;
        if let Some(was) = marked.filter(|was| *was != key)
            && !home.mark(was, key)?
        {
            let what = format!("somebody else gave {etcd} another key at the same moment");
            return Err(Error::new(ErrorKind::Busy, what, "find out who, and do the same again with one key"));
        }
        // Those that came meanwhile.
        changed.extend(builder.reseal_in_etcd(&home, key)?);
        Ok(changed)
    }

    fn reseal_in_etcd(&self, home: &EtcdHome, key: KeyId) -> Result<Vec<ProfileName>, Error> {
        let mut changed = Vec::new();
        for profile in home.profiles()?.unwrap_or_default() {
            let one = self.clone().profile(profile.clone());
            // What dead actors have left is settled first: it was written down under the old key.
            one.clone().open()?.engine().transact(&[])?;
            let resealed = one.etcd_store(home)?.reseal(key, self.patience_ms);
            if resealed.map_err(credlatch_core::engine::TransactError::from)? {
                changed.push(profile);
            }
        }
        Ok(changed)
    }

    /// The clock as it may be read where other machines read what was written by it: no boot of one says anything to another.
    pub(super) fn among_machines(&self, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        if self.etcd.described.is_some() { Arc::new(NoBoot(clock)) } else { clock }
    }

    /// The variables by which another process of ours finds the same etcd.
    pub(super) fn context_of_etcd(&self) -> Vec<(&'static str, String)> {
        self.etcd.described.as_ref().map(Etcd::context).unwrap_or_default()
    }
}
