//! What kept a request from an issuer: told by where on its way the client failed. No part of a proxy's user name or password
//! is in it.

use std::io;

use credlatch_core::provider::Url;
use credlatch_core::rotation::{Obstacle, Unreached};

use super::proxy::Named;

/// A variable is set, and holds no address of a proxy.
pub(super) fn bad_proxy(url: &Url<'_>, variable: &str) -> Unreached {
    Unreached { obstacle: Obstacle::BadProxy, host: url.host.to_owned(), variable: Some(variable.to_owned()) }
}

/// What is the matter with the issuer, and no proxy's.
pub(super) fn at_issuer(url: &Url<'_>, obstacle: Obstacle) -> Unreached {
    Unreached { obstacle, host: url.host.to_owned(), variable: None }
}

/// What of a TLS handshake has a name of its own.
pub(super) fn in_handshake(error: &rustls::Error) -> Option<Obstacle> {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. },
        ) => Some(Obstacle::CertificateTime),
        rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            Some(Obstacle::CertificateName)
        }
        rustls::Error::InvalidMessage(_) => Some(Obstacle::NoTls),
        _ => None,
    }
}

/// What stood in the way of a request of which nothing was sent; `unknown` is the name that had no address.
pub(super) fn between(url: &Url<'_>, proxy: Option<&Named>, unknown: Option<&str>, error: &ureq::Error) -> Unreached {
    let issuer = |obstacle| at_issuer(url, obstacle);
    let direct_obstacle = if unknown.is_some() { Obstacle::NoAddress } else { direct(error) };
    let Some(Named { variable, proxy }) = proxy else { return issuer(direct_obstacle) };
    // Some proxies want an address, and so the issuer's name is looked up here.
    if unknown.is_some_and(|name| name != proxy.host() && name.eq_ignore_ascii_case(url.host)) {
        return issuer(Obstacle::NoAddress);
    }
    let obstacle = if unknown.is_some() { Obstacle::NoAddress } else { at_proxy(error) };
    let host = format!("{}:{}", proxy.host(), proxy.port());
    Unreached { obstacle, host, variable: Some((*variable).to_owned()) }
}

fn direct(error: &ureq::Error) -> Obstacle {
    match error {
        ureq::Error::Io(error) if is_of_connection(error.kind()) => Obstacle::NoConnection,
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => Obstacle::NoConnection,
        _ => Obstacle::Other,
    }
}

fn at_proxy(error: &ureq::Error) -> Obstacle {
    match error {
        ureq::Error::ConnectProxyFailed(why) if why.contains("407") => Obstacle::Password,
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => Obstacle::Password,
        ureq::Error::ConnectProxyFailed(_) => Obstacle::NoTunnel,
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionAborted => Obstacle::NoTunnel,
        error => direct(error),
    }
}

fn is_of_connection(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable
            | Kind::TimedOut
            | Kind::NotConnected
            | Kind::PermissionDenied
    )
}
