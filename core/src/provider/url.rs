//! As much of a URL as it takes to know to whom a secret would be sent.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::BadEndpoint;

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
    Some((host, port.map(str::parse).transpose().ok()?))
}

fn plain_host(host: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

/// Reads a URL to which secrets may be sent: encrypted, or to this machine, and without credentials of its own.
///
/// # Errors
/// Says which of these it is not. The text is not repeated: it may hold a password.
pub fn endpoint(text: &str) -> Result<Url<'_>, BadEndpoint> {
    let url = Url::parse(text).ok_or(BadEndpoint::NotAUrl)?;
    if url.has_userinfo {
        return Err(BadEndpoint::HasUserinfo);
    }
    if !url.https && !url.is_loopback() {
        return Err(BadEndpoint::NotEncrypted);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for good in [
            "https://example.com",
            "HTTPS://Example.com:8443/v1?x#y",
            "http://127.0.0.1:8080/token",
            "http://127.9.9.9",
            "http://[::1]:1/",
            "http://localhost:5/x",
        ] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in ["http://example.com", "http://127.0.0.1.evil.example/", "http://localhost.evil", "http://127.1/"] {
            assert_eq!(endpoint(bad), Err(BadEndpoint::NotEncrypted), "{bad}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_no_url() {
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://a b",
            "https://a/b c",
            "https://a/b\u{7f}c",
            "https://a\\@b",
            "https://a:b:c",
            "https://a:99999",
            "https://[::1",
            "https://[::1]x",
            "https://a_b%2f",
        ] {
            assert_eq!(endpoint(bad), Err(BadEndpoint::NotAUrl), "{bad}");
        }
        assert_eq!(endpoint("https://user:pw@example.com"), Err(BadEndpoint::HasUserinfo));
        assert_eq!(Url::parse("https://api.good.example@evil.example/").unwrap().host, "evil.example");
    }

    #[test]
    fn a_port_that_is_not_named_is_the_schemes_own() {
        let port = |text: &str| Url::parse(text).unwrap().effective_port();
        assert_eq!([port("https://a/x"), port("http://a"), port("http://[::1]:81/")], [443, 80, 81]);
        assert_eq!(Url::parse("https://a").unwrap().port, None);
    }

    #[test]
    fn the_origin_is_all_before_the_path() {
        assert_eq!(Url::parse("http://[::1]:80/a/b").unwrap().origin, "http://[::1]:80");
        assert_eq!(Url::parse("https://a?b").unwrap().origin, "https://a");
    }
}
