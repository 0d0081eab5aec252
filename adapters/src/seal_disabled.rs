//! A build that opens no seals: what is sealed is told as that, and nothing is sealed.
#![expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "it has the face of what it stands for")]

use std::fmt;
use std::io;

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::{Nonce, State};
use zeroize::Zeroizing;

use crate::codec::{self, DocumentName, Flaw, Head, KeyId, Parsed, SEALED_VERSION};

/// How one store's document is sealed: not at all.
#[derive(Debug)]
pub struct Sealing {
    profile: String,
}

impl Sealing {
    /// That of a profile.
    pub(crate) fn none(profile: &str) -> Self {
        Self { profile: profile.to_owned() }
    }

    /// Parses a document, unless it is sealed.
    pub(crate) fn parse(&self, bytes: &[u8], name: &DocumentName<'_>) -> Result<Parsed, StoreError> {
        codec::parse(bytes).map_err(|flaw| match flaw {
            Flaw::Newer(SEALED_VERSION) => {
                let what =
                    format!("{} is sealed, and this program was built without credlatch's feature `seal`", name.shown);
                StoreError::new(StoreErrorKind::Sealed, what, "use a program that was built with it")
            }
            flaw => flaw.into_error(name),
        })
    }

    /// Nothing is needed before a lock.
    pub(crate) fn prepare(&self) {}

    /// The key that a commit on this document is sealed with: none.
    pub(crate) fn wanted(&self, _standing: Option<(&Head, &State)>) -> Result<Option<KeyId>, StoreError> {
        Ok(None)
    }

    /// The key of what stands: none.
    #[cfg(feature = "doctor")]
    pub(crate) fn standing(&self) -> Option<KeyId> {
        None
    }

    /// A document's bytes. None if there would be too many.
    pub(crate) fn write(
        &self,
        head: &Head,
        id: u64,
        state: &State,
        _profile: &str,
        document: &dyn fmt::Display,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        codec::write(head, id, state).map_err(|error| {
            StoreError::new(StoreErrorKind::Failed, format!("could not write down {document}: {error}"), "try again")
        })
    }

    /// What was granted, as it is written down.
    pub(crate) fn write_answer(&self, _attempt: Nonce, answer: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(answer)
    }

    /// What was written down.
    pub(crate) fn read_answer(&self, _attempt: Nonce, bytes: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Ok(Some(Zeroizing::new(bytes.to_vec())))
    }

    /// How many bytes a document of so many takes at most.
    pub(crate) fn room(&self, bytes: usize) -> usize {
        bytes
    }

    /// The profile that a store of one has.
    pub(crate) fn profile(&self) -> &str {
        &self.profile
    }
}
