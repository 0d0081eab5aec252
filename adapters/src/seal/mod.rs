//! Sealed documents. A document is sealed as a whole, above whatever keeps it; what tells readers of a commit, who has the lock and
//! who is alive stays plain. What can't be opened is told as that: it is never nothing, never replaced, and nothing is written in
//! plain text instead.

mod answer;
mod command;
mod envelope;
mod key;
#[cfg(feature = "keyring")]
mod key_store;
#[cfg(not(feature = "keyring"))]
#[path = "key_store_disabled.rs"]
mod key_store;
mod keys;
mod known;
mod mark;
pub(crate) mod marker;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::State;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use self::envelope::Header;
#[cfg(feature = "etcd")]
pub(crate) use self::envelope::{key_of, place_of};
use self::key::SealKey;
pub(crate) use self::key_store::KeyStore;
pub use self::keys::Keys;
#[cfg(feature = "etcd")]
use self::mark::Mark;
pub use self::source::SealKeySource;
use crate::codec::{self, CommitNumber, DocumentName, Flaw, Head, KeyId, Parsed, SEALED_VERSION};

/// What becomes of plain text that is found in a sealed home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PlainText {
    /// Somebody without the key has put it there.
    #[default]
    Refused,
    /// It is about to be sealed.
    Taken,
}

/// How one store's document is sealed.
#[derive(Debug)]
pub struct Sealing {
    keys: Arc<Keys>,
    /// The profile that it is bound to, where the store doesn't tell otherwise.
    profile: String,
    /// The home, which says whether new profiles are sealed.
    home: Option<PathBuf>,
    /// What says so in its place, where the store is none in a directory.
    #[cfg(feature = "etcd")]
    mark: Mark,
    /// The key of what stands, as it was last seen.
    current: Mutex<Option<Arc<SealKey>>>,
    /// What becomes of plain text in a sealed home.
    plain_text: PlainText,
    /// Whether to look if the home is sealed before plain text is taken: at first, and once something sealed was seen.
    may_be_sealed: AtomicBool,
    is_prepared: AtomicBool,
}

impl Sealing {
    /// That of a profile.
    #[doc(hidden)]
    pub fn new(keys: Arc<Keys>, profile: &str, home: Option<&Path>) -> Self {
        Self {
            keys,
            profile: profile.to_owned(),
            home: home.map(Path::to_owned),
            #[cfg(feature = "etcd")]
            mark: Mark(None),
            current: Mutex::default(),
            plain_text: PlainText::Refused,
            may_be_sealed: AtomicBool::new(true),
            is_prepared: AtomicBool::new(false),
        }
    }

    /// The same, and that becomes of plain text in a sealed home.
    pub(crate) fn treating(self, plain_text: PlainText) -> Self {
        Self { plain_text, ..self }
    }

    /// Gets the key that is likely to be needed before anything is locked: a command may ask a person.
    pub(crate) fn prepare(&self) {
        if self.is_prepared.swap(true, Ordering::Relaxed) {
            return;
        }
        // The key of a store that is elsewhere may still have to be made.
        #[cfg(feature = "etcd")]
        if self.mark.0.is_some() {
            return;
        }
        // Whatever fails is told by whoever needs it.
        if let Ok(None) = self.keys.chosen()
            && let Some(Ok(Some(key))) = self.home.as_deref().map(marker::read)
        {
            let _ = self.keys.key(key, &"the home");
        }
    }

    /// That of a store of which nobody has the key.
    pub(crate) fn none(profile: &str) -> Self {
        Self::new(Arc::default(), profile, None)
    }

    /// Parses a document, sealed or not.
    pub(crate) fn parse(&self, bytes: &[u8], name: &DocumentName<'_>) -> Result<Parsed, StoreError> {
        match codec::parse(bytes) {
            Ok(parsed) => {
                self.take_plain(name.shown)?;
                *self.current.lock() = None;
                Ok(parsed)
            }
            Err(Flaw::Newer(SEALED_VERSION)) => self.open(bytes, name),
            Err(flaw) => Err(flaw.into_error(name)),
        }
    }

