//! The host in an address, read as leniently as any program might read it: whoever is meant by one reader is meant.
//!
//! Where a secret may be sent is judged by [`crate::provider::Url`], which is strict. This is the other question: whether a
//! value could lead somebody's requests to a provider.

use crate::provider::sniff;

/// The hosts of a value that is an address, or a list of URLs as programs that try several take them: with a comma, a semicolon,
/// a bar or white space between them, or as JSON.
pub(super) fn hosts(value: &str) -> Vec<String> {
    let inside = sniff::unwrapped(value).trim_start_matches('[').trim_end_matches(']');
    let parts = inside.split(|c: char| ",;|".contains(c) || c.is_whitespace()).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    if parts.iter().all(|part| part.contains("//")) {
        parts.into_iter().filter_map(host).collect()
    } else {
        host(value).into_iter().collect()
    }
}

/// The host that a whole value names, in small letters and without the dot that may end it: of a URL of any scheme or none,
/// or of `host`, `host:port` or `host/path`.
pub(super) fn host(value: &str) -> Option<String> {
    let text = sniff::unwrapped(value);
    let is_slash = |c: char| c == '/' || c == '\\';
    let scheme = text.split_once(':').filter(|(scheme, rest)| {
        is_scheme(scheme)
            && (rest.starts_with(is_slash) || KNOWN.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    });
    let is_relative = text.starts_with("//") || text.starts_with("\\\\");
    let rest = scheme.map_or(text, |(_, rest)| rest);
    let is_url = scheme.is_some() || is_relative;
    let rest = if is_url { rest.trim_start_matches(is_slash) } else { rest };
    let authority = &rest[..rest.find(|c: char| is_slash(c) || c == '?' || c == '#').unwrap_or(rest.len())];
    let (user, host_port) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let (host, port) = host_port.split_once(':').map_or((host_port, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    // Without a scheme, `me@example.org` is a person.
    let is_person = !is_url && user.is_some() && port.is_none() && rest.len() == authority.len();
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    // What ends in a number is an IP address or a version.
    let is_named = host.rsplit_once('.').is_some_and(|(_, last)| last.bytes().any(|byte| byte.is_ascii_alphabetic()));
    let is_host = is_named && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (is_host && !is_person && port.is_none_or(is_port)).then_some(host)
}

/// Schemes after which many a reader forgives that the slashes are missing.
const KNOWN: [&str; 4] = ["http", "https", "ws", "wss"];

/// One letter is a drive.
fn is_scheme(text: &str) -> bool {
    let is_in_one = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    text.len() > 1 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(is_in_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_as_any_program_might() {
        for value in [
            "https://api.acme.example",
            "HTTPS://API.ACME.EXAMPLE/v1?x#y",
            "wss://api.acme.example/realtime",
            "ws://me:pw@api.acme.example:80",
            "grpcs://api.acme.example:443",
            "//api.acme.example/v1",
            "\\\\api.acme.example\\v1",
            "https:\\\\api.acme.example\\v1",
            "https:/api.acme.example",
            "https:api.acme.example",
            "https:///api.acme.example",
            "https://api.acme.example./v1",
            "api.acme.example",
            "api.acme.example.",
            "api.acme.example:443",
            "api.acme.example/v1",
            "me@api.acme.example/v1",
            " \"api.acme.example:443/v1\"\n",
        ] {
            assert_eq!(host(value).as_deref(), Some("api.acme.example"), "{value}");
        }
    }

    #[test]
    fn each_host_of_a_list_of_urls_is_read() {
        for value in [
            "https://a.example/v1,https://b.example/v1",
            "https://a.example; wss://b.example/v1 ;",
            "https://a.example|//b.example",
            "https://a.example\nhttps://b.example\n",
            "[\"https://a.example\", \"https://b.example\"]",
        ] {
            assert_eq!(hosts(value), ["a.example", "b.example"], "{value}");
        }
        assert_eq!(hosts("[\"https://a.example/v1\"]"), ["a.example"]);
        assert_eq!(hosts("https://a.example/v1"), ["a.example"]);
        for value in ["see https://a.example", "a.example,b.example", "{\"url\":\"https://a.example\"}", "", "[]"] {
            assert_eq!(hosts(value), Vec::<String>::new(), "{value}");
        }
    }

    #[test]
    fn what_names_no_host_is_none() {
        for value in [
            "",
            "localhost",
            "127.0.0.1:8080",
            "me@acme.example",
            "Me <me@acme.example>",
            "/opt/acme.example/bin",
            "see https://acme.example",
            "acme.example,other.example",
            "acme.example:x",
            "https://",
            "C:\\acme.example",
        ] {
            assert_eq!(host(value), None, "{value}");
        }
    }
}
