//! The plan of a child's environment.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;

use serde::Serialize;

use super::{Class, PlanError, Target, Wanted, class, guards, harmless, shape};
use crate::state::name::ProviderId;
use crate::state::secret::Secret;

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
    providers: Vec<ProviderId>,
    set: Vec<(String, Value)>,
    /// Whose credential is in which of the variables that are set.
    owners: Vec<(String, ProviderId)>,
    keep: Vec<(OsString, OsString)>,
    judged: BTreeMap<OsString, (Class, Disposition)>,
}

/// A plan in names, for people and programs to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whom the child works for.
    pub provider: ProviderId,
    /// Whose credentials it gets besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<ProviderId>,
    /// The credentials and addresses that are set for it.
    pub set: Vec<String>,
    /// What is set besides, so that programs don't use credentials that they find elsewhere.
    pub guards: Vec<String>,
    /// What it does not inherit.
    pub dropped: Vec<String>,
    /// What it inherits although it looks like a credential.
    pub warned: Vec<String>,
    /// What it inherits only because it was allowed by name, now or by the profile's list.
    pub allowed: Vec<String>,
    /// Every inherited variable about which there is something to say.
    pub inherited: Vec<Judged>,
}

/// What is said of one inherited variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// What it is.
    pub class: Class,
    /// Whether the child gets it.
    pub verdict: Disposition,
}

/// What becomes of an inherited variable: whether a child gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It does.
    Passed,
    /// It does because somebody named it, and would not, or not without a word, otherwise.
    Allowed,
    /// It does not.
    Dropped,
}

/// Plans the environment of a child that works for one provider, or for several that were named.
///
/// Of what the parent has, nothing passes that is known as a credential, a base URL or a switch of any provider, of a tool
/// or of a cloud, by its name or by what it holds, unless it is allowed by name. What the child is to use is set anew from
/// the store, and nobody can allow what would take its place.
///
/// # Errors
/// There is no credential, no way to tell the child in this shape, or what is wanted can't be told together. The child must
/// not be started then.
pub fn plan<I>(parent: I, wanted: &Wanted<'_>) -> Result<EnvPlan, PlanError>
where
    I: IntoIterator<Item = (OsString, OsString)>,
{
    let set = shape::settings(wanted)?;
    let providers = wanted.targets.iter().map(|target| target.provider.id.clone()).collect();
    let owners = owners(wanted, &set);
    let mut plan = EnvPlan { providers, set, owners, keep: Vec::new(), judged: BTreeMap::new() };
    plan.set.extend(guards::context(wanted));
    for name in &wanted.inheritance.allow {
        if plan.sets_likewise(name) || shape::is_read(wanted, name) {
            return Err(PlanError::NotAllowed { name: name.clone(), provider: plan.providers[0].clone() });
        }
    }
    let guards = guards::guards(wanted, &plan.set);
    plan.set.extend(guards);
    for (name, value) in parent {
        let (class, verdict) = plan.verdict(wanted, &name.to_string_lossy(), &value.to_string_lossy());
        if plan.sets(&name) {
            // What is set anew is no news; what is shut out is.
            if class.is_kept_back() && guards::is_guard(&name.to_string_lossy()) {
                plan.judged.insert(name, (class, Disposition::Dropped));
            }
            continue;
        }
        if class != Class::Plain || verdict != Disposition::Passed {
            plan.judged.insert(name.clone(), (class, verdict));
        }
        if verdict != Disposition::Dropped {
            plan.keep.push((name, value));
        }
    }
    Ok(plan)
}

fn owners(wanted: &Wanted<'_>, set: &[(String, Value)]) -> Vec<(String, ProviderId)> {
    let has = |target: &&Target<'_>, value: &Value| match (target.credential, value) {
        (Some(own), Value::Secret(secret)) => own.secret == *secret,
        _ => false,
    };
    let owner =
        |value| wanted.targets.iter().find(|target| has(target, value)).map(|target| target.provider.id.clone());
    set.iter().filter_map(|(name, value)| Some((name.clone(), owner(value)?))).collect()
}

impl EnvPlan {
    fn verdict(&self, wanted: &Wanted<'_>, name: &str, value: &str) -> (Class, Disposition) {
        // A store or a profile that somebody else meant would be another account's.
        if guards::CONTEXT.contains(&name) && !wanted.context.is_empty() {
            return (Class::Plain, Disposition::Dropped);
        }
        let class = class::classify(wanted, name, value);
        let inheritance = wanted.inheritance;
        let is_listed = |list: &[String]| list.iter().any(|allowed| allowed == name);
        let is_meant =
            || is_listed(&inheritance.expected) && !self.sets_likewise(name) && !shape::is_read(wanted, name);
        let is_dropped = class.is_kept_back() || (inheritance.strict && !harmless::is_harmless(name, value));
        let verdict = match is_dropped {
            false if class == Class::Plain => Disposition::Passed,
            _ if is_listed(&inheritance.allow) || is_meant() => Disposition::Allowed,
            true => Disposition::Dropped,
            false => Disposition::Passed,
        };
        (class, verdict)
    }

    /// Whom the child works for, first the one that it was started for.
    pub fn providers(&self) -> &[ProviderId] {
        &self.providers
    }

    /// What is set, and to what.
    pub fn set(&self) -> &[(String, Value)] {
        &self.set
    }

    /// Whose credential is in the variable of this name, if one is set there.
    pub(super) fn owner(&self, name: &str) -> Option<&ProviderId> {
        self.owners.iter().find(|(set, _)| set == name).map(|(_, owner)| owner)
    }

    /// What the child inherits, byte for byte.
    pub fn keep(&self) -> &[(OsString, OsString)] {
        &self.keep
    }

    /// Inherited names that the child must not get. Whoever clears the child's environment first needs no such list.
    pub fn remove(&self) -> impl Iterator<Item = &OsStr> {
        self.named(Disposition::Dropped)
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

    /// The same whatever the case: on some systems the two are one variable.
    fn sets_likewise(&self, name: &str) -> bool {
        self.set.iter().any(|(set, _)| set.eq_ignore_ascii_case(name))
    }

    fn named(&self, verdict: Disposition) -> impl Iterator<Item = &OsStr> {
        self.judged.iter().filter(move |(_, (_, own))| *own == verdict).map(|(name, _)| name.as_os_str())
    }

    /// The plan in names, sorted.
    pub fn report(&self) -> Report {
        let set: BTreeSet<&String> = self.set.iter().map(|(name, _)| name).collect();
        let (guards, set) = set.into_iter().cloned().partition(|name| guards::is_guard(name));
        let names = |verdict| self.named(verdict).map(|name| name.to_string_lossy().into_owned()).collect();
        let judged = self.judged.iter().map(|(name, (class, verdict))| Judged {
            name: name.to_string_lossy().into_owned(),
            class: *class,
            verdict: *verdict,
        });
        Report {
            provider: self.providers[0].clone(),
            with: self.providers[1..].to_vec(),
            set,
            guards,
            dropped: names(Disposition::Dropped),
            // Of what passes only what looks like a credential was written down.
            warned: names(Disposition::Passed),
            allowed: names(Disposition::Allowed),
            inherited: judged.collect(),
        }
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
        let Report { set, guards, dropped, warned, allowed, .. } = self.report();
        f.debug_struct("EnvPlan")
            .field("providers", &self.providers)
            .field("set", &set)
            .field("guards", &guards)
            .field("kept", &kept)
            .field("dropped", &dropped)
            .field("warned", &warned)
            .field("allowed", &allowed)
            .finish_non_exhaustive()
    }
}