    /// Refuses plain text in a sealed home: somebody without the key has put it there.
    fn take_plain(&self, document: &dyn fmt::Display) -> Result<(), StoreError> {
        let is_refused = self.plain_text == PlainText::Refused && self.can_be_marked();
        if !is_refused || !self.may_be_sealed.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.marked()?.is_none() {
            self.may_be_sealed.store(false, Ordering::Relaxed);
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::Sealed,
            format!("{document} is plain text, and its home is sealed: somebody without the key has put it there"),
            "if that was you, run `credlatch seal`; otherwise put your backup of it back",
        ))
    }

    fn open(&self, bytes: &[u8], name: &DocumentName<'_>) -> Result<Parsed, StoreError> {
        let sealed = envelope::parse(bytes).ok_or_else(|| name.unreadable("it is neither plain nor sealed"))?;
        let header = sealed.header.clone();
        if header.profile != name.profile {
            let what = format!(
                "{} was sealed as the profile `{}`, and stands here as `{}`",
                name.shown, header.profile, name.profile
            );
            let remedy = "put it back under its own name, and it can be read again: what is sealed can't be moved";
            return Err(StoreError::new(StoreErrorKind::Unreadable, what, remedy));
        }
        let key = self.keys.key(header.key, name.shown).map_err(|error| self.with_rekey(error, header.key))?;
        let plain = sealed
            .open(&key)
            .ok_or_else(|| name.unreadable("its seal is broken: it is damaged, or was changed without the key"))?;
        let mut parsed = codec::parse(&plain).map_err(|flaw| flaw.into_error(name))?;
        parsed.head.seal = Some(header.key);
        self.may_be_sealed.store(true, Ordering::Relaxed);
        *self.current.lock() = Some(key);
        Ok(parsed)
    }

    /// What to do where a document is sealed with another key than the one at hand, by what its home says of the key of new profiles.
    fn with_rekey(&self, error: StoreError, is: KeyId) -> StoreError {
        let Some(own) = self.keys.another_at_hand(is) else { return error };
        let remedy = match self.marked() {
            Ok(Some(mark)) if mark == is && self.is_among_machines() => format!(
                "name the file that has the key {is}: `--seal-key FILE`; or copy it here from a machine that has it, which is the one that ran it if there was a `credlatch rekey`; nothing was changed"
            ),
            Ok(Some(mark)) if mark == own => format!(
                "`credlatch rekey` is under way, or was stopped: run it again as it was run, with the file of the key {is}; nothing was changed"
            ),
            _ => return error,
        };
        StoreError { remedy, ..error }
    }

    /// Whether other machines have the same store.
    #[cfg_attr(not(feature = "etcd"), expect(clippy::unused_self, reason = "without etcd no store is"))]
    fn is_among_machines(&self) -> bool {
        #[cfg(feature = "etcd")]
        return self.mark.0.is_some();
        #[cfg(not(feature = "etcd"))]
        false
    }

    /// The key that a commit on what stands is sealed with: the one that this program was told of, else the document's own, and for a new
    /// one that of its home. While somebody has a claim it stays as it is, because what that brings home may be written down in plain text,
    /// and must find a document that its program can read.
    pub(crate) fn wanted(&self, standing: Option<(&Head, &State)>) -> Result<Option<KeyId>, StoreError> {
        if let Some((head, _)) = standing.filter(|(_, state)| state.claims().next().is_some()) {
            return Ok(head.seal);
        }
        let of_home = match standing {
            Some((head, _)) => head.seal,
            None => self.marked()?,
        };
        let Some(chosen) = self.keys.chosen()?.map(|key| key.id()).filter(|chosen| of_home != Some(*chosen)) else {
            return Ok(of_home);
        };
        if standing.is_none()
            && let Some(other) = of_home
        {
            let what = format!(
                "new profiles here are sealed with the key {other}, and this program was told of another one, {chosen}"
            );
            let remedy = format!(
                "name the key {other}; or, if {chosen} is to take its place, end the `credlatch rekey` to it; nothing was changed"
            );
            return Err(StoreError::new(StoreErrorKind::Sealed, what, remedy));
        }
        self.keys.chosen_for_new()
    }

    /// A document that is sealed for the first time, because this program was told of a key, can be opened by whoever isn't told. If it is
    /// the first one of its home, those that follow are sealed as well.
    fn seal_first(&self, key: KeyId) -> Result<(), StoreError> {
        let Some(home) = self.home.as_deref().filter(|_| self.keys.is_told() && self.standing().is_none()) else {
            return Ok(());
        };
        let is_first = marker::read(home)?.is_none() && marker::is_new(home);
        if is_first {
            marker::write(home, Some(key))?;
            self.may_be_sealed.store(true, Ordering::Relaxed);
        }
        // Where that can't be noted, everybody is to be told.
        let _ =
            self.keys.know_chosen(key).and_then(|()| if is_first { self.keys.know_home(home, key) } else { Ok(()) });
        Ok(())
    }

    /// A document's bytes, sealed if its head says so. None if there would be too many.
    pub(crate) fn write(
        &self,
        head: &Head,
        id: u64,
        state: &State,
        profile: &str,
        document: &dyn fmt::Display,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let failed = |error: std::io::Error| {
            StoreError::new(StoreErrorKind::Failed, format!("could not write down {document}: {error}"), "try again")
        };
        let key = head.seal.map(|id| self.keys.key(id, document)).transpose()?;
        if let Some(key) = &key {
            self.seal_first(key.id())?;
        }
        let Some(plain) = codec::write(head, id, state).map_err(failed)? else { return Ok(None) };
        let written = match &key {
            None => plain,
            Some(key) => {
                let header = Header {
                    key: key.id(),
                    store: head.store,
                    profile: profile.to_owned(),
                    commit: CommitNumber(id),
                    generation: state.generation,
                };
                Zeroizing::new(envelope::seal(key, header, plain).map_err(failed)?)
            }
        };
        *self.current.lock() = key;
        Ok(Some(written).filter(|bytes| bytes.len() as u64 <= codec::MAX_BYTES))
    }

    /// The key of what stands, as it was last seen.
    pub(crate) fn standing(&self) -> Option<KeyId> {
        self.current.lock().as_ref().map(|key| key.id())
    }

    /// How many bytes a document of so many takes at most once it is sealed.
    pub(crate) fn room(&self, bytes: usize) -> usize {
        if self.current.lock().is_some() { bytes.saturating_add(bytes / 2) } else { bytes }
    }

    /// What a document says, for harnesses that look at what stands.
    #[doc(hidden)]
    pub fn state(&self, bytes: &[u8]) -> Option<State> {
        let name = DocumentName { profile: &self.profile, shown: &"it", remedy: &String::new };
        self.parse(bytes, &name).ok().map(|parsed| parsed.state)
    }

    /// The profile that a store of one is bound to.
    pub(crate) fn profile(&self) -> &str {
        &self.profile
    }
}
