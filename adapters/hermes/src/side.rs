//! What Hermes has no place for: our own part of the document, under one name that Hermes keeps without looking at it.
//!
//! A secret stands in the document once. An access token or a key is in Hermes' row, where Hermes finds it; the refresh
//! token of a login of ours is only here, where Hermes doesn't look, so that two programs never spend it.

use std::collections::{BTreeMap, BTreeSet};

use credlatch_core::each_once;
use credlatch_core::extra::Extra;
use credlatch_core::fingerprint::{AtHand, Mark, MarkKey, Sought};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::origin::Origins;
use credlatch_core::pool::EntryHealth;
use credlatch_core::secret::{Fingerprint, Secret, stored_option};
use credlatch_core::shared::Shared;
use credlatch_core::state::{Custody, Entry, Grant, Material, Nonce, Source, State};
use credlatch_core::time::{Expiry, Stamp};
use serde::{Deserialize, Serialize};

use credlatch::codec;
use credlatch::docfile::disk::FileId;
use credlatch::docfile::provenance::is_same_file;

/// The name of our part in the document.
pub(super) const NAME: &str = "credlatch";
/// The form that this version writes; the first had no memory of refresh tokens, as that of [`crate::file`]'s document.
pub(super) const VERSION: u64 = codec::VERSION;
/// Rows that are remembered as removed, per provider; the oldest are forgotten first.
const GONE_MAX: usize = 256;

/// Our part of the document.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Side {
    pub(super) version: u64,
    /// The lock file it was written under.
    #[serde(default)]
    pub(super) lock: Option<FileId>,
    /// When that lock file was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lock_born_ns: Option<u64>,
    /// The document's random name, under which its claims are remembered outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) store: Option<Nonce>,
    /// The profile without its entries.
    pub(super) profile: State,
    /// What is known of Hermes' rows.
    #[serde(default, deserialize_with = "each_once::deserialize")]
    pub(super) rows: BTreeMap<ProviderId, Vec<Known>>,
    /// Entries that have no row: links to the files of other tools.
    #[serde(default, deserialize_with = "each_once::deserialize")]
    pub(super) apart: BTreeMap<ProviderId, Vec<Entry>>,
    /// Rows that were removed here. A Hermes that is running may have them in memory still, and write them back.
    #[serde(default, deserialize_with = "each_once::deserialize")]
    pub(super) gone: BTreeMap<ProviderId, Vec<Gone>>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub(super) extra: Extra,
}

/// What is known of a row beside what the row says.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// Where the row is.
    #[serde(flatten)]
    pub(super) row: RowId,
    pub(super) label: Label,
    pub(super) version: u64,
    pub(super) source: Source,
    pub(super) fingerprint: Fingerprint,
    /// The row's secret, to notice that somebody else changed it.
    pub(super) mark: Fingerprint,
    pub(super) kind: KnownKind,
    pub(super) health: EntryHealth,
    /// The row's status fields, to notice that Hermes changed them.
    pub(super) status: Fingerprint,
    #[serde(default)]
    pub(super) extra: Extra,
}

/// Which row it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowId {
    /// The name of Hermes' pool.
    pub(super) pool: String,
    /// The row's own id.
    pub(super) id: String,
}

/// A row that was removed here, and the secret it had.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Gone {
    #[serde(flatten)]
    pub(super) row: RowId,
    pub(super) mark: Fingerprint,
    /// Which key it is keyed with; none if it is plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mark_key: Option<Fingerprint>,
    #[serde(default)]
    pub(super) keeps_out: KeepsOut,
}

/// What stays away once a row was removed. The same secret always does.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeepsOut {
    /// Nothing else: another row had the same id, and stays.
    #[default]
    Secret,
    /// Whatever stands under the id: a Hermes that had the row in memory may have renewed its login.
    Row,
    /// The same, as long as Hermes leaves out the row's source: who signs in there takes it off that list.
    RowWhileListed,
}

