//! Changing what is stored: set, import, remove, clear, purge.

use std::fmt;
use std::sync::Arc;

use credlatch_core::clear::Clear;
use credlatch_core::engine::{self, Grouped, Transacted};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{SetStrategy, Strategy};
use credlatch_core::port::Clock as _;
use credlatch_core::provider::Provider;
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::Fresh;
use credlatch_core::secret::Secret;
use credlatch_core::state::{Custody, Material, Source, State};
use credlatch_core::{Event, Verdict};

#[cfg(feature = "env")]
use super::dotenv;
use super::given;
use super::siblings::Siblings;
use super::{Cleared, Inner, Latch};
use crate::answer::Tokens;
use crate::error::Error;

/// What came of storing a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a refresh token may be held back"]
#[non_exhaustive]
pub struct Stored {
    /// What changed.
    pub change: StoredChange,
    /// Why its refresh token won't be presented for now, if that is so.
    pub held_back: Option<HeldBack>,
}

/// What storing a login changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoredChange {
    /// These tokens are stored now.
    Tokens,
    /// They were stored already; their end, or what they may do, is what was given now.
    Terms,
    /// Nothing: all of it was stored already.
    Nothing,
}

/// Why a refresh token that was stored isn't presented for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeldBack {
    /// Somebody is presenting it, and what they bring home will be stored.
    InFlight,
    /// It was presented, and what became of it isn't known.
    InDoubt,
}

impl fmt::Display for StoredChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokens => "tokens",
            Self::Terms => "terms",
            Self::Nothing => "nothing",
        })
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InFlight => "in flight",
            Self::InDoubt => "in doubt",
        })
    }
}

impl Stored {
    pub(super) fn new(done: &Transacted, provider: &str, label: &Label) -> Self {
        let version = |state: &State| state.entry(provider, label.as_str()).map(|entry| entry.version);
        let change = match done.verdict() {
            Verdict::Nothing => StoredChange::Nothing,
            _ if version(&done.before) == version(&done.after.state) => StoredChange::Terms,
            _ => StoredChange::Tokens,
        };
        let grant = done.after.state.entry(provider, label.as_str()).and_then(|entry| entry.grant());
        let held_back = match grant.map(|grant| &grant.custody) {
            Some(Custody::Rotating(_)) => Some(HeldBack::InFlight),
            Some(Custody::InDoubt(_)) => Some(HeldBack::InDoubt),
            _ => None,
        };
        Self { change, held_back }
    }
}

impl Latch {
    /// Stores an API key under the label `default`, in place of the one that was there.
    ///
    /// # Errors
    /// As [`Latch::set_as`].
    pub fn set(&self, provider: &str, key: Secret) -> Result<(), Error> {
        self.set_as(provider, &Label::default(), key)
    }

    /// Stores an API key under a label, in place of the one that was there.
    ///
    /// # Errors
    /// The provider is unknown, the key is none ([`NotAKey`](crate::NotAKey) as the error's source says what it is) or says
    /// itself that it has ended, the pool is full, or the store can't be written.
    pub fn set_as(&self, provider: &str, label: &Label, key: Secret) -> Result<(), Error> {
        given::key(self.provider(provider)?, &key, &self.0.engine.clock().now())?;
        self.set_verbatim(provider, label, key)
    }

    /// The same, whatever it looks like: a password may have white space inside, and some servers want the word `Bearer`.
    ///
    /// # Errors
    /// The provider is unknown, its pool is full, or the store can't be written.
    pub fn set_verbatim(&self, provider: &str, label: &Label, key: Secret) -> Result<(), Error> {
        let provider = self.provider(provider)?.id.clone();
        let told = self.0.inner.change_in_group(&[named(&provider, label, Material::ApiKey(key), PutMode::Named)])?;
        refused(&provider, told.verdicts.first())
    }

