//! Puts an environment in order that somebody else has filled: each credential in the variable it belongs in, strangers
//! out, and no key beside an address that is not its provider's.

use std::ffi::OsString;
use std::fmt;

use super::dialect::{Dialect, SHAPES};
use super::{Missing, class, cloud, decoded, suspect};
use crate::provider::{Provider, Table, UnknownProvider, WireKind, endpoint, sniff};
use crate::state::name::ProviderId;
use crate::state::secret::Secret;

/// An environment in order, and what had to be done. `Debug` shows names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalised {
    /// Whom it is for.
    pub provider: ProviderId,
    /// The environment, with values: for the child, not for a log.
    pub env: Vec<(OsString, OsString)>,
    /// Credentials and base URLs of the provider that stay.
    pub kept: Vec<String>,
    /// Credentials that were in the wrong variable.
    pub moved: Vec<Moved>,
    /// Values that had white space around them.
    pub trimmed: Vec<String>,
    /// What belongs to somebody else, or is unusable.
    pub dropped: Vec<String>,
    /// The provider's base URL variables with an address that isn't the provider's.
    pub refused: Vec<String>,
    /// What stays although nobody can tell whose it is.
    pub warned: Vec<String>,
    /// Base URL variables without which a credential that was found here can't be used.
    pub needs: Vec<String>,
    /// No credential is left: the child must not be started.
    pub missing: Option<Missing>,
}

/// A credential went from one variable to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub from: String,
    /// Where its content says it belongs.
    pub to: String,
}

/// A credential of the provider, and the variable that it belongs in.
struct Candidate {
    from: String,
    to: String,
    is_trimmed: bool,
    secret: Secret,
}

enum Handling {
    Keep,
    Warn,
    Drop,
    Refuse,
    Url(String),
    Needs(&'static str),
    Candidate(Candidate),
}

struct Normaliser<'a> {
    table: &'a Table,
    provider: &'a Provider,
    /// Dialects whose base URL is set to this provider: the key beside it is this provider's, too.
    adopted: Vec<&'static Dialect>,
    has_bad_url: bool,
}

/// Puts an environment in order for the provider that is configured. Doing it again changes nothing.
///
/// # Errors
/// The provider is not known.
pub fn normalise<I>(env: I, table: &Table, configured: &str) -> Result<Normalised, UnknownProvider>
where
    I: IntoIterator<Item = (OsString, OsString)>,
{
    let provider = table.resolve(configured)?;
    let env: Vec<_> = env.into_iter().collect();
    let normaliser = Normaliser::new(table, provider, &env);
    let mut out = Normalised::empty(provider);
    let mut candidates = Vec::new();
    for (name, value) in env {
        let text = name.to_string_lossy().into_owned();
        match normaliser.handling(&text, &value) {
            Handling::Keep => out.env.push((name, value)),
            Handling::Warn => {
                out.warned.push(text);
                out.env.push((name, value));
            }
            Handling::Drop => out.dropped.push(text),
            Handling::Refuse => out.refused.push(text),
            Handling::Needs(url) => {
                out.dropped.push(text);
                out.needs.push(url.to_owned());
            }
            Handling::Url(url) => {
                if value != OsString::from(&url) {
                    out.trimmed.push(text.clone());
                }
                out.kept.push(text);
                out.env.push((name, url.into()));
            }
            Handling::Candidate(candidate) => candidates.push(candidate),
        }
    }
    out.missing = candidates.is_empty().then(|| Missing::for_provider(provider));
    out.assign(&normaliser, candidates);
    Ok(out)
}

impl<'a> Normaliser<'a> {
    fn new(table: &'a Table, provider: &'a Provider, env: &[(OsString, OsString)]) -> Self {
        let values = |name: &'a str| env.iter().filter(move |(own, _)| own == name).map(|(_, value)| value);
        let is_home = |value: &OsString| value.to_str().is_some_and(|text| home(table, provider, text).is_some());
        let speaks = |dialect: &&Dialect| !dialect.is_native_to(provider) && values(dialect.url).any(is_home);
        let has_bad_url = provider.env.base_url.iter().any(|name| values(name).any(|value| !is_home(value)));
        Self { table, provider, adopted: SHAPES.iter().filter(speaks).collect(), has_bad_url }
    }

