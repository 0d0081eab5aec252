//! The keys of a program: the one that it was told of, or those that are known by what was said before.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use credlatch_core::port::{StoreError, StoreErrorKind};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::key::SealKey;
use super::key_store::KeyStore;
use super::known::KnownSources;
use super::source::{
    COMMAND_VARIABLE, CREDENTIALS_DIRECTORY, FILE_VARIABLE, STORE_VARIABLE, SealKeySource, is_there, no_file,
};
use crate::codec::KeyId;
use crate::error::Error;
use crate::key_file::KEY_BYTES;
use crate::outside::{SEAL_KEYS, is_in_home};

/// Where a program's keys come from, and those that it has.
#[derive(Debug, Default)]
pub struct Keys {
    /// What this program was told. It is the only one that counts then.
    chosen: Option<SealKeySource>,
    /// Its key, once it was asked for.
    chosen_key: OnceLock<Arc<SealKey>>,
    /// Whether its source gave the same key twice.
    is_steady: OnceLock<()>,
    known: KnownSources,
    key_store: KeyStore,
    /// Whether other machines have the same store, and so its key.
    is_shared: bool,
    at_hand: Mutex<BTreeMap<KeyId, Arc<SealKey>>>,
    /// The source that gave no key, with the reason and the time.
    refused: Mutex<Option<(SealKeySource, StoreError, Instant)>>,
}

/// What to do where a machine lacks the key that others have.
const COPY_IT: &str =
    "copy it to there from the machine that made it, or from another one that has it; nothing was changed";

/// For so long a source that gave no key isn't asked again: one call needs the key in several places, and a person should be asked once.
const REFUSED: Duration = Duration::from_secs(1);

impl Keys {
    /// Those of a program that was told so much; else of whatever variables name. `sources` is the file of those that are known.
    /// What lies in the home is not known: whoever brings a store must not say which command is run.
    pub(crate) fn find(
        told: Option<SealKeySource>,
        sources: Option<PathBuf>,
        home: Option<&Path>,
        key_store: KeyStore,
        is_shared: bool,
    ) -> Result<Arc<Self>, Error> {
        let chosen = match told {
            Some(source) => Some(source),
            None => SealKeySource::from_env()?,
        };
        let chosen = chosen.map(SealKeySource::whole).transpose()?;
        let is_outside = |file: &PathBuf| home.is_none_or(|home| !is_in_home(file, home));
        let known = KnownSources(SEAL_KEYS.find(sources)?.filter(is_outside));
        Ok(Arc::new(Self { chosen, known, key_store, is_shared, ..Self::default() }))
    }

    /// This key and no other, for harnesses that keep it in memory.
    #[doc(hidden)]
    pub fn of(bytes: [u8; KEY_BYTES]) -> Arc<Self> {
        let key = Arc::new(SealKey::new(Zeroizing::new(bytes)));
        let at_hand = Mutex::new(BTreeMap::from([(key.id(), Arc::clone(&key))]));
        Arc::new(Self { chosen_key: OnceLock::from(key), at_hand, ..Self::default() })
    }

    /// The id of the key of this source, which must give the same one twice; one that isn't there yet is made, if it
    /// may be.
    pub(crate) fn prove(&self, source: &SealKeySource, makes: bool) -> Result<KeyId, StoreError> {
        if makes {
            let _alone = self.known.alone_to_make(source)?;
            source.make_if_missing(&self.key_store)?;
        }
        let id = self.have(source)?.id();
        if source.key(&self.key_store)?.id() == id {
            return Ok(id);
        }
        let what =
            format!("{source} gives another key each time, so nothing that is sealed with one could be opened again");
        Err(StoreError::new(StoreErrorKind::Sealed, what, "name a source that keeps its key; nothing was changed"))
    }

    /// Where the key of this id is, as it was said before.
    pub(crate) fn source(&self, id: KeyId) -> Result<Option<SealKeySource>, StoreError> {
        self.known.source(id)
    }

    /// The one that this program was told of, if it is a file.
    pub(crate) fn chosen_file(&self) -> Option<&Path> {
        match &self.chosen {
            Some(SealKeySource::File(file)) => Some(file),
            _ => None,
        }
    }

    /// Remembers where that key comes from, for whoever isn't told.
    pub(crate) fn know(&self, key: KeyId, source: &SealKeySource) -> Result<(), StoreError> {
        self.known.note(key, source)
    }

    /// Whether this program was told of a key.
    pub(super) fn is_told(&self) -> bool {
        self.chosen.is_some()
    }

    /// Remembers where the key comes from that this program was told of, for whoever isn't told.
    pub(super) fn know_chosen(&self, key: KeyId) -> Result<(), StoreError> {
        self.chosen.as_ref().map_or(Ok(()), |source| self.know(key, source))
    }