    /// Stores a login that was made elsewhere, in place of the entry of that label. From now on it is rotated here, so no
    /// other program may go on using its refresh token.
    ///
    /// A refresh token that is in flight or in doubt stays so, whatever label it is stored under: [`Stored::held_back`] tells.
    ///
    /// # Errors
    /// The provider is unknown, these are no tokens or have ended ([`ErrorKind::Usage`](crate::ErrorKind::Usage)), their issuer has
    /// rejected this login before or gave another refresh token for this one ([`ErrorKind::SignIn`](crate::ErrorKind::SignIn)), or
    /// the store can't be written.
    pub fn set_tokens(&self, provider: &str, label: &Label, tokens: Tokens) -> Result<Stored, Error> {
        self.put_tokens(provider, label, tokens, PutMode::Named)
    }

    /// The same, though the issuer rejected this refresh token or gave another for it: somebody knows that it is good again,
    /// as after a test issuer was set up anew.
    ///
    /// # Errors
    /// The provider is unknown, its pool is full, or the store can't be written.
    pub fn set_tokens_again(&self, provider: &str, label: &Label, tokens: Tokens) -> Result<Stored, Error> {
        self.put_tokens(provider, label, tokens, PutMode::Again)
    }

    fn put_tokens(&self, provider: &str, label: &Label, tokens: Tokens, how: PutMode) -> Result<Stored, Error> {
        let grant = self.grant(tokens)?;
        let done = self.put(provider, label, grant, how)?;
        Ok(Stored::new(&done, self.provider(provider)?.id.as_str(), label))
    }

    /// What a login that was made elsewhere is stored as.
    pub(super) fn grant(&self, tokens: Tokens) -> Result<Material, Error> {
        let now = self.0.engine.clock().now();
        Ok(Material::Oauth(Box::new(Fresh::from(given::tokens(tokens, &now)?).grant(&now))))
    }

    fn put(&self, provider: &str, label: &Label, material: Material, how: PutMode) -> Result<Transacted, Error> {
        let provider = self.provider(provider)?.id.clone();
        stored(&provider, self.transact(&[named(&provider, label, material, how)])?)
    }

    /// Chooses how an entry is taken from the provider's pool when there are several.
    ///
    /// # Errors
    /// The provider is unknown, or the store can't be written.
    pub fn set_strategy(&self, provider: &str, strategy: Strategy) -> Result<(), Error> {
        let provider = self.provider(provider)?.id.clone();
        self.transact(&[Event::SetStrategy(SetStrategy { provider, strategy })])?;
        Ok(())
    }

    /// Applies events in one commit.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub(crate) fn transact(&self, events: &[Event]) -> Result<Transacted, Error> {
        self.0.inner.change(events)
    }

    /// Removes one entry, and remembers it so that an import doesn't bring it back.
    ///
    /// # Errors
    /// The provider is unknown, it has no such entry, or the store can't be written.
    pub fn remove(&self, provider: &str, label: &Label) -> Result<Cleared, Error> {
        let row = self.known(provider)?;
        let removed = self.0.inner.remove(row.id.clone(), label.clone())?;
        self.removed(row, label, removed)
    }

    pub(super) fn removed(&self, row: &Provider, label: &Label, removed: Gone) -> Result<Cleared, Error> {
        let (cleared, others) = removed;
        if cleared.entries.is_empty() {
            return Err(Error::no_entry(row, label, &self.0.engine.snapshot()?.state));
        }
        Ok(self.cleared(cleared, others))
    }

    /// Takes away all of a provider's entries in one step, ends its login in progress, and remembers what was there so
    /// that an import doesn't bring it back. Clearing what is empty is no error.
    ///
    /// # Errors
    /// The provider is unknown, or the store can't be written; then nothing is cleared.
    pub fn clear(&self, provider: &str) -> Result<Cleared, Error> {
        let provider = self.known(provider)?.id.clone();
        self.take_away(Clear::Provider(provider))
    }

    /// Takes away all entries of all providers of this profile in one step.
    ///
    /// # Errors
    /// The store can't be written; then nothing is cleared.
    pub fn clear_all(&self) -> Result<Cleared, Error> {
        self.take_away(Clear::Everything)
    }

    pub(super) fn take_away(&self, clear: Clear) -> Result<Cleared, Error> {
        let (cleared, others) = self.0.inner.take_away(clear)?;
        Ok(self.cleared(cleared, others))
    }

    pub(super) fn cleared(&self, taken: engine::Cleared, others: Siblings) -> Cleared {
        Cleared { latch: self.clone(), taken, variables: Vec::new(), others }
    }

    /// Saves what could not be saved earlier, such as tokens that were granted while the disk was full. Every change does
    /// this too.
    ///
    /// # Errors
    /// The store still can't be written; the tokens stay in this process.
    pub fn save_unsaved(&self) -> Result<(), Error> {
        Ok(self.0.engine.save_unsaved()?)
    }

    /// Forgets what is past its time: logins that ended 300 s ago, and dead entries that were set a day ago. Every change
    /// does this too. Returns whether there was anything to forget.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn purge(&self) -> Result<bool, Error> {
        let done = self.transact(&[])?;
        Ok(done.before.generation != done.after.state.generation)
    }
}

