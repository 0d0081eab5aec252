//! What an import found, and what it passed over.

use credlatch_core::Event;
use credlatch_core::extra::Extra;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::{LeftOff, NotAKey, Provider, Table, WireKind, pasted, sniff};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::secret::{BadSecret, Secret};
use credlatch_core::state::{Custody, Grant, Material, Source};
use credlatch_core::time::{Expiry, Stamp};

use crate::{jwt, when};

/// A credential that lies outside the store, ready to be put into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Whose it is.
    pub provider: ProviderId,
    /// What it would be called: its source, so that it stands beside what a person set and never in its place.
    pub label: Label,
    /// The credential: a key is copied; a login that another tool owns and renews is linked.
    pub material: Material,
    /// Where it was found.
    pub source: Source,
}

/// What a source holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What can be stored.
    pub found: Vec<Found>,
    /// What can't, and why.
    pub skipped: Vec<Skipped>,
    /// Where something stood around a secret that is no part of it.
    pub trimmed: Vec<Trimmed>,
    /// Logins that can be stored, and end soon, however often they are renewed.
    pub ending: Vec<Ending>,
}

/// A login that is near its own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose login it is.
    pub provider: ProviderId,
    /// When it ends, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// A secret that was taken without what stood around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// The name of a variable, or the place in a file.
    pub what: String,
    /// What was left off.
    pub left_off: Vec<LeftOff>,
}

/// Something that looks like a credential and was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The name of a variable, or the place in a file.
    pub what: String,
    /// Why.
    pub why: Why,
}

/// Why something was passed over. No variant holds any part of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// It can't be a secret.
    #[error("{0}")]
    Unusable(#[from] BadSecret),
    /// It is more or less than one key.
    #[error("{0}")]
    NotAKey(NotAKey),
    /// Several providers read it, or programs that use no model do, so nobody can tell whose it is.
    #[error("{}", shared_by(.0))]
    Shared(Vec<ProviderId>),
    /// It begins like a secret of somebody else, who may be billed for it.
    #[error("it begins like a credential of {0}; put it into a variable of that provider, or `credlatch set {0}`")]
    Foreign(ProviderId),
    /// A refresh token or an administrator's key.
    #[error("it begins like a secret that no request carries, such as a refresh token")]
    NotForRequests,
    /// A variable that takes keys as well as tokens, and a value that tells neither.
    #[error("nobody can tell whether it is a key or a token; name it with `credlatch set {0}`")]
    Unclear(ProviderId),
    /// It says itself that it has ended, at this time in milliseconds since the epoch.
    #[error("it says itself that it ended at {}; get a new one", when::rfc3339_ms(*.0))]
    Ended(u64),
    /// A login that can't be renewed any more, since this time.
    #[error("this login ended at {}; sign in again in the tool that owns it", when::rfc3339_ms(*.0))]
    LoginEnded(u64),
    /// A credential of a kind that is no key and no login of ours.
    #[error("it is {0}")]
    OtherKind(&'static str),
    /// The last line that may set it can't be understood.
    #[error("line {0} names it too, and can't be understood, so nobody can tell which one counts; mend that line")]
    Overshadowed(usize),
    /// Lines of a file that aren't understood.
    #[cfg(feature = "env")]
    #[error("it is {0}; the other lines were read")]
    NotRead(credlatch_core::dotenv::UnreadReason),
    /// The same variable is set again further down, and programs take the last.
    #[error("it is set again on line {0}, and the last one counts")]
    SetAgain(usize),
    /// A provider that the table doesn't have.
    #[error("no provider of this name is known; add a row to your providers file")]
    UnknownProvider,
    /// Another tool's credential that this file only mentions.
    #[error("it belongs to {0}; import it from there")]
    Borrowed(&'static str),
    /// Removed in the tool it was found in.
    #[error("it was removed in the tool that this file belongs to")]
    Suppressed,
    /// The provider refused it for good.
    #[error("the tool that this file belongs to has recorded that the provider no longer takes it")]
    Dead,
    /// It is sent to an address that is not its provider's.
    #[error("it is for another address than the provider's own; give that address a row in your providers file")]
    Elsewhere,
    /// A login that can't be told from others of the same file.
    #[error("it has no usable name of its own, so a link could not find it again")]
    Nameless,
}

fn shared_by(readers: &[ProviderId]) -> String {
    let names = readers.iter().map(ProviderId::as_str).collect::<Vec<_>>();
    let example = names.first().copied().unwrap_or("PROVIDER");
    let readers = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last} read it", rest.join(", ")),
        _ => format!("{example} reads it, and so do programs that use no model"),
    };
    format!("{readers}; store it for the one that it is of, as in `credlatch set {example}`")
}

