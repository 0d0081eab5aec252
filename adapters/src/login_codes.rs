//! The short codes of a login for which nothing could be sent, or not to whom it was meant for. A flow keeps the code alone:
//! whoever speaks to the issuer gives it, and the error explains it.

use credlatch_core::rotation::Obstacle;
#[cfg(feature = "oauth")]
use credlatch_core::rotation::Unreached;

/// Nobody who is trusted vouches for the server that answered.
pub(crate) const UNTRUSTED: &str = "untrusted_certificate";

/// Nothing could be sent.
#[cfg(feature = "oauth")]
pub(crate) const UNREACHABLE: &str = "unreachable";

/// The obstacles by their short codes, and whether a proxy was in the way.
const OBSTACLES: [(&str, Obstacle, bool); 11] = [
    ("no_address", Obstacle::NoAddress, false),
    ("no_connection", Obstacle::NoConnection, false),
    ("proxy_no_address", Obstacle::NoAddress, true),
    ("proxy_no_connection", Obstacle::NoConnection, true),
    ("proxy_password", Obstacle::Password, true),
    ("proxy_no_tunnel", Obstacle::NoTunnel, true),
    ("proxy_unreachable", Obstacle::Other, true),
    ("bad_proxy", Obstacle::BadProxy, true),
    ("certificate_time", Obstacle::CertificateTime, false),
    ("certificate_name", Obstacle::CertificateName, false),
    ("no_tls", Obstacle::NoTls, false),
];

/// The code of a login that met this.
#[cfg(feature = "oauth")]
pub(crate) fn unreached(unreached: &Unreached) -> &'static str {
    let is_it = |(_, obstacle, is_proxy): &&(&str, Obstacle, bool)| {
        *obstacle == unreached.obstacle && *is_proxy == unreached.variable.is_some()
    };
    OBSTACLES.iter().find(is_it).map_or(UNREACHABLE, |(code, ..)| *code)
}

/// The obstacle of this code, and whether a proxy was in the way.
pub(crate) fn obstacle(code: &str) -> Option<(Obstacle, bool)> {
    OBSTACLES.iter().find(|(own, ..)| *own == code).map(|(_, obstacle, is_proxy)| (*obstacle, *is_proxy))
}
