//! Where a secret may be sent. A grant remembers the origins that its provider's row named when it came, and is sent to no
//! other until a person says so: a row that changes later must not redirect it.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::url::Url;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(url).unwrap()
    }

    fn origins(token: &str, revocation: &str) -> Origins {
        Origins { token: Origin::of(token), revocation: Origin::of(revocation) }
    }

    fn reach(token: &str, revocation: &str) -> Reach {
        let present = origins(token, revocation);
        Reach { usual: present.clone(), present, former: Vec::new(), ships: false, accepted: false }
    }

    const OLD: &str = "https://old.example/token";
    const NEW: &str = "https://new.example/token";

    #[test]
    fn an_origin_is_scheme_host_and_port_in_one_spelling() {
        for (url, spelled) in [
            ("https://A.example/x?y", "https://a.example"),
            ("HTTPS://a.example:443", "https://a.example"),
            ("https://a.example:8443/", "https://a.example:8443"),
            ("http://127.0.0.1:80/", "http://127.0.0.1"),
            ("http://[::1]:5000/x", "http://[::1]:5000"),
        ] {
            assert_eq!(origin(url).as_str(), spelled);
            assert_eq!(origin(spelled), origin(url));
        }
        assert_eq!(Origin::of("not a url"), None);
        assert_ne!(origin("http://localhost"), origin("https://localhost"));
    }

    #[test]
    fn every_combination_of_word_and_origin_is_judged_by_the_one_rule() {
        let places = [None, Origin::of(OLD), Origin::of(NEW)];
        for from in &places {
            for to in &places {
                for (ships, accepted, former) in
                    [(false, false, false), (true, false, false), (true, false, true), (false, true, false)]
                {
                    let reach = Reach {
                        present: Origins { token: to.clone(), revocation: None },
                        usual: Origins::default(),
                        former: if former { vec![origin(OLD)] } else { Vec::new() },
                        ships,
                        accepted,
                    };
                    let remembered = Origins { token: from.clone(), revocation: None };
                    let sends_elsewhere = to.is_some() && from != to;
                    let is_known = former && *from == Some(origin(OLD));
                    let is_first = ships && from.is_none();
                    let expected = !sends_elsewhere || accepted || is_known || is_first;
                    assert_eq!(reach.admits_token(Some(&remembered)), expected, "{remembered:?} {reach:?}");
                }
            }
        }
    }

    #[test]
    fn a_revocation_may_go_where_the_tokens_go_and_where_it_was_said_to_go() {
        let from = origins(OLD, "https://revoke.example");
        for (to, is_admitted) in [("https://revoke.example/x", true), (OLD, true), (NEW, false), ("", true)] {
            assert_eq!(reach(NEW, to).admits_revocation(Some(&from)), is_admitted, "{to}");
        }
    }
}
