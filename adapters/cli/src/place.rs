//! Which profile of which store a command works on.

use std::path::{Path, PathBuf};

use credlatch::core::provider::{Table, sniff};
use credlatch::etcd::Etcd;
use credlatch::{Builder, Latch, Profile, Profiles, SealKeySource, default_home};
use credlatch_hermes::BuilderExt as _;

use crate::args::{Global, Inherited};
use crate::end::{Done, End};
use crate::key_store;
use crate::usage::secret_in_arguments;

/// How many hexadecimal digits the key of seals has.
const SEAL_KEY_DIGITS: usize = 64;

/// The program of this process, whatever its file is called by now.
const OWN_PROGRAM: &str = "/proc/self/exe";

impl Global {
    /// Opens the profile. Nothing is created before the first change.
    pub(crate) fn latch(&self) -> Done<Latch> {
        let latch = self.builder()?.open()?;
        keep_out_secrets(latch.providers(), latch.profile().as_str())?;
        if let Some(command) = &self.seal_key_command {
            keep_out_keys(latch.providers(), command)?;
        }
        Ok(latch)
    }

    /// What opens the profile.
    pub(crate) fn builder(&self) -> Done<Builder> {
        // Whoever is killed while an issuer answers must not cost a login, so another process of ours asks it.
        Ok(self.builder_here()?.exchange_process(OWN_PROGRAM))
    }

    /// The same for the process that makes an exchange.
    pub(crate) fn builder_here(&self) -> Done<Builder> {
        // A process of ours ends right after its answer, so it waits for a rotation instead of leaving it to a worker.
        let builder = Latch::builder().profile(self.profile()).look_ahead(false);
        let builder = match self.store_location()? {
            StoreLocation::Home(home) => builder.home(home),
            StoreLocation::Etcd(etcd) => match &self.home {
                Some(home) => builder.home(home).etcd(etcd),
                None => builder.etcd(etcd),
            },
            StoreLocation::Hermes(_) if self.seal_key()?.is_some() => {
                return Err(End::usage("a file of Hermes is never sealed", "leave the key of the seal out"));
            }
            StoreLocation::Hermes(file) if self.profile.is_none() => builder.hermes(file),
            StoreLocation::Hermes(_) => return Err(one_profile()),
        };
        let is_trusted = std::env::var_os("CREDLATCH_TRUST_FILE_SYSTEM").is_some_and(|value| value == "1");
        let builder = builder.trust_file_system(is_trusted);
        let builder = key_store::bring(builder);
        let builder = match self.seal_key()? {
            Some(source) => builder.seal_key(source),
            None => builder,
        };
        Ok(match &self.providers {
            Some(file) if file.as_os_str().is_empty() => {
                return Err(End::usage("--providers has no value", "give it one, or leave it out"));
            }
            Some(file) => {
                must_be_absolute(self.inherited.providers, file, "CREDLATCH_PROVIDERS", "--providers FILE")?;
                builder.providers(file)
            }
            None => builder,
        })
    }

    /// Where the key of seals is, if an option says so.
    pub(crate) fn seal_key(&self) -> Done<Option<SealKeySource>> {
        key_source("--seal-key", self.seal_key.as_deref(), [&self.seal_key_command, &self.seal_key_store])
    }

    /// The profile's name.
    pub(crate) fn profile(&self) -> Profile {
        self.profile.clone().unwrap_or_default()
    }

    /// The directory of the store, for what only a directory has.
    pub(crate) fn home(&self) -> Done<PathBuf> {
        match self.store_location()? {
            StoreLocation::Home(home) => Ok(home),
            StoreLocation::Hermes(_) => Err(one_profile()),
            StoreLocation::Etcd(_) => {
                Err(End::usage("a store in etcd is no directory", "use a store in a directory for this: --home DIR"))
            }
        }
    }

