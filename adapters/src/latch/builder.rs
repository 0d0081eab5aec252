//! Opening a latch.

mod assemble;
mod memory;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(all(feature = "file", unix))]
use assemble::issuer_of;
use credlatch_core::name::ProfileName;
use credlatch_core::port::Issuer;
use credlatch_core::provider::Table;

#[cfg(all(feature = "file", unix))]
use super::Latch;
use crate::error::{Error, ErrorKind};
#[cfg(all(feature = "file", unix))]
use crate::system::SystemClock;
#[cfg(all(feature = "file", unix))]
use crate::table;
use crate::when::whole_ms;

/// How long a call waits for the store's lock, for another's exchange or for the end of a doubt unless the builder says
/// otherwise, in milliseconds: longer than a doubt lasts with most providers. A commit takes a few milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// Which profile of which store to open.
#[derive(Clone)]
pub struct Builder {
    home: Option<PathBuf>,
    #[cfg(all(feature = "hermes", unix))]
    hermes: Option<PathBuf>,
    profile: ProfileName,
    providers: Option<PathBuf>,
    patience_ms: u64,
    looks_ahead: bool,
    trusts_file_system: bool,
    /// Where claims are remembered; none by default, which is the user's own file.
    #[cfg(all(feature = "file", unix))]
    claims: Option<PathBuf>,
    /// Where the key of marks is; none by default, which is the user's own file.
    #[cfg(all(feature = "file", unix))]
    fingerprint_key: Option<PathBuf>,
    issuer: Option<Arc<dyn Issuer>>,
    /// The command that makes exchanges in processes of their own.
    #[cfg(all(feature = "file", unix))]
    exchange_process: Option<PathBuf>,
    /// What `providers` says, once it was read.
    table: Option<Arc<Table>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            home: None,
            #[cfg(all(feature = "hermes", unix))]
            hermes: None,
            profile: ProfileName::default(),
            providers: None,
            patience_ms: PATIENCE_MS,
            looks_ahead: true,
            trusts_file_system: false,
            #[cfg(all(feature = "file", unix))]
            claims: None,
            #[cfg(all(feature = "file", unix))]
            fingerprint_key: None,
            issuer: None,
            #[cfg(all(feature = "file", unix))]
            exchange_process: None,
            table: None,
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

