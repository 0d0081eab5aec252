//! Whether a credential belongs at an address.

use super::{BadEndpoint, Provider, Url, endpoint};
use crate::state::origin::Origin;

/// Why a provider's credential must not be sent to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misdirected {
    /// It is not the provider's.
    Elsewhere(Origin),
    /// It can't be judged, or is another machine's and not encrypted.
    Unfit(BadEndpoint),
}

impl Provider {
    /// Whether the row names a host, so that it can be told where its credentials belong.
    pub fn has_hosts(&self) -> bool {
        !self.native_hosts.is_empty() || self.bases().next().is_some()
    }

    /// Whether a URL is the provider's: on one of its own hosts at the usual port, or where one of its base URLs is.
    pub fn is_at(&self, url: &Url<'_>) -> bool {
        let place = |url: &Url<'_>| (url.host.to_ascii_lowercase(), url.effective_port());
        let usual = if url.https { 443 } else { 80 };
        let is_own = self.is_native(url) && url.effective_port() == usual;
        is_own || self.bases().filter_map(Url::parse).any(|base| place(&base) == place(url))
    }

    /// Whether a credential of this provider may be sent to this URL. A row without hosts says of none that it may not.
    ///
    /// # Errors
    /// Says why not.
    pub fn admits(&self, address: &str) -> Result<(), Misdirected> {
        if !self.has_hosts() {
            return Ok(());
        }
        let url = endpoint(address).map_err(Misdirected::Unfit)?;
        if self.is_at(&url) {
            return Ok(());
        }
        Err(Origin::of(address).map_or(Misdirected::Unfit(BadEndpoint::NotAUrl), Misdirected::Elsewhere))
    }

    fn bases(&self) -> impl Iterator<Item = &str> {
        let urls = &self.base_urls;
        [&urls.own, &urls.anthropic, &urls.openai].into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &str) -> Provider {
        serde_json::from_str(&format!(r#"{{"id":"acme"{fields}}}"#)).unwrap()
    }

    #[test]
    fn a_credential_belongs_at_its_providers_hosts_and_nowhere_else() {
        let acme = row(r#","native_hosts":["acme.example"],"base_urls":{"openai":"https://gate.example:8443/v1"}"#);
        for own in ["https://acme.example", "https://ACME.example:443/x", "https://gate.example:8443/"] {
            assert_eq!(acme.admits(own), Ok(()), "{own}");
        }
        let elsewhere = |url: &str| Misdirected::Elsewhere(Origin::of(url).unwrap());
        for other in
            ["https://evil.example", "https://acme.example:8443", "https://gate.example", "https://sub.acme.example"]
        {
            assert_eq!(acme.admits(other), Err(elsewhere(other)), "{other}");
        }
        assert_eq!(acme.admits("http://acme.example"), Err(Misdirected::Unfit(BadEndpoint::NotEncrypted)));
        assert_eq!(acme.admits("https://acme.example@evil.example"), Err(Misdirected::Unfit(BadEndpoint::HasUserinfo)));
        assert_eq!(acme.admits("acme.example"), Err(Misdirected::Unfit(BadEndpoint::NotAUrl)));
    }

    #[test]
    fn a_server_on_this_machine_is_told_from_another_by_its_port() {
        let local = row(r#","base_urls":{"openai":"http://127.0.0.1:1234/v1"}"#);
        assert_eq!(local.admits("http://127.0.0.1:1234/v1/models"), Ok(()));
        assert!(local.admits("http://127.0.0.1:1235/").is_err());
    }

    #[test]
    fn a_row_without_hosts_refuses_nothing() {
        let open = row("");
        assert!(!open.has_hosts());
        for any in ["https://any.example", "http://any.example", "nonsense"] {
            assert_eq!(open.admits(any), Ok(()), "{any}");
        }
    }
}
