//! A store in etcd 3: one profile for the programs of many machines, by etcd's JSON gateway.
//!
//! A profile is one key. A commit is a transaction that compares the revision that was read, so nobody overwrites what it didn't see,
//! whatever has stopped or come late. What stands there is sealed, and bound to its key, its version and its profile.
//!
//! The home stays, for what is this machine's own: the seal's key, what an issuer answered and is not saved yet, and what people
//! agreed to.
//!
//! **What a reader sees** is kept current by a watch, and looked at once more where it is older than two seconds. What this process
//! commits it sees at once. Whatever acts, looks before: a rotation is claimed by what most members agree on. While too few of them
//! answer, reads go on with what was seen last, and changes end as unreachable.
//!
//! **What other machines take for a sign of life** is a lease. It is no fence: nothing is sent in the tail of one, and it is looked at
//! before the first byte. What remains: a process that is stopped in the moment between that look and its first byte, for longer than
//! a minute, and goes on then, may send what another machine has presented meanwhile.

mod access;
mod acts;
mod clusters;
mod document;
mod gateway;
#[cfg(feature = "doctor")]
pub(crate) mod inspect;
mod leases;
mod listen;
#[doc(hidden)]
pub mod port;
mod queue;
pub(crate) mod recover;
mod refusal;
mod request;
mod store;
mod taken_away;
mod value;
mod wire;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use credlatch_core::name::ProfileName;
use credlatch_core::port::StoreError;
use hmac_sha256::Hash;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use self::access::Access;
use self::document::Document;
use self::gateway::Gateway;
use self::port::{Cluster, Compare, Keys, Op, Trouble, Txn};
pub(crate) use self::store::EtcdStore;
pub(crate) use self::value::RECOVER;
use crate::codec::KeyId;
use crate::error::Error;
use crate::store::{ByteStore, StoreHome};

/// How long it may take to list profiles.
const LIST: Duration = Duration::from_secs(5);

/// A store in etcd: where its members are, the prefix of its keys, and as whom they are asked.
///
/// ```
/// use credlatch::etcd::Etcd;
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let etcd = Etcd::new("etcd+https://a.example:2379,b.example:2379/team")?.user("agents:secret")?;
/// assert_eq!(etcd.to_string(), "etcd at https://a.example:2379, https://b.example:2379, prefix team");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Etcd {
    access: Access,
    /// As it was given; there may be a password in it.
    url: Zeroizing<String>,
    /// Another cluster than a real one.
    model: Option<Arc<dyn Cluster>>,
}

impl fmt::Display for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, prefix {}", self.access.name(), self.access.prefix)
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Etcd({self})")
    }
}

impl Etcd {
    /// By its URL: `etcd+https://HOST:2379,HOST:2379/PREFIX`; the prefix is `credlatch` where it is left out.
    ///
    /// # Errors
    /// It is no such URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self { access: Access::parse(url)?, url: url.to_owned().into(), model: None })
    }

    /// By its URL, and by what variables say of it: `CREDLATCH_ETCD_USER` is `NAME:PASSWORD`, `CREDLATCH_ETCD_CACERT` the file with the
    /// authorities, and `CREDLATCH_ETCD_CERT` and `CREDLATCH_ETCD_KEY` those of the client's certificate and its key. etcdctl's own
    /// variables say nothing here.
    ///
    /// # Errors
    /// It is no such URL; or a variable is not what it must be.
    pub fn from_env(url: &str) -> Result<Self, Error> {
        Ok(Self { access: Access::parse(url)?.with_variables()?, ..Self::new(url)? })
    }

    /// The variables by which another process of ours finds the same etcd.
    pub(crate) fn context(&self) -> Vec<(&'static str, String)> {
        let url = self.model.is_none().then(|| ("CREDLATCH_STORE", self.url.to_string()));
        url.into_iter().chain(self.access.context()).collect()
    }

    /// As whom it is asked: `NAME:PASSWORD`.
    ///
    /// # Errors
    /// It is not of that form.
    pub fn user(self, text: &str) -> Result<Self, Error> {
        Ok(Self { access: self.access.with_user(text)?, ..self })
    }

    /// The file with the authorities that are believed when a member shows its certificate, in PEM form; the machine's unless said.
    #[must_use]
    pub fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.access.authorities = Some(file.into());
        self
    }

    /// The files with the certificate that is shown to the members, and with its key, in PEM form.
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.access.certificate = Some((certificate.into(), key.into()));
        self
    }

    /// A model of a cluster in place of a real one, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn modelled(cluster: Arc<dyn Cluster>, prefix: &str) -> Self {
        let access =
            Access { members: Vec::new(), prefix: prefix.to_owned(), user: None, authorities: None, certificate: None };
        Self { access, url: Zeroizing::default(), model: Some(cluster) }
    }

    /// The cluster itself, for tests that look at what it is asked.
    ///
    /// # Errors
    /// A file that it names can't be used.
    #[doc(hidden)]
    pub fn cluster(&self) -> Result<Arc<dyn Cluster>, Error> {
        Ok(match &self.model {
            Some(model) => Arc::clone(model),
            None => Arc::new(Gateway::new(self.access.clone())?),
        })
    }

    /// Its profiles, for a machine whose own files are in this home.
    ///
    /// # Errors
    /// A file that it names can't be used, or a password would be sent in the clear.
    pub fn at_home(&self, home: &Path) -> Result<EtcdHome, Error> {
        self.access.check()?;
        let cluster = self.cluster()?;
        let digest = Hash::hash(format!("{}\0{}", cluster.name(), self.access.prefix).as_bytes());
        let name = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        let folder = home.join("etcd").join(format!("{name:016x}"));
        Ok(EtcdHome { cluster, prefix: self.access.prefix.clone(), folder, is_bound: true })
    }
}

