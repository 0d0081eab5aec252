//! Opening a latch.

mod assemble;
#[cfg(all(feature = "etcd", unix))]
mod etcd;
mod memory;
mod open;
mod place;
#[cfg(all(feature = "seal", unix))]
mod seal;
mod seal_key;
mod stores;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use credlatch_core::name::ProfileName;
use credlatch_core::port::{Clock, Issuer};
use credlatch_core::provider::{Provider, Table};

pub use place::default_home;
use stores::Stores;

use crate::memory::MemoryHome;
#[cfg(all(feature = "file", unix))]
use crate::states::Document;
use crate::store::{ByteStore, StoreHome};
use crate::table;
use crate::when::whole_ms;

/// How long a call waits for the store's lock, for another's exchange or for the end of a doubt unless the builder says
/// otherwise, in milliseconds: longer than a doubt lasts with most providers. A commit takes a few milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// Which profile of which store to open.
///
/// ```
/// use std::time::Duration;
/// use credlatch::{Latch, Profile};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// # #[cfg(all(feature = "file", unix))] {
/// # let folder = tempfile::tempdir().unwrap();
/// # let home = folder.path().join("store");
/// let builder = Latch::builder().home(&home).profile(Profile::new("work")?).patience(Duration::from_secs(5));
/// let latch = builder.open()?;
/// assert_eq!(latch.profile().as_str(), "work");
/// assert!(!home.exists(), "nothing is created before the first change");
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Builder {
    home: Option<PathBuf>,
    /// A store of states in a document of its own.
    #[cfg(all(feature = "file", unix))]
    states: Option<Document>,
    profile: ProfileName,
    providers: Option<PathBuf>,
    patience_ms: u64,
    looks_ahead: bool,
    trusts_file_system: bool,
    /// Whether readers map the word.
    #[cfg(all(feature = "file", unix))]
    maps_word: bool,
    /// Where claims are remembered; none by default, which is the user's own file.
    #[cfg(all(feature = "file", unix))]
    claims: Option<PathBuf>,
    /// Where the key of marks is; none by default, which is the user's own file.
    #[cfg(all(feature = "file", unix))]
    fingerprint_key: Option<PathBuf>,
    /// Where the key of seals is, if it was said.
    #[cfg(all(feature = "seal", unix))]
    seal_key: Option<crate::seal::SealKeySource>,
    /// The file that says where keys of seals come from, if it was said.
    #[cfg(all(feature = "seal", unix))]
    seal_sources: Option<PathBuf>,
    /// The system's key store, if the program gave one.
    #[cfg(all(feature = "seal", unix))]
    key_store: crate::seal::KeyStore,
    /// What becomes of plain text in a sealed home.
    #[cfg(all(feature = "seal", unix))]
    plain_text: crate::seal::PlainText,
    /// The keys of seals, once it is settled where they come from: all profiles of a home have the same.
    #[cfg(all(feature = "seal", unix))]
    keys_of_seals: Option<Arc<crate::seal::Keys>>,
    issuer: Option<Arc<dyn Issuer>>,
    clock: Option<Arc<dyn Clock>>,
    memory: Option<MemoryHome>,
    /// Stores of the program's own.
    stores: Option<Stores>,
    /// A store in etcd.
    #[cfg(all(feature = "etcd", unix))]
    etcd: etcd::InEtcd,
    /// Rows of the program's own.
    rows: Vec<Provider>,
    /// The command that makes exchanges in processes of their own.
    #[cfg(all(feature = "file", unix))]
    exchange_process: Option<PathBuf>,
    /// All rows, once the file was read.
    table: Option<Arc<Table>>,
    /// What keeps rows of the file from being used, once it was read: all profiles of a home have the same.
    #[cfg(all(feature = "file", unix))]
    guard: Option<Arc<super::guard::Guard>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            home: None,
            #[cfg(all(feature = "file", unix))]
            states: None,
            profile: ProfileName::default(),
            providers: None,
            patience_ms: PATIENCE_MS,
            looks_ahead: true,
            trusts_file_system: false,
            #[cfg(all(feature = "file", unix))]
            maps_word: false,
            #[cfg(all(feature = "file", unix))]
            claims: None,
            #[cfg(all(feature = "file", unix))]
            fingerprint_key: None,
            #[cfg(all(feature = "seal", unix))]
            seal_key: None,
            #[cfg(all(feature = "seal", unix))]
            seal_sources: None,
            #[cfg(all(feature = "seal", unix))]
            key_store: crate::seal::KeyStore::default(),
            #[cfg(all(feature = "seal", unix))]
            plain_text: crate::seal::PlainText::default(),
            #[cfg(all(feature = "seal", unix))]
            keys_of_seals: None,
            issuer: None,
            clock: None,
            memory: None,
            stores: None,
            #[cfg(all(feature = "etcd", unix))]
            etcd: etcd::InEtcd::default(),
            rows: Vec::new(),
            #[cfg(all(feature = "file", unix))]
            exchange_process: None,
            table: None,
            #[cfg(all(feature = "file", unix))]
            guard: None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("home", &self.home).field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Builder {
    /// The directory of the store; [`default_home`](crate::default_home) unless said.
    #[must_use]
    pub fn home(mut self, home: impl AsRef<Path>) -> Self {
        self.home = Some(home.as_ref().to_owned());
        self
    }

    /// A store of states in a document of its own, in place of a directory. It is one profile; the home is not used.
    #[doc(hidden)]
    #[cfg(all(feature = "file", unix))]
    #[must_use]
    pub fn store_of_states(mut self, document: Document) -> Self {
        self.states = Some(document);
        self
    }

    /// The profile; `default` unless said.
    #[must_use]
    pub fn profile(mut self, profile: ProfileName) -> Self {
        self.profile = profile;
        self
    }

    /// A file of providers that adds to the table that ships, or overrides rows of it. It is read only if nobody but this
    /// user and root could have written it, or put it there. A row that moves a shipped provider to other hosts is used once
    /// a person agreed: [`Latch::accept_hosts`](crate::Latch::accept_hosts).
    #[must_use]
    pub fn providers(mut self, file: impl AsRef<Path>) -> Self {
        self.providers = Some(file.as_ref().to_owned());
        self
    }

    /// A provider of the program's own, or a row in the place of one that ships: as a row of a provider file, and it goes before
    /// that of a file. May be said several times. What breaks a rule of the table is an error when the latch is opened.
    ///
    /// On disk a row that moves a shipped provider to other hosts is used once a person agreed ([`Latch::accept_hosts`](crate::Latch::accept_hosts)), as one
    /// of a file. A store in memory holds only what this program stored, so there its word is enough.
    ///
    /// ```
    /// use credlatch::{Latch, Provider, ProviderId, Secret};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let mut gateway = Provider::named(ProviderId::new("gateway")?);
    /// gateway.native_hosts = vec!["gateway.example".to_owned()];
    /// gateway.env.api_key = vec!["GATEWAY_API_KEY".to_owned()];
    /// let latch = Latch::builder().provider(gateway).in_memory(credlatch::system::SystemClock)?;
    ///
    /// latch.set("gateway", Secret::try_from("gw-key-1")?)?;
    /// let credential = latch.token("gateway")?;
    /// let mut headers = http::HeaderMap::new();
    /// assert!(credential.authorize_for("https://gateway.example/v1/chat", &mut headers).is_ok());
    /// assert!(credential.authorize_for("https://elsewhere.example/v1/chat", &mut headers).is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn provider(mut self, row: Provider) -> Self {
        self.rows.push(row);
        self
    }

    /// Each row of a table, as [`Builder::provider`]. The rows that ship stay known.
    #[must_use]
    pub fn table(mut self, table: &Table) -> Self {
        let ships = table::built_in();
        let brought = table.providers().filter(|row| ships.get(&row.id) != Some(row));
        self.rows.extend(brought.cloned());
        self
    }

    /// The clock, in place of the machine's: for tests, see [`FakeClock`](crate::system::FakeClock).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// A home in memory, in place of a directory: latches on one home and profile share what is stored, as two processes share
    /// a file.
    ///
    /// ```
    /// use credlatch::memory::MemoryHome;
    /// use credlatch::{Latch, Secret};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let home = MemoryHome::new();
    /// let (one, other) = (Latch::builder().memory(&home).open()?, Latch::builder().memory(&home).open()?);
    /// one.set("minimax", Secret::try_from("mm-1")?)?;
    /// assert_eq!(other.current("minimax")?.expose_secret(), "mm-1");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn memory(mut self, home: &MemoryHome) -> Self {
        self.memory = Some(home.clone());
        self
    }

    /// A store of the program's own, in place of a directory: see [`store`](mod@crate::store), where the contract and a whole example
    /// are. It is one profile; the home is not used, and the profile's name is only a name.
    #[must_use]
    pub fn store(mut self, store: impl ByteStore + 'static) -> Self {
        self.stores = Some(Stores::One(Arc::new(store)));
        self
    }

    /// Stores of the program's own for many profiles, in place of a directory: [`Builder::open`] opens the one of the profile that
    /// is named, and `Builder::profiles` all of them.
    #[must_use]
    pub fn stores(mut self, home: impl StoreHome + 'static) -> Self {
        self.stores = Some(Stores::Many(Arc::new(home)));
        self
    }

    /// How long a call waits for the store's lock, for another's exchange or for the end of a doubt, 60 seconds unless
    /// said. It counts in whole milliseconds.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience_ms = whole_ms(patience);
        self
    }

    /// Whether `token` hands out a token that is due and still good, while a worker rotates it; true unless said. A
    /// program that ends right after the call says false, and waits for the rotation instead.
    #[must_use]
    pub fn look_ahead(mut self, looks_ahead: bool) -> Self {
        self.looks_ahead = looks_ahead;
        self
    }

    /// The file with the key of what outlives its secret, such as the memory of what was cleared; made when it is first needed,
    /// and never used if it lies in the store's own directory. Without this it is what `CREDLATCH_FINGERPRINT_KEY` names, or
    /// `credlatch/fingerprint-key` in the user's directory for state, such as `~/.local/state`. Empty, there is none.
    #[cfg(all(feature = "file", unix))]
    #[must_use]
    pub fn fingerprint_key(mut self, file: impl Into<PathBuf>) -> Self {
        self.fingerprint_key = Some(file.into());
        self
    }

    /// Who is asked for tokens, in place of the providers' own servers: for tests, and for servers that speak otherwise.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Issuer + 'static) -> Self {
        self.issuer = Some(Arc::new(issuer));
        self
    }

    /// Has each exchange made by a process of its own, which outlives this one: whoever is killed while an issuer answers loses
    /// nothing. The program is the command `credlatch`, of this version. Where no process can be had this one makes the
    /// exchange, and [`Latch::take_exchange_trouble`](crate::Latch::take_exchange_trouble) says why. Without this, exchanges are made by this process.
    ///
    /// A store in memory and an issuer of the caller's can't be shared with another process: opening is refused then.
    #[cfg(all(feature = "file", unix))]
    #[must_use]
    pub fn exchange_process(mut self, program: impl Into<PathBuf>) -> Self {
        self.exchange_process = Some(program.into());
        self
    }

    /// The file that remembers, for each grant of this user's stores, the number of its newest claim, so that a store that was
    /// rolled back as a whole is noticed; never used if it lies in the store's own directory. Without this it is what
    /// `CREDLATCH_CLAIMS` names, or `credlatch/claims` in the user's directory for state, such as `~/.local/state`. Empty, there
    /// is none.
    #[cfg(all(feature = "file", unix))]
    #[must_use]
    pub fn claims(mut self, file: impl Into<PathBuf>) -> Self {
        self.claims = Some(file.into());
        self
    }
}
