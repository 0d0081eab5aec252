//! As much of a URL as it takes to know to whom a secret would be sent.

use core::net::{Ipv4Addr, Ipv6Addr};

/// The parts of an `http` or `https` URL that decide who receives a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether the connection is encrypted.
    pub https: bool,
    /// The host as written, without brackets.
    pub host: &'a str,
    /// The port, if one is named.
    pub port: Option<u16>,
    /// Whether a user name or password stands before the host.
    pub has_userinfo: bool,
    /// Scheme, host and port: all before the path.
    pub origin: &'a str,
}

impl<'a> Url<'a> {
    /// Reads a URL. Anything that two readers could understand differently is `None`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        if text.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
            return None;
        }
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (userinfo, host_port) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
        let (host, port) = host_and_port(host_port)?;
        let origin = &text[..scheme.len() + "://".len() + authority.len()];
        Some(Self { https, host, port, has_userinfo: userinfo.is_some(), origin })
    }

    /// The port that is connected to: the scheme's own where none is named.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Whether the host is this machine, in a spelling that no resolver decides.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || self.host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The parts of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(host_port: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match host_port.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match host_port.split_once(':') {
            Some((host, port)) => (plain_host(host)?, Some(port)),
            None => (plain_host(host_port)?, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) => Some(port_number(text)?),
    };
    Some((host, port))
}

/// A port is digits alone (RFC 3986 §3.2.3); a number may have a sign.
fn port_number(text: &str) -> Option<u16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn plain_host(host: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_not_named_is_the_schemes_own() {
        let port = |text: &str| Url::parse(text).unwrap().effective_port();
        assert_eq!([port("https://a/x"), port("http://a"), port("http://[::1]:81/")], [443, 80, 81]);
        assert_eq!(Url::parse("https://a").unwrap().port, None);
    }

    #[test]
    fn a_port_is_digits_alone() {
        let ports = ["https://a:+443/", "https://a:-1", "https://a:", "https://a:65536", "https://[::1]:+443"];
        assert_eq!(ports.map(Url::parse), [None; 5]);
    }

    #[test]
    fn the_origin_is_all_before_the_path() {
        assert_eq!(Url::parse("http://[::1]:80/a/b").unwrap().origin, "http://[::1]:80");
        assert_eq!(Url::parse("https://a?b").unwrap().origin, "https://a");
    }
}