    fn handling(&self, name: &str, value: &OsString) -> Handling {
        let lossy = value.to_string_lossy();
        let provider = self.provider;
        let is_own_url = provider.env.base_url.iter().any(|own| own == name);
        if is_own_url || self.adopted.iter().any(|dialect| dialect.url == name) {
            return match (lossy.trim().is_empty(), home(self.table, provider, &lossy)) {
                (true, _) => Handling::Drop,
                (false, Some(url)) => Handling::Url(url.to_owned()),
                (false, None) => Handling::Refuse,
            };
        }
        let is_adopted = self.adopted.iter().any(|dialect| dialect.key == name);
        if is_adopted || provider.credential_names().any(|own| own == name) {
            return self.candidate(name, &lossy, is_adopted).map_or(Handling::Drop, Handling::Candidate);
        }
        if let Some(dialect) = SHAPES.iter().find(|dialect| dialect.key == name)
            && dialect.endpoint(provider).is_some()
            && sniff::whole(self.table, lossy.trim()).is_some_and(|token| token.belongs_to(&provider.id))
        {
            return Handling::Needs(dialect.url);
        }
        let is_a_strangers = |text: &str| {
            class::is_a_strangers_url(self.table, &[provider], name, text)
                || self.holds_a_strangers_token(text)
                || cloud::holds_a_key(text)
                || class::of_assigned(self.table, text, |_| false).is_kept_back()
        };
        if class::of_name(self.table, &[provider], name).is_kept_back()
            || decoded::readings(&lossy).iter().any(|text| is_a_strangers(text))
        {
            return Handling::Drop;
        }
        if suspect::looks_like_a_credential(name, &lossy) { Handling::Warn } else { Handling::Keep }
    }

    /// Where a value in one of the provider's variables belongs; `None` if it is nobody's or somebody else's.
    fn candidate(&self, name: &str, value: &str, is_adopted: bool) -> Option<Candidate> {
        let secret = Secret::try_from(value).ok()?;
        let text = secret.expose_secret();
        if self.holds_a_strangers_token(text) {
            return None;
        }
        let to = match sniff::whole(self.table, text).map(|token| token.kind) {
            _ if is_adopted => name.to_owned(),
            Some(kind) => self.home_of(kind?, name),
            // An address that isn't the provider's was refused; an unknown token beside it was meant for that address.
            None if self.is_open_to_either(name) && self.has_bad_url => return None,
            None => name.to_owned(),
        };
        Some(Candidate { from: name.to_owned(), to, is_trimmed: text != value, secret })
    }

    fn home_of(&self, kind: WireKind, name: &str) -> String {
        let homes = self.provider.names_for(kind);
        let is_home = homes.iter().any(|home| home == name);
        homes.first().filter(|_| !is_home).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn holds_a_strangers_token(&self, text: &str) -> bool {
        holds_a_strangers_token(self.table, self.provider, text)
    }

    fn is_open_to_either(&self, name: &str) -> bool {
        self.provider.env.either.iter().any(|own| own == name)
    }
}

/// The address, if a key of this provider may be sent there and none of another's is in it. A provider without hosts of its
/// own may be anywhere.
fn home<'t>(table: &Table, provider: &Provider, text: &'t str) -> Option<&'t str> {
    let url = endpoint(text.trim()).ok()?;
    let is_own = provider.native_hosts.is_empty() || provider.is_native(&url);
    (is_own && !holds_a_strangers_token(table, provider, text)).then(|| text.trim())
}

fn holds_a_strangers_token(table: &Table, provider: &Provider, text: &str) -> bool {
    sniff::tokens(table, text).iter().any(|token| !token.belongs_to(&provider.id))
}

impl Normalised {
    fn empty(provider: &Provider) -> Self {
        Self {
            provider: provider.id.clone(),
            env: Vec::new(),
            kept: Vec::new(),
            moved: Vec::new(),
            trimmed: Vec::new(),
            dropped: Vec::new(),
            refused: Vec::new(),
            warned: Vec::new(),
            needs: Vec::new(),
            missing: None,
        }
    }

    /// Gives each variable to one candidate: to what is there already, else to what came first.
    fn assign(&mut self, normaliser: &Normaliser<'_>, mut candidates: Vec<Candidate>) {
        candidates.sort_by_key(|candidate| candidate.from != candidate.to);
        let mut taken: Vec<String> = Vec::new();
        for candidate in candidates {
            if taken.contains(&candidate.to) {
                self.dropped.push(candidate.from);
                continue;
            }
            taken.push(candidate.to.clone());
            self.env.push((candidate.to.clone().into(), candidate.secret.expose_secret().into()));
            if candidate.from != candidate.to {
                self.moved.push(Moved { from: candidate.from, to: candidate.to });
                continue;
            }
            if candidate.is_trimmed {
                self.trimmed.push(candidate.from.clone());
            }
            if normaliser.is_open_to_either(&candidate.from) {
                self.warned.push(candidate.from.clone());
            }
            self.kept.push(candidate.from);
        }
    }

    /// Whether anything had to be done.
    pub fn is_changed(&self) -> bool {
        let moved = self.moved.iter().map(|moved| &moved.from);
        moved.chain(&self.trimmed).chain(&self.dropped).chain(&self.refused).next().is_some()
    }
}

impl fmt::Debug for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Normalised")
            .field("provider", &self.provider)
            .field("env", &names)
            .field("kept", &self.kept)
            .field("moved", &self.moved)
            .field("trimmed", &self.trimmed)
            .field("dropped", &self.dropped)
            .field("refused", &self.refused)
            .field("warned", &self.warned)
            .field("needs", &self.needs)
            .field("missing", &self.missing)
            .finish()
    }
}