    /// The directory of this machine's own files: the home, and the usual one where the store is in Hermes' file.
    pub(crate) fn own_home(&self) -> Done<PathBuf> {
        Ok(match self.store_location()? {
            StoreLocation::Home(home) => home,
            StoreLocation::Hermes(_) => default_home()?,
            StoreLocation::Etcd(_) => self.home.clone().map_or_else(default_home, Ok)?,
        })
    }

    /// Whether the store is one for many machines.
    pub(crate) fn is_in_etcd(&self) -> bool {
        self.store.as_deref().is_some_and(|url| url.starts_with("etcd+"))
    }

    /// All profiles of the store.
    pub(crate) fn profiles(&self) -> Done<Profiles> {
        match self.store_location()? {
            StoreLocation::Home(home) => Ok(Profiles::open(home)?),
            StoreLocation::Hermes(_) => Err(one_profile()),
            StoreLocation::Etcd(_) => Ok(self.builder_here()?.profiles()?),
        }
    }

    /// Two stores, and what they are called in each other.
    pub(crate) fn route(&self, from: Option<&str>, to: &str, from_seal_key: Option<&PathBuf>) -> Done<Route> {
        let unkeyed =
            Self { seal_key: from_seal_key.cloned(), seal_key_command: None, seal_key_store: None, ..self.clone() };
        let from = match from {
            Some(url) => unkeyed.at(url),
            None => unkeyed,
        };
        let to = self.at(to);
        let (from_address, to_address) = (from.address()?, to.address()?);
        if from_address == to_address {
            return Err(End::usage("both URLs are of one store", "name two stores"));
        }
        Ok(Route { from, to, from_address, to_address })
    }

    /// The same profile of another store. The home stays where it is that of the machine, and not of the store alone.
    pub(crate) fn at(&self, url: &str) -> Self {
        let store = Some(url.to_owned());
        let moved = Self { store, inherited: Inherited { store: false, ..self.inherited }, ..self.clone() };
        let is_of_machine = self.store.is_some() || self.inherited.home || default_home().is_err();
        if moved.is_in_etcd() && is_of_machine { moved } else { Self { home: None, ..moved } }
    }

    /// The same for another profile.
    pub(crate) fn of(&self, profile: &Profile) -> Self {
        Self { profile: Some(profile.clone()), ..self.clone() }
    }

    /// What the store is called, the same in each directory.
    fn address(&self) -> Done<String> {
        match self.store_location()? {
            StoreLocation::Home(home) => {
                let absolute = std::path::absolute(&home).unwrap_or(home);
                Ok(format!("file://{}", absolute.display()))
            }
            StoreLocation::Etcd(_) => Ok(self.store.as_deref().unwrap_or_default().trim_end_matches('/').to_owned()),
            StoreLocation::Hermes(_) => Err(End::usage(
                "nothing is moved from or to Hermes' auth.json: Hermes itself uses what is in it",
                "take it in with `credlatch import hermes`, or use the file where it is",
            )),
        }
    }

    fn store_location(&self) -> Done<StoreLocation> {
        match (&self.store, &self.home) {
            // Whatever is near enough is told what it lacks.
            (Some(url), home) if url.trim().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("etcd")) => {
                if let Some(home) = home {
                    must_be_absolute(self.inherited.home, home, "CREDLATCH_HOME", "--home DIR")?;
                }
                Ok(StoreLocation::Etcd(Etcd::from_env(url)?))
            }
            (Some(_), Some(_)) => Err(End::usage(
                "a home and a store's URL are both given",
                "leave one of them out: CREDLATCH_HOME and CREDLATCH_STORE count too",
            )),
            (Some(url), None) => {
                let location = store_location_from_url(url)?;
                if let StoreLocation::Hermes(file) = &location {
                    must_be_absolute(self.inherited.store, file, "CREDLATCH_STORE", "--store hermes:FILE")?;
                }
                Ok(location)
            }
            (None, Some(home)) => {
                must_be_absolute(self.inherited.home, home, "CREDLATCH_HOME", "--home DIR")?;
                Ok(StoreLocation::Home(home.clone()))
            }
            (None, None) => Ok(StoreLocation::Home(default_home()?)),
        }
    }
}

