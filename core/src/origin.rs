//! Where a secret may be sent. A grant remembers the origins that its provider's row named when it came, and is sent to no
//! other until a person says so: a row that changes later must not redirect it.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::{Outcome, Verdict};
use crate::name::{Label, ProviderId};
use crate::provider::Url;
use crate::state::State;

/// Scheme, host and port of a URL (RFC 6454), spelled in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(String);

/// The origins to which a row sends a grant's secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    /// Of the token endpoint, which is sent refresh tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Origin>,
    /// Of the revocation endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Origin>,
}

/// How far a provider's row in use reaches, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where it sends secrets now.
    pub present: Origins,
    /// Where a grant came from that remembers nothing, because an older version stored it: what the row says that ships, or
    /// this one if none ships for the provider.
    pub usual: Origins,
    /// Where the row sent secrets in earlier versions; none unless the row ships.
    pub former: Vec<Origin>,
    /// Whether the row ships.
    pub ships: bool,
    /// Whether a person said that secrets may go where this row sends them.
    pub accepted: bool,
}

/// Write down where a grant came from. It is written once; only an accepted move changes it.
#[derive(Clone, Debug, PartialEq)]
pub struct NameOrigins {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// Its version.
    pub version: u64,
    /// Where it came from.
    pub origins: Origins,
}

impl Origin {
    /// The origin of an `http` or `https` URL.
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url)?;
        let scheme = if url.https { "https" } else { "http" };
        let host = url.host.to_ascii_lowercase();
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let usual = if url.https { 443 } else { 80 };
        let port = url.effective_port();
        Some(Self(if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Reach {
    /// Whether a refresh token that came from there may be presented where the row sends it. `None` is a grant that
    /// remembers nothing.
    pub fn admits_token(&self, remembered: Option<&Origins>) -> bool {
        let from = remembered.unwrap_or(&self.usual);
        self.is_no_change(from.token.as_ref(), self.present.token.as_ref())
    }

    /// Whether a token that came from there may be named to the row's revocation endpoint. The issuer's token endpoint knows
    /// it already.
    pub fn admits_revocation(&self, remembered: Option<&Origins>) -> bool {
        let from = remembered.unwrap_or(&self.usual);
        let to = self.present.revocation.as_ref();
        self.is_no_change(from.revocation.as_ref(), to) || (from.token.is_some() && from.token.as_ref() == to)
    }

    fn is_no_change(&self, from: Option<&Origin>, to: Option<&Origin>) -> bool {
        let Some(to) = to else { return true };
        self.accepted
            || match from {
                Some(from) => from == to || self.former.contains(from),
                None => self.ships,
            }
    }

    /// What a grant remembers once its refresh token may be presented: where it goes now, as far as it may.
    pub(crate) fn remembered_after(&self, remembered: Option<&Origins>) -> Origins {
        let from = remembered.unwrap_or(&self.usual).clone();
        let revocation = self.present.revocation.clone().filter(|_| self.admits_revocation(remembered));
        Origins { token: self.present.token.clone().or(from.token), revocation: revocation.or(from.revocation) }
    }
}

pub(crate) fn name(state: &mut State, name: &NameOrigins) -> Outcome {
    let slot = state.providers.get_mut(&name.provider);
    let entry = slot.and_then(|slot| slot.entry_mut(name.label.as_str())).filter(|entry| entry.version == name.version);
    match entry.and_then(|entry| entry.grant_mut()) {
        Some(grant) if grant.origins.is_none() => {
            grant.origins = Some(name.origins.clone());
            Verdict::Done.into()
        }
        _ => Verdict::Stale.into(),
    }
}

#[cfg(test)]
mod tests;