    /// Remembers that all of this home is sealed with that key, and forgets where the one before comes from if no home has that any more.
    pub(crate) fn know_home(&self, home: &Path, key: KeyId) -> Result<(), StoreError> {
        self.known.note_home(home, key)
    }

    /// The variable by which another process of ours is told of the same key. It names a place, and never the key.
    pub(crate) fn context(&self) -> Option<(&'static str, String)> {
        Some(match self.chosen.as_ref()? {
            SealKeySource::File(file) => (FILE_VARIABLE, file.to_str()?.to_owned()),
            SealKeySource::Command(command) => (COMMAND_VARIABLE, command.clone()),
            SealKeySource::KeyStore(name) => (STORE_VARIABLE, name.clone()),
            SealKeySource::Credential => (CREDENTIALS_DIRECTORY, std::env::var(CREDENTIALS_DIRECTORY).ok()?),
        })
    }

    /// The variable by which it finds the same file of keys that are known. None is named too, by an empty path: it must not become
    /// the user's own file.
    pub(crate) fn context_outside(&self) -> (&'static str, String) {
        let file = self.known.0.as_deref().and_then(Path::to_str);
        (SEAL_KEYS.variable, file.unwrap_or_default().to_owned())
    }

    /// The key that this program was told of, if it was.
    pub(super) fn chosen(&self) -> Result<Option<Arc<SealKey>>, StoreError> {
        if let Some(key) = self.chosen_key.get() {
            return Ok(Some(Arc::clone(key)));
        }
        let Some(source) = &self.chosen else { return Ok(None) };
        let key = self.have(source)?;
        Ok(Some(Arc::clone(self.chosen_key.get_or_init(|| key))))
    }

    /// The id of the key that this program was told of, for what isn't sealed with it yet.
    pub(super) fn chosen_for_new(&self) -> Result<Option<KeyId>, StoreError> {
        let Some(key) = self.chosen()? else { return Ok(None) };
        if let (Some(source), None) = (&self.chosen, self.is_steady.get()) {
            self.prove(source, false)?;
            let _ = self.is_steady.set(());
        }
        Ok(Some(key.id()))
    }

    /// The key of this source, which is asked once.
    fn have(&self, source: &SealKeySource) -> Result<Arc<SealKey>, StoreError> {
        if let Some((refused, error, at)) = &*self.refused.lock()
            && refused == source
            && at.elapsed() < REFUSED
        {
            return Err(error.clone());
        }
        if let SealKeySource::File(file) = source
            && self.is_shared
            && !is_there(file)
        {
            return Err(no_file(file, COPY_IT));
        }
        let asks = matches!(source, SealKeySource::Command(_) | SealKeySource::KeyStore(_));
        let key = source.key(&self.key_store).inspect_err(|error| {
            // A file costs nothing to look at, and may have been made since.
            *self.refused.lock() = asks.then(|| (source.clone(), error.clone(), Instant::now()));
        })?;
        let key = Arc::new(key);
        Ok(Arc::clone(self.at_hand.lock().entry(key.id()).or_insert(key)))
    }

    /// The key that was got in the place of the one that was asked for, if that was another.
    pub(super) fn another_at_hand(&self, asked: KeyId) -> Option<KeyId> {
        self.at_hand.lock().keys().copied().find(|known| *known != asked)
    }

    /// The key of this id, for the document that is called so.
    pub(super) fn key(&self, id: KeyId, document: &dyn fmt::Display) -> Result<Arc<SealKey>, StoreError> {
        if let Some(key) = self.at_hand.lock().get(&id) {
            return Ok(Arc::clone(key));
        }
        let (key, source) = if let Some(key) = self.chosen()? {
            (key, self.chosen.clone())
        } else {
            let source = self.known.source(id)?.ok_or_else(|| {
                StoreError::new(
                    StoreErrorKind::Sealed,
                    format!("{document} is sealed with the key {id}, and nobody has said where that is"),
                    format!(
                        "name it: --seal-key FILE, or {FILE_VARIABLE}, {COMMAND_VARIABLE} or {STORE_VARIABLE} in the environment"
                    ),
                )
            })?;
            (self.have(&source)?, Some(source))
        };
        if key.id() == id {
            return Ok(key);
        }
        let source = source.map_or_else(|| "this program".to_owned(), |source| source.to_string());
        Err(StoreError::new(
            StoreErrorKind::Sealed,
            format!("{document} is sealed with the key {id}, and {source} holds another one, {}", key.id()),
            format!("name the key {id}; nothing was changed"),
        ))
    }
}
