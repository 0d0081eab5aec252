//! What stood between this machine and an issuer, so that nothing was sent to it.

use serde::{Deserialize, Serialize};

/// Why an issuer could not be reached. It is kept beside the entry, so that whoever comes later can name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// What stood in the way.
    pub obstacle: Obstacle,
    /// What could not be reached: the issuer's host, or the proxy's with its port.
    pub host: String,
    /// The variable that names the proxy, if the proxy is in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

/// What may stand between this machine and an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Nobody knows an address for the name.
    NoAddress,
    /// Nothing there takes a connection.
    NoConnection,
    /// The proxy wants a user name and a password, or other ones.
    Password,
    /// The proxy makes no connection to the issuer.
    NoTunnel,
    /// The variable holds no address of a proxy.
    BadProxy,
    /// The certificate has ended, or begins later, by this machine's clock.
    CertificateTime,
    /// The certificate is another host's.
    CertificateName,
    /// What answers doesn't speak TLS.
    NoTls,
    /// Anything else, or what a newer version calls it.
    #[serde(other)]
    Other,
}

impl Unreached {
    /// Whether waiting may help: what somebody set wrong stays so.
    pub fn passes(&self) -> bool {
        !matches!(self.obstacle, Obstacle::Password | Obstacle::BadProxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_as_it_is_and_what_a_newer_version_calls_it_is_read() {
        let proxy = Unreached {
            obstacle: Obstacle::NoConnection,
            host: "proxy.example:3128".to_owned(),
            variable: Some("HTTPS_PROXY".to_owned()),
        };
        let text = r#"{"obstacle":"no_connection","host":"proxy.example:3128","variable":"HTTPS_PROXY"}"#;
        assert_eq!(serde_json::to_string(&proxy).unwrap(), text);
        assert_eq!(serde_json::from_str::<Unreached>(text).unwrap(), proxy);
        let newer: Unreached = serde_json::from_str(r#"{"obstacle":"eclipse","host":"a.example"}"#).unwrap();
        assert_eq!((newer.obstacle, newer.variable), (Obstacle::Other, None));
    }

    #[test]
    fn only_what_somebody_set_wrong_does_not_pass() {
        use Obstacle::{
            BadProxy, CertificateName, CertificateTime, NoAddress, NoConnection, NoTls, NoTunnel, Other, Password,
        };
        let passes = |obstacle| Unreached { obstacle, host: String::new(), variable: None }.passes();
        let passing = [NoAddress, NoConnection, NoTunnel, CertificateTime, CertificateName, NoTls, Other];
        assert!(passing.into_iter().all(passes));
        assert!(!passes(Password) && !passes(BadProxy));
    }
}