    /// Hermes' `auth.json` as the store, in place of a directory: see [`hermes`](mod@crate::hermes). It is one profile; the
    /// home is not used.
    #[cfg(all(feature = "hermes", unix))]
    #[must_use]
    pub fn hermes(mut self, auth_json: impl AsRef<Path>) -> Self {
        self.hermes = Some(auth_json.as_ref().to_owned());
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
    /// a person agreed: [`Latch::accept_hosts`].
    #[must_use]
    pub fn providers(mut self, file: impl AsRef<Path>) -> Self {
        self.providers = Some(file.as_ref().to_owned());
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

    /// Lets rotations and logins rest on the locks of a network or FUSE file system; false unless said. Say true only if
    /// no other machine uses it.
    #[must_use]
    pub fn trust_file_system(mut self, trusts: bool) -> Self {
        self.trusts_file_system = trusts;
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
    /// exchange, and [`Latch::take_exchange_trouble`] says why. Without this, exchanges are made by this process.
    ///
    /// A store in memory and an issuer of the caller's can't be shared with another process: opening is refused then.
    #[cfg(all(feature = "file", unix))]
    #[must_use]
    pub fn exchange_process(mut self, program: impl Into<PathBuf>) -> Self {
        self.exchange_process = Some(program.into());
        self
    }

    /// Opens it. Nothing is created before the first change.
    ///
    /// # Errors
    /// The provider file can't be read, there is no home directory to put a store in, or a variable names a file by less than
    /// its whole path.
    #[cfg(all(feature = "file", unix))]
    pub fn open(mut self) -> Result<Latch, Error> {
        self.can_delegate(self.issuer.is_none())?;
        let table = self.table()?;
        (self.claims, self.fingerprint_key) = (self.claims_file()?, self.key_file()?);
        #[cfg(feature = "hermes")]
        if let Some(store) = self.hermes_store(&table)? {
            let document = self.hermes.clone();
            self.home = None;
            return Ok(self.latch(store, SystemClock, table, document));
        }
        let home = home_of(self.home)?;
        // A relative home must not move with the working directory.
        self.home = Some(std::path::absolute(&home).unwrap_or(home));
        let store = self.store()?;
        let document = Some(store.path().to_owned());
        Ok(self.latch(store, SystemClock, table, document))
    }

    /// Opens the home for a program that serves many profiles, with these settings for each of them; the profile that was
    /// given here is not used. Nothing is created before the first change.
    ///
    /// # Errors
    /// As [`Builder::open`]; or the home is no directory, or a file of Hermes, which is one profile.
    #[cfg(all(feature = "file", unix))]
    pub fn profiles(mut self) -> Result<super::Profiles, Error> {
        self.can_delegate(self.issuer.is_none())?;
        #[cfg(feature = "hermes")]
        if self.hermes.is_some() {
            return Err(Error::new(
                ErrorKind::Usage,
                "a file of Hermes is one profile, and not a home of many",
                "open it by itself, or use a store in a directory",
            ));
        }
        let home = home_of(self.home.take())?;
        let table = self.table()?;
        let issuer = match self.issuer.take() {
            Some(issuer) => issuer,
            None => issuer_of(&Self { home: Some(home.clone()), ..self.clone() }, &table),
        };
        let (claims, fingerprint_key) = (self.claims_file()?, self.key_file()?);
        super::Profiles::of(Self { issuer: Some(issuer), table: Some(table), claims, fingerprint_key, ..self }, home)
    }

    /// Whether another process could make the exchanges, if one is to.
    #[cfg(all(feature = "file", unix))]
    fn can_delegate(&self, can: bool) -> Result<(), Error> {
        if can || self.exchange_process.is_none() {
            return Ok(());
        }
        let what =
            "a process of its own can't make the exchanges of a store in memory, or of an issuer of the caller's";
        Err(Error::new(
            ErrorKind::Usage,
            what,
            "leave out `exchange_process`, or use a store on disk and the rows' issuers",
        ))
    }

    #[cfg(all(feature = "file", unix))]
    fn table(&self) -> Result<Arc<Table>, Error> {
        let load = || Ok(Arc::new(table::load(self.providers.as_deref())?));
        self.table.clone().map_or_else(load, Ok)
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

    /// Makes a copied, restored or rolled back store this place's own, because a person said that this copy is to live on.
    /// Presents nothing. Until then its logins are not rotated, because the original may hold the same refresh tokens; each
    /// of them is also freed by a new login for it.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    #[cfg(all(feature = "file", unix))]
    pub fn adopt_copy(&self) -> Result<(), Error> {
        #[cfg(feature = "hermes")]
        if let Some(store) = self.hermes_store(&self.table()?)? {
            let adopted = store.adopt_copy(self.patience_ms);
            return Ok(adopted.map_err(credlatch_core::engine::TransactError::from)?);
        }
        let adopted = self.store()?.adopt_copy(self.patience_ms);
        Ok(adopted.map_err(credlatch_core::engine::TransactError::from)?)
    }

    #[cfg(all(feature = "file", unix))]
    fn store(&self) -> Result<crate::file::FileStore, Error> {
        let home = home_of(self.home.clone())?;
        self.remembering(crate::file::FileStore::new(&home, &self.profile))
    }

    #[cfg(all(feature = "file", unix))]
    fn remembering(&self, store: crate::file::FileStore) -> Result<crate::file::FileStore, Error> {
        let store = store.trusting_file_system(self.trusts_file_system);
        Ok(store.remembering(self.claims_file()?).keyed_by(self.key_file()?))
    }

    #[cfg(all(feature = "file", unix))]
    fn claims_file(&self) -> Result<Option<PathBuf>, Error> {
        crate::file::outside::CLAIMS.find(self.claims.as_deref())
    }

    #[cfg(all(feature = "file", unix))]
    fn key_file(&self) -> Result<Option<PathBuf>, Error> {
        crate::file::outside::KEY.find(self.fingerprint_key.as_deref())
    }

    #[cfg(all(feature = "hermes", unix))]
    fn hermes_store(&self, table: &Arc<Table>) -> Result<Option<crate::hermes::HermesStore>, Error> {
        let Some(path) = &self.hermes else { return Ok(None) };
        table::no_tilde(path, "Hermes' file")?;
        let store = crate::hermes::HermesStore::new(path, Arc::clone(table))?;
        let store = store.trusting_file_system(self.trusts_file_system).remembering(self.claims_file()?);
        Ok(Some(store.keyed_by(self.key_file()?)))
    }

    /// Where it lies what a person agreed to: in the home, for a file of Hermes in the usual one. A latch that keeps nothing
    /// has none.
    #[cfg(all(feature = "file", unix))]
    fn words(&self) -> Option<PathBuf> {
        #[cfg(feature = "hermes")]
        let usual = self.hermes.as_ref().and_then(|_| crate::default_home().ok());
        #[cfg(not(feature = "hermes"))]
        let usual = None;
        self.home.clone().or(usual)
    }
}

/// The home that was named, or the usual one.
#[cfg(all(feature = "file", unix))]
fn home_of(named: Option<PathBuf>) -> Result<PathBuf, Error> {
    let home = named.map_or_else(crate::default_home, Ok)?;
    table::no_tilde(&home, "the home")?;
    Ok(home)
}

/// The directory for stores on this platform, such as `~/.local/share/credlatch`.
///
/// # Errors
/// The user has no home directory: [`ErrorKind::Usage`].
pub fn default_home() -> Result<PathBuf, Error> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Error::new(
            ErrorKind::Usage,
            "there is no home directory to keep credentials in",
            "set CREDLATCH_HOME, or give --home DIR",
        )
    })?;
    let home = strategy.data_dir().join("credlatch");
    if !home.is_absolute() {
        let what = "the user's home directory, as HOME names it, is not an absolute path";
        return Err(Error::new(ErrorKind::Usage, what, "mend HOME, set CREDLATCH_HOME, or give --home DIR"));
    }
    Ok(home)
}