impl Inner {
    /// Applies events in one commit.
    pub(super) fn change(self: &Arc<Self>, events: &[Event]) -> Result<Transacted, Error> {
        #[cfg(all(feature = "file", unix))]
        self.note_origins(events)?;
        let done = self.engine.transact(events)?;
        self.changed(done.before.generation != done.after.state.generation, &done.after.state);
        Ok(done)
    }

    /// The same where nothing but the verdicts is wanted: threads that wait for the store at the same time share a commit.
    fn change_in_group(self: &Arc<Self>, events: &[Event]) -> Result<Grouped, Error> {
        #[cfg(all(feature = "file", unix))]
        self.note_origins(events)?;
        let told = self.engine.transact_in_group(events)?;
        self.changed(told.is_new, &told.after.state);
        Ok(told)
    }

    /// Notes where rows send what is about to be stored.
    #[cfg(all(feature = "file", unix))]
    fn note_origins(&self, events: &[Event]) -> Result<(), Error> {
        for event in events {
            if let Event::Put(put) = event {
                self.guard.note(&self.table, &put.provider)?;
            }
        }
        Ok(())
    }

    /// Says that something was committed, and does what a state owes.
    fn changed(self: &Arc<Self>, is_new: bool, state: &State) {
        if is_new {
            crate::events::changed(&self.profile, state.generation);
        }
        #[cfg(feature = "env")]
        dotenv::rewrite_what_is_owed(self, state);
    }

    /// Takes away, and looks who may still hold it.
    pub(super) fn take_away(self: &Arc<Self>, clear: Clear) -> Result<Gone, Error> {
        Ok(self.gone(self.engine.clear(clear)?))
    }

    /// Takes one entry away, and looks who may still hold it.
    pub(super) fn remove(self: &Arc<Self>, provider: ProviderId, label: Label) -> Result<Gone, Error> {
        Ok(self.gone(self.engine.remove(provider, label)?))
    }

    fn gone(self: &Arc<Self>, cleared: engine::Cleared) -> Gone {
        let others = Siblings::new(self);
        crate::events::cleared(&self.profile, cleared.generation, cleared.entries.len());
        #[cfg(feature = "env")]
        dotenv::pay_debts(self);
        (cleared, others)
    }
}

/// What is gone, and the other latches of this process that may hold it.
pub(super) type Gone = (engine::Cleared, Siblings);

/// Storing something by its name.
pub(super) fn named(provider: &ProviderId, label: &Label, material: Material, how: PutMode) -> Event {
    Event::Put(Put { provider: provider.clone(), label: label.clone(), material, source: Source::Manual, how })
}

/// What came of it.
pub(super) fn stored(provider: &ProviderId, done: Transacted) -> Result<Transacted, Error> {
    refused(provider, Some(done.verdict()))?;
    Ok(done)
}

fn refused(provider: &ProviderId, verdict: Option<&Verdict>) -> Result<(), Error> {
    match verdict {
        Some(Verdict::Refused(why)) => Err(Error::not_stored(provider, why)),
        _ => Ok(()),
    }
}