/// Where a key is, as one of three options says: `option` is followed by a file, and two that are called after it by a command and by
/// an entry of the key store.
pub(crate) fn key_source(
    option: &str,
    file: Option<&Path>,
    [command, entry]: [&Option<String>; 2],
) -> Done<Option<SealKeySource>> {
    let is_empty = file.is_some_and(|file| file.as_os_str().is_empty())
        || [command, entry].into_iter().flatten().any(String::is_empty);
    if is_empty {
        return Err(End::usage(
            format!("{option}, or an option like it, has no value"),
            "give it one, or leave it out",
        ));
    }
    let command = command.clone().map(SealKeySource::Command);
    Ok(file.map(SealKeySource::file).or(command).or_else(|| entry.clone().map(SealKeySource::KeyStore)))
}

/// Two stores.
pub(crate) struct Route {
    pub(crate) from: Global,
    pub(crate) to: Global,
    pub(crate) from_address: String,
    pub(crate) to_address: String,
}

/// Where the store is.
enum StoreLocation {
    /// A directory of profiles.
    Home(PathBuf),
    /// Hermes' `auth.json`.
    Hermes(PathBuf),
    /// An etcd.
    Etcd(Etcd),
}

/// Refuses a relative path in a variable: it would name another place in each directory that a command is started in, so
/// whoever fills a directory would decide where credentials are, or where they go.
fn must_be_absolute(is_inherited: bool, path: &Path, variable: &str, option: &str) -> Done {
    // A literal `~` has a reason of its own, which opening says.
    if !is_inherited || path.is_absolute() || path.as_os_str().as_encoded_bytes().starts_with(b"~") {
        return Ok(());
    }
    let what = format!("{variable} is not an absolute path, so it would mean another place in each directory");
    Err(End::usage(what, format!("write the whole path, beginning with /; {option} may be relative")))
}

fn one_profile() -> End {
    End::usage(
        "a file of Hermes is one profile",
        "leave the profile out (CREDLATCH_PROFILE counts too), and name the auth.json of the Hermes profile that you mean",
    )
}

/// A URL may hold a password, so it is never repeated.
fn store_location_from_url(url: &str) -> Done<StoreLocation> {
    if let Some(file) = url.strip_prefix("hermes:").filter(|file| !file.is_empty()) {
        return Ok(StoreLocation::Hermes(file.into()));
    }
    if url.strip_prefix("file://").is_some_and(|path| !path.starts_with('/')) {
        return Err(End::usage(
            "the store's URL begins with file:// and goes on with a path that isn't whole",
            "write the whole path: file:///DIR",
        ));
    }
    let path = url.strip_prefix("file://");
    path.map(|path| StoreLocation::Home(path.into())).ok_or_else(|| {
        End::usage(
            "stores are in directories, in Hermes' auth.json and in etcd, and the store's URL is of another kind",
            "use --home DIR, --store file:///DIR, --store hermes:FILE or --store etcd+https://HOST:2379/PREFIX",
        )
    })
}

/// Refuses a command with a secret in it: it is shown to every user of this machine, handed on to children, and written into what
/// `setup` writes.
fn keep_out_keys(table: &Table, command: &str) -> Done {
    let is_key = |word: &str| word.len() == SEAL_KEY_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut words = command.split(|c: char| !c.is_ascii_alphanumeric());
    if words.any(is_key) { Err(secret_in_arguments()) } else { keep_out_secrets(table, command) }
}

/// Refuses a name that begins like a secret: names are stored and shown.
pub(crate) fn keep_out_secrets(table: &Table, name: &str) -> Done {
    if sniff::tokens(table, name).is_empty() { Ok(()) } else { Err(secret_in_arguments()) }
}