impl From<NotAKey> for Why {
    fn from(why: NotAKey) -> Self {
        match why {
            NotAKey::Secret(bad) => Self::Unusable(bad),
            other => Self::NotAKey(other),
        }
    }
}

impl Imported {
    /// The key in a text, without what stood around it.
    pub(crate) fn key(&mut self, what: &str, text: &str, keyless: bool) -> Result<Secret, Why> {
        let pasted = pasted(text, keyless)?;
        if !pasted.left_off.is_empty() && self.trimmed.iter().all(|one| one.what != what) {
            self.trimmed.push(Trimmed { what: what.to_owned(), left_off: pasted.left_off });
        }
        Ok(pasted.key)
    }

    pub(crate) fn skip(&mut self, what: impl Into<String>, why: impl Into<Why>) {
        self.skipped.push(Skipped { what: what.into(), why: why.into() });
    }
}

impl Found {
    /// A key or a token that is copied.
    pub(crate) fn copied(provider: ProviderId, source: Source, material: Material) -> Option<Self> {
        Some(Self { provider, label: label_of(&source)?, material, source })
    }
}

/// The name under which an import stores: its source.
pub(crate) fn label_of(source: &Source) -> Option<Label> {
    Label::new(&source.to_string()).ok()
}

/// An access token without a refresh token: it is used while it lives, and nobody renews it.
#[doc(hidden)]
pub fn bare_token(access: Secret, expiry: Expiry, issued: Stamp) -> Material {
    let (scopes, custody, extra) = (Vec::new(), Custody::Settled, Extra::default());
    let grant = Grant { access, refresh: None, expiry, issued, scopes, custody, origins: None, shared: None, extra };
    Material::Oauth(Box::new(grant))
}

/// When a token ends, if it says so itself.
pub(crate) fn end_of(secret: &Secret) -> Result<Option<u64>, Why> {
    let now_ms = when::wall_ms(std::time::SystemTime::now());
    match jwt::end_ms(secret) {
        Some(end_ms) if end_ms <= now_ms => Err(Why::Ended(end_ms)),
        end_ms => Ok(end_ms),
    }
}

/// What a provider's secret is by how it begins, else by where it was found; a stranger's is none of it.
#[doc(hidden)]
pub fn kind_of(
    table: &Table,
    provider: &Provider,
    secret: &Secret,
    by_place: Option<WireKind>,
) -> Result<WireKind, Why> {
    match sniff::whole(table, secret.expose_secret()) {
        Some(token) if token.belongs_to(&provider.id) => token.kind.ok_or(Why::NotForRequests),
        Some(token) => {
            Err(Why::Foreign(token.owners.first().map_or_else(|| provider.id.clone(), |own| (*own).clone())))
        }
        None => by_place.ok_or_else(|| Why::Unclear(provider.id.clone())),
    }
}

/// An import as events: apply all of them in one transaction.
///
/// [`PutMode::Bulk`] replaces nothing and brings back nothing that was cleared; [`PutMode::Named`] is for the one that a person
/// asked for by name.
pub fn to_events(found: &[Found], how: PutMode) -> Vec<Event> {
    let put = |found: &Found| Put {
        provider: found.provider.clone(),
        label: found.label.clone(),
        material: found.material.clone(),
        source: found.source.clone(),
        how,
    };
    found.iter().map(|found| Event::Put(put(found))).collect()
}