/// What people should be told that no error says: that a key was made which other machines need, or that what was read may be old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The next notice that nobody has taken yet. The command says them on standard error.
pub fn take_notice() -> Option<Notice> {
    let mut notices = NOTICES.lock();
    if notices.is_empty() { None } else { Some(notices.remove(0)) }
}

/// The most notices that are kept; who never takes them must not collect them.
const MAX_NOTICES: usize = 16;

static NOTICES: Mutex<Vec<Notice>> = Mutex::new(Vec::new());

fn notice(what: String, remedy: impl Into<String>) {
    let (mut notices, notice) = (NOTICES.lock(), Notice { what, remedy: remedy.into() });
    if notices.len() < MAX_NOTICES && !notices.contains(&notice) {
        notices.push(notice);
    }
}

/// The profiles of a store in etcd, as one machine sees them.
pub struct EtcdHome {
    cluster: Arc<dyn Cluster>,
    prefix: String,
    /// Where this machine keeps what its acts leave.
    folder: PathBuf,
    is_bound: bool,
}

impl EtcdHome {
    /// The same for documents of the caller's own, whose commits have any numbers: for the suite that looks at stores of bytes.
    #[doc(hidden)]
    #[must_use]
    pub fn of_any_commits(mut self) -> Self {
        self.is_bound = false;
        self
    }

    fn document(&self, profile: &ProfileName) -> Arc<Document> {
        Document::of(&self.cluster, &self.cluster.name(), &self.prefix, profile.as_str(), self.is_bound)
    }

    fn open(&self, profile: &ProfileName, makes_key: Option<PathBuf>) -> EtcdStore {
        EtcdStore {
            document: self.document(profile),
            home: self.folder.clone(),
            profile: profile.to_string(),
            makes_key,
            has_made_key: AtomicBool::new(false),
        }
    }

    /// The store of this profile; if its prefix has nothing yet, the key that it is to be sealed with may be made in this file.
    pub(crate) fn open_sealed(&self, profile: &ProfileName, makes_key: Option<PathBuf>) -> EtcdStore {
        self.open(profile, makes_key)
    }

    /// From now on new profiles are sealed with this key, if it was that one until now.
    pub(crate) fn mark(&self, was: KeyId, is: KeyId) -> Result<bool, StoreError> {
        let key = format!("{}/:seal", self.prefix);
        let when = vec![Compare::Is(key.clone(), was.to_string().into_bytes())];
        let then = vec![Op::Put(key, is.to_string().into_bytes().into(), None)];
        // What nobody knows is found by whoever does the same again.
        let done = self.cluster.transact(&Txn { when, then }, LIST).map_err(Trouble::into_error)?;
        Ok(done.succeeded)
    }
}

impl StoreHome for EtcdHome {
    fn store(&self, profile: &ProfileName) -> Result<Arc<dyn ByteStore>, StoreError> {
        Ok(Arc::new(self.open(profile, None)))
    }

    fn profiles(&self) -> Result<Option<Vec<ProfileName>>, StoreError> {
        let under = format!("{}/profiles/", self.prefix);
        let listed = self.cluster.list(&Keys::NamesUnder(under.clone()), LIST).map_err(Trouble::into_error)?;
        let names = listed.iter().filter_map(|kv| ProfileName::new(kv.key.strip_prefix(&under)?).ok());
        Ok(Some(names.collect()))
    }
}
