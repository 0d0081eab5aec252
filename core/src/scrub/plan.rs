//! The plan of a child's environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt;

use serde::Serialize;

use super::{PlanError, Strictness, Wanted, names, shape};
use crate::name::ProviderId;
use crate::provider::sniff;
use crate::secret::Secret;

/// What a variable is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A credential.
    Secret(Secret),
    /// Something that anybody may read, such as a base URL.
    Plain(String),
}

/// The whole environment of a child. `Debug` shows names only.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvPlan {
    provider: ProviderId,
    set: Vec<(String, Value)>,
    keep: Vec<(OsString, OsString)>,
    dropped: BTreeSet<OsString>,
    warned: BTreeSet<OsString>,
}

/// A plan in names, for people and programs to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whom the child works for.
    pub provider: ProviderId,
    /// What is set for it.
    pub set: Vec<String>,
    /// What it does not inherit.
    pub dropped: Vec<String>,
    /// What it inherits although the name looks like a credential's.
    pub warned: Vec<String>,
}

enum Verdict {
    Keep,
    Warn,
    Drop,
}

/// Plans the environment of a child that works for one provider.
///
/// Of what the parent has, nothing passes that is known as a credential, a base URL or a switch of any provider, by its
/// name or by what it holds; the provider's own is set anew from the store.
///
/// # Errors
/// There is no credential, or no way to tell the child in this shape. The child must not be started then.
pub fn plan<I>(parent: I, wanted: &Wanted<'_>) -> Result<EnvPlan, PlanError>
where
    I: IntoIterator<Item = (OsString, OsString)>,
{
    let set = shape::settings(wanted)?;
    let provider = wanted.provider.id.clone();
    let mut plan = EnvPlan { provider, set, keep: Vec::new(), dropped: BTreeSet::new(), warned: BTreeSet::new() };
    for (name, value) in parent {
        match judge(wanted, &name.to_string_lossy(), &value.to_string_lossy()) {
            Verdict::Drop if plan.sets(&name) => {}
            Verdict::Drop => {
                plan.dropped.insert(name);
            }
            Verdict::Warn => {
                plan.warned.insert(name.clone());
                plan.keep.push((name, value));
            }
            Verdict::Keep => plan.keep.push((name, value)),
        }
    }
    Ok(plan)
}

/// Reads a name and a value lossily: what is not text can't hide a token that is.
fn judge(wanted: &Wanted<'_>, name: &str, value: &str) -> Verdict {
    let is_ours = |token: &sniff::Token<'_>| wanted.credential.is_some_and(|c| token.is(c.secret.expose_secret()));
    let table = wanted.table;
    let is_known = names::is_a_providers(table, name) || names::is_cloud_credential(name);
    let is_let_through = match wanted.strictness {
        Strictness::Default => true,
        Strictness::Strict { allow } => allow.iter().any(|allowed| allowed == name) || names::is_harmless(name, value),
    };
    if !is_let_through
        || is_known
        || names::is_a_strangers_url(table, wanted.provider, value)
        || !sniff::tokens(table, value).iter().all(is_ours)
    {
        return Verdict::Drop;
    }
    let has_password = names::is_proxy(name) && names::has_userinfo(value);
    let is_suspect = has_password || names::looks_like_a_credential(name);
    if is_suspect && !value.is_empty() { Verdict::Warn } else { Verdict::Keep }
}

impl EnvPlan {
    /// Whom the child works for.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// What is set, and to what.
    pub fn set(&self) -> &[(String, Value)] {
        &self.set
    }

    /// What the child inherits, byte for byte.
    pub fn keep(&self) -> &[(OsString, OsString)] {
        &self.keep
    }

    /// Inherited names that the child must not get. Whoever clears the child's environment first needs no such list.
    pub fn remove(&self) -> impl Iterator<Item = &OsStr> {
        self.dropped.iter().map(OsString::as_os_str)
    }

    /// The child's whole environment: clear it, then apply these.
    pub fn env(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let kept = self.keep.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        kept.chain(self.set.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value.expose()))))
    }

    /// Whether the plan sets a variable of this name.
    pub fn sets(&self, name: impl AsRef<OsStr>) -> bool {
        self.set.iter().any(|(set, _)| OsStr::new(set) == name.as_ref())
    }

    /// The plan in names, sorted.
    pub fn report(&self) -> Report {
        let mut set: Vec<String> = self.set.iter().map(|(name, _)| name.clone()).collect();
        set.sort();
        let texts = |names: &BTreeSet<OsString>| names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        Report { provider: self.provider.clone(), set, dropped: texts(&self.dropped), warned: texts(&self.warned) }
    }
}

impl Value {
    /// The text to put into the child's environment.
    pub fn expose(&self) -> &str {
        match self {
            Self::Secret(secret) => secret.expose_secret(),
            Self::Plain(text) => text,
        }
    }
}

impl fmt::Debug for EnvPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept: Vec<_> = self.keep.iter().map(|(name, _)| name).collect();
        let Report { provider, set, dropped, warned } = self.report();
        f.debug_struct("EnvPlan")
            .field("provider", &provider)
            .field("set", &set)
            .field("kept", &kept)
            .field("dropped", &dropped)
            .field("warned", &warned)
            .finish()
    }
}
