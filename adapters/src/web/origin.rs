//! Whether a browser asks from a page of this server.

use std::net::IpAddr;

use http::header::{HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, Scheme, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The addresses under which people reach the server, beside this machine's own names.
#[derive(Debug, Default)]
pub(super) struct Origins(Vec<Origin>);

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// It asks for another server, or for none.
    Host,
    /// It comes from a page of another site.
    Page,
}

impl Origins {
    pub(super) fn allow(&mut self, origin: &str) {
        let parsed = Origin::parse(origin);
        self.0.push(parsed.expect("an origin is a scheme and a host, such as https://agents.example"));
    }

    /// Whether the request asks for this server by a name it goes by.
    pub(super) fn check_host(&self, parts: &Parts) -> Result<Authority, Stranger> {
        let mut named = parts.headers.get_all(HOST).iter();
        let header = match (named.next(), named.next()) {
            (Some(host), None) => Some(Authority::try_from(host.as_bytes()).map_err(|_| Stranger::Host)?),
            (None, _) => None,
            (Some(_), Some(_)) => return Err(Stranger::Host),
        };
        let host = header.or_else(|| parts.uri.authority().cloned()).ok_or(Stranger::Host)?;
        let is_known = is_this_machine(host.host()) || self.0.iter().any(|origin| origin.is_at(&host));
        if is_known { Ok(host) } else { Err(Stranger::Host) }
    }

    /// Whether it also comes from a page of this server, as far as it says. Browsers say where a request to another site
    /// comes from; programs say nothing.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Stranger> {
        let host = self.check_host(parts)?;
        let mut origins = parts.headers.get_all(ORIGIN).iter();
        if let Some(origin) = origins.next() {
            let origin = origin.to_str().ok().and_then(Origin::parse).ok_or(Stranger::Page)?;
            let is_own = is_this_machine(host.host()) && origin.is_at(&host);
            let is_let_in = origins.next().is_none() && (is_own || self.0.contains(&origin));
            return if is_let_in { Ok(()) } else { Err(Stranger::Page) };
        }
        let is_own = |site: &http::HeaderValue| site == "same-origin" || site == "none";
        if parts.headers.get_all(SEC_FETCH_SITE).iter().all(is_own) { Ok(()) } else { Err(Stranger::Page) }
    }
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme()?.clone(), uri.authority()?);
        let usual = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let is_web = scheme == Scheme::HTTPS || scheme == Scheme::HTTP;
        let is_bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/') && !text.contains('@');
        let port = authority.port_u16().unwrap_or(usual);
        (is_web && is_bare).then(|| Self { scheme, host: authority.host().to_ascii_lowercase(), port })
    }

    fn is_at(&self, host: &Authority) -> bool {
        let usual = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        self.host.eq_ignore_ascii_case(host.host()) && self.port == host.port_u16().unwrap_or(usual)
    }
}

/// Names that nobody else can point at this machine.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)]) -> Result<(), Stranger> {
        let mut origins = Origins::default();
        origins.allow("https://agents.example");
        origins.allow("http://inside.example:8080");
        let mut request = http::Request::builder().uri("/start");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        origins.check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn pages_of_this_server_are_let_in() {
        for headers in [
            &[("host", "127.0.0.1:3000")][..],
            &[("host", "localhost:3000"), ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")],
            &[("host", "[::1]:3000"), ("origin", "http://[::1]:3000")],
            &[("host", "agents.example"), ("origin", "https://agents.example")],
            &[("host", "AGENTS.example"), ("sec-fetch-site", "same-origin")],
            &[("host", "agents.example:443"), ("sec-fetch-site", "none")],
            &[("host", "inside.example:8080"), ("origin", "http://inside.example:8080")],
            // Behind a proxy that names itself.
            &[("host", "127.0.0.1:3000"), ("origin", "https://agents.example"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(check(headers), Ok(()), "{headers:?}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for host in ["evil.example", "agents.example.evil.example", "inside.example", "10.0.0.1:3000", "a b", ""] {
            assert_eq!(check(&[("host", host)]), Err(Stranger::Host), "{host}");
        }
        assert_eq!(check(&[]), Err(Stranger::Host));
        assert_eq!(check(&[("host", "localhost"), ("host", "evil.example")]), Err(Stranger::Host));
    }

    #[test]
    fn other_pages_are_refused() {
        for origin in [
            "https://evil.example",
            "null",
            "http://agents.example",
            "http://localhost:3001",
            "http://localhost",
            "https://agents.example.evil.example",
            "https://agents.example@evil.example",
            "file://localhost:3000",
            "",
        ] {
            let headers = [("host", "localhost:3000"), ("origin", origin)];
            assert_eq!(check(&headers), Err(Stranger::Page), "{origin}");
        }
        for site in ["cross-site", "same-site", "elsewhere"] {
            assert_eq!(check(&[("host", "localhost:3000"), ("sec-fetch-site", site)]), Err(Stranger::Page), "{site}");
        }
    }
}