/// What a row's entry is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KnownKind {
    /// A key.
    Key,
    /// A grant of ours, without its access token.
    Grant(Box<KnownGrant>),
    /// A login of Hermes, or a row whose secret Hermes only borrows.
    Link,
}

/// All of a grant but its access token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KnownGrant {
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    refresh: Option<Secret>,
    pub(super) expiry: Expiry,
    issued: Stamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    custody: Custody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origins: Option<Origins>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<Shared>,
    #[serde(default)]
    extra: Extra,
}

impl KnownGrant {
    /// Whether we can renew it.
    pub(super) fn is_renewable(&self) -> bool {
        self.refresh.is_some()
    }

    /// The whole grant.
    pub(super) fn with(&self, access: Secret) -> Grant {
        let Self { refresh, expiry, issued, scopes, custody, origins, shared, extra } = self.clone();
        Grant { access, refresh, expiry, issued, scopes, custody, origins, shared, extra }
    }
}

impl KnownKind {
    pub(super) fn from_material(material: &Material) -> Self {
        match material {
            Material::ApiKey(_) => Self::Key,
            Material::Link(_) => Self::Link,
            Material::Oauth(grant) => {
                let Grant { refresh, expiry, issued, scopes, custody, origins, shared, extra, .. } =
                    Grant::clone(grant);
                Self::Grant(Box::new(KnownGrant { refresh, expiry, issued, scopes, custody, origins, shared, extra }))
            }
        }
    }
}

impl Gone {
    pub(super) fn mark(&self) -> Mark {
        Mark { fingerprint: self.mark, key: self.mark_key }
    }
}

impl Side {
    /// Whether it was written under this lock file; one that was never written is of any.
    pub(super) fn is_of(&self, lock: FileId, born_ns: Option<u64>) -> bool {
        self.lock.is_none() || is_same_file(self.lock, self.lock_born_ns, lock, born_ns)
    }

    /// Keys what outlives its secret, with a key that is asked for only if something is plain. A form that an older version
    /// reads stays plain, because that version recognises nothing else.
    pub(super) fn key_marks(&mut self, key: impl FnOnce() -> Option<MarkKey>) {
        let is_plain = self.gone.values().flatten().any(|gone| gone.mark_key.is_none());
        let Some(key) = ((is_plain || self.profile.has_marks_to_key()) && self.version == VERSION).then(key).flatten()
        else {
            return;
        };
        self.profile = std::mem::take(&mut self.profile).with_keyed_marks(&key);
        for gone in self.gone.values_mut().flatten() {
            Mark { fingerprint: gone.mark, key: gone.mark_key } = gone.mark().keyed(&key);
        }
    }

    /// What is known of a row. Of rows that repeat an id each is known by its own label: those that are taken are others'.
    pub(super) fn known(&self, provider: &ProviderId, row: &RowId, taken: &BTreeSet<Label>) -> Option<&Known> {
        self.rows.get(provider)?.iter().find(|known| known.row == *row && !taken.contains(&known.label))
    }

    /// Whether this secret in this row was removed here, or comes from what was. `is_listed` tells whether Hermes leaves
    /// out the row's source now.
    pub(super) fn is_gone(&self, provider: &ProviderId, row: &RowId, mark: &Sought, is_listed: bool) -> bool {
        let is_out = |gone: &Gone| match gone.keeps_out {
            KeepsOut::Secret => false,
            KeepsOut::Row => true,
            KeepsOut::RowWhileListed => is_listed,
        };
        let mut of_row = self.gone.get(provider).into_iter().flatten().filter(|gone| gone.row == *row);
        of_row.any(|gone| mark.is(&gone.mark()) || is_out(gone))
    }

    /// Remembers that a row was removed.
    pub(super) fn remember_removed(&mut self, provider: &ProviderId, row: Gone, at_hand: &AtHand) {
        let gone = self.gone.entry(provider.clone()).or_default();
        let sought = at_hand.seek(row.mark);
        gone.retain(|old| old.row != row.row || !sought.is(&old.mark()));
        gone.push(row);
        let excess = gone.len().saturating_sub(GONE_MAX);
        gone.drain(..excess);
    }
}
