//! Where a credential is about to be sent, and whether it belongs there.
//!
//! The configuration line names the provider, so this only has to refuse: a line that covers every host, such as git's
//! global `credential.helper`, must not hand the secret to whoever asks for it with a 401.

use credlatch::core::provider::{BadEndpoint, Provider, Url, endpoint};

/// A host that a configuration line names, with or without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Reads `HOST` or `HOST:PORT`.
    pub(crate) fn named(text: &str) -> Result<Self, BadEndpoint> {
        let address = format!("https://{text}");
        let url = endpoint(&address)?;
        // Whoever writes a path expects it to count.
        if url.origin.len() != address.len() {
            return Err(BadEndpoint::NotAUrl);
        }
        Ok(Self { name: url.host.to_owned(), port: url.port })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> String {
        let name = if self.name.contains(':') { format!("[{}]", self.name) } else { self.name.clone() };
        self.port.map_or(name.clone(), |port| format!("{name}:{port}"))
    }

    fn is(&self, url: &Url<'_>) -> bool {
        self.name.eq_ignore_ascii_case(url.host) && self.port.unwrap_or_else(|| usual_port(url)) == url.effective_port()
    }
}

/// Why a credential stays here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HostRefusal {
    /// It belongs elsewhere.
    Elsewhere(Host),
    /// It would go to no address that can be judged, or in the clear to another machine.
    Unfit(BadEndpoint),
}

impl HostRefusal {
    pub(super) fn message(&self, row: &Provider) -> String {
        match self {
            Self::Elsewhere(host) => {
                format!("{} is not a host of {}, so its credential was not handed out", host.text(), row.id)
            }
            Self::Unfit(why) => format!("the {} credential was not handed out: {why}", row.id),
        }
    }

    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Elsewhere(host) => {
                format!("if it belongs there, add `--host {}` to the line that configures this helper", host.text())
            }
            Self::Unfit(_) => "mend the address in the configuration of the program that asked".to_owned(),
        }
    }
}

/// Whether a credential of this provider may be sent to this address, a URL or `HOST[:PORT]`: it must be one of the
/// hosts that the line names, one of the provider's own at the usual port, or where one of its base URLs is.
pub(super) fn check(row: &Provider, named: &[Host], address: &str) -> Result<(), HostRefusal> {
    // Docker names a registry without a scheme, and speaks https to all that are not on this machine.
    let address = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url = endpoint(&address).map_err(HostRefusal::Unfit)?;
    if row.is_at(&url) || named.iter().any(|host| host.is(&url)) {
        return Ok(());
    }
    Err(HostRefusal::Elsewhere(Host { name: url.host.to_owned(), port: url.port }))
}

fn usual_port(url: &Url<'_>) -> u16 {
    if url.https { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Provider {
        let text =
            r#"{"id":"acme","native_hosts":["acme.example"],"base_urls":{"own":"https://gate.example:8443/v1"}}"#;
        serde_json::from_str(text).unwrap()
    }

    fn goes(named: &[&str], address: &str) -> bool {
        let named: Vec<_> = named.iter().map(|host| Host::named(host).unwrap()).collect();
        check(&row(), &named, address).is_ok()
    }

    #[test]
    fn a_credential_goes_to_the_hosts_that_are_its_providers_and_to_no_other() {
        for own in
            ["https://acme.example", "https://ACME.example/x/y.git", "acme.example", "https://gate.example:8443/"]
        {
            assert!(goes(&[], own), "{own}");
        }
        for other in [
            "https://evil.example",
            "https://acme.example.evil.example",
            "https://sub.acme.example",
            "https://acme.example@evil.example/",
            "https://user@acme.example",
            "https://acme.example:8443",
            "https://gate.example",
            "http://acme.example",
            "ssh://acme.example",
            "acme.example\\@evil.example",
            "",
        ] {
            assert!(!goes(&[], other), "{other}");
        }
    }

    #[test]
    fn a_line_may_name_more_hosts() {
        assert!(goes(&["other.example"], "https://other.example/index.git"));
        assert!(goes(&["other.example:8443"], "other.example:8443"));
        assert!(goes(&["127.0.0.1"], "http://127.0.0.1/"));
        assert!(goes(&["127.0.0.1:5000"], "http://127.0.0.1:5000"));
        assert!(goes(&["[::1]:5000"], "http://[::1]:5000/"));
        assert!(!goes(&["other.example"], "https://other.example:8443"), "another port is another server");
        assert!(!goes(&["other.example:8443"], "https://other.example"));
        assert!(!goes(&["other.example"], "http://other.example"), "in the clear");
    }

    #[test]
    fn a_line_names_hosts_and_nothing_else() {
        for bad in ["", "*", "https://a.example", "a.example/", "a.example/path", "u@a.example", "a b", "a:x", "a?x"] {
            assert!(Host::named(bad).is_err(), "{bad}");
        }
        assert_eq!(Host::named("[::1]:5").unwrap().text(), "[::1]:5");
        assert_eq!(Host::named("a.example").unwrap().text(), "a.example");
    }

    #[test]
    fn a_refusal_names_the_host_and_what_to_add() {
        let refused = check(&row(), &[], "https://evil.example:81/x").unwrap_err();
        assert!(refused.message(&row()).starts_with("evil.example:81 is not a host of acme"));
        assert!(refused.remedy().contains("--host evil.example:81"));
        let refused = check(&row(), &[], "https://user:hush@acme.example/").unwrap_err();
        assert!(!refused.message(&row()).contains("hush"));
    }
}
