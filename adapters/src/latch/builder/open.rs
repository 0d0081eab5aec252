//! Opening what was described.

use std::sync::Arc;

use credlatch_core::provider::Table;

use super::Builder;
#[cfg(all(feature = "file", unix))]
use super::{assemble::issuer_of, place::home_of};
#[cfg(all(feature = "file", unix))]
use crate::any_store::AnyStore;
use crate::error::{Error, ErrorKind};
use crate::latch::Latch;
#[cfg(all(feature = "file", unix))]
use crate::latch::siblings;
use crate::table;
#[cfg(all(feature = "file", unix))]
use crate::whole::whole;

impl Builder {
    /// Lets rotations and logins rest on the locks of a network or FUSE file system; false unless said. Say true only if
    /// no other machine uses it.
    #[must_use]
    pub fn trust_file_system(mut self, trusts: bool) -> Self {
        self.trusts_file_system = trusts;
        self
    }

    /// Opens it. Nothing is created before the first change.
    ///
    /// # Errors
    /// The provider file can't be read, a row breaks a rule of the table, there is no home directory to put a store in, or a
    /// variable names a file by less than its whole path. A build without the feature `file` opens a home in memory alone. All
    /// of them are [`ErrorKind::Usage`].
    #[cfg(all(feature = "file", unix))]
    pub fn open(mut self) -> Result<Latch, Error> {
        self.can_delegate()?;
        let table = self.all_rows()?;
        if let Some(home) = self.memory.take() {
            return Ok(self.in_memory_home(&home, table));
        }
        if let Some(stores) = self.stores.clone() {
            return self.over_stores(&stores, table);
        }
        #[cfg(feature = "etcd")]
        if let Some(etcd) = self.etcd.described.clone() {
            return self.over_etcd(&etcd, table);
        }
        self = self.settled()?;
        if let Some(store) = self.state_store(&table)? {
            let document = self.states.as_ref().map(|states| states.path.clone());
            self.home = None;
            return Ok(self.latch(store.into_any(), table, siblings::DocumentId::at_path(document)));
        }
        let home = whole(home_of(self.home)?);
        self.home = Some(home.clone());
        let store = self.file_store(&home)?;
        let document = Some(store.path().to_owned());
        Ok(self.latch(AnyStore::new(store), table, siblings::DocumentId::at_path(document)))
    }

    /// Opens it: a home in memory, because this build has no store on disk.
    ///
    /// # Errors
    /// No home in memory was given, or a row breaks a rule of the table: [`ErrorKind::Usage`].
    #[cfg(not(all(feature = "file", unix)))]
    pub fn open(mut self) -> Result<Latch, Error> {
        let table = self.all_rows()?;
        if let Some(stores) = self.stores.clone() {
            return self.over_stores(&stores, table);
        }
        let Some(home) = self.memory.take() else {
            let what = "this build has no store on disk";
            return Err(Error::new(
                ErrorKind::Usage,
                what,
                "build credlatch with its feature `file`, or open one in memory",
            ));
        };
        Ok(self.in_memory_home(&home, table))
    }

    /// Opens the home for a program that serves many profiles, with these settings for each of them; the profile that was
    /// given here is not used. Nothing is created before the first change.
    ///
    /// # Errors
    /// As [`Builder::open`]; or the home is no directory, or a file of another program, which is one profile.
    #[cfg(all(feature = "file", unix))]
    pub fn profiles(mut self) -> Result<crate::latch::Profiles, Error> {
        self.can_delegate()?;
        if let Some(home) = self.memory.clone() {
            let table = self.all_rows()?;
            let issuer = self.issuer.take().unwrap_or_else(|| issuer_of(&Self { home: None, ..self.clone() }, &table));
            return Ok(crate::latch::Profiles::in_home(
                Self { issuer: Some(issuer), table: Some(table), ..self },
                home,
            ));
        }
        if let Some(stores) = self.stores.clone() {
            let home = stores.home()?;
            let table = self.all_rows()?;
            let issuer = self.issuer.take().unwrap_or_else(|| issuer_of(&self, &table));
            let template = Self { issuer: Some(issuer), table: Some(table), ..self }.with_keys_of_seals()?;
            return Ok(crate::latch::Profiles::in_stores(template, home));
        }
        #[cfg(feature = "etcd")]
        if let Some(etcd) = self.etcd.described.clone() {
            return self.profiles_in_etcd(&etcd);
        }
        if let Some(states) = &self.states {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{} is one profile, and not a home of many", states.what),
                "open it by itself, or use a store in a directory",
            ));
        }
        let home = home_of(self.home.take())?;
        let table = self.all_rows()?;
        let issuer = match self.issuer.take() {
            Some(issuer) => issuer,
            None => issuer_of(&Self { home: Some(home.clone()), ..self.clone() }, &table),
        };
        let guard = Self { home: Some(home.clone()), ..self.clone() }.guard_of(&table);
        let (issuer, table, guard) = (Some(issuer), Some(table), Some(guard));
        crate::latch::Profiles::from_template(Self { issuer, table, guard, ..self.settled()? }, home)
    }

    /// Whether another process could make the exchanges, if one is to.
    #[cfg(all(feature = "file", unix))]
    pub(super) fn can_delegate(&self) -> Result<(), Error> {
        let is_ours_alone = self.issuer.is_some()
            || self.clock.is_some()
            || self.memory.is_some()
            || self.stores.is_some()
            || !self.rows.is_empty();
        if !is_ours_alone || self.exchange_process.is_none() {
            return Ok(());
        }
        let what = "a process of its own can't make the exchanges of a store in memory or of the caller's, or by an issuer, a clock or rows of the caller's";
        Err(Error::new(
            ErrorKind::Usage,
            what,
            "leave out `exchange_process`, or use a store on disk, a provider file and the rows' issuers",
        ))
    }

    /// The rows that ship, those of a file, and the program's own.
    pub(super) fn all_rows(&self) -> Result<Arc<Table>, Error> {
        if let Some(table) = &self.table {
            return Ok(Arc::clone(table));
        }
        let table = self.rows_of_file()?;
        Ok(Arc::new(if self.rows.is_empty() { table } else { table.merge(self.rows.clone())? }))
    }

    #[cfg(all(feature = "file", unix))]
    fn rows_of_file(&self) -> Result<Table, Error> {
        table::load(self.providers.as_deref())
    }

    #[cfg(not(all(feature = "file", unix)))]
    fn rows_of_file(&self) -> Result<Table, Error> {
        let Some(file) = &self.providers else { return Ok(table::built_in()) };
        let what = format!("the provider file {} can't be used: this build reads none", file.display());
        Err(Error::new(ErrorKind::Usage, what, "build credlatch with its feature `file`"))
    }
}
