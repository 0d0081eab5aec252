//! Which hosts `NO_PROXY` keeps from the proxy, as curl and Go read it.
//!
//! Its entries stand between commas or white space. A name means itself and all below it, with a dot or `*.` before it or
//! without; an address means itself, and with `/24` its network; `:8443` after either means that port alone; `*` means all.

use std::net::IpAddr;

/// Whether one of these entries means this host and port.
pub(super) fn means(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    list.split(|c: char| c == ',' || c.is_whitespace())
        .any(|entry| entry_means(&entry.to_ascii_lowercase(), &host, port))
}

fn entry_means(entry: &str, host: &str, port: u16) -> bool {
    if let Some((network, bits)) = entry.split_once('/') {
        return is_within(network, bits, host).unwrap_or(false);
    }
    let (name, wanted) = with_port(entry);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    match (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        (Ok(named), Ok(address)) => named == address,
        (_, Ok(_)) => name == "*",
        (_, Err(_)) => is_below(name, host),
    }
}

/// An entry's name or address, and its port if it has one.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, port.parse().ok()),
        _ => (entry, None),
    }
}

/// Whether a host is the one of this name, or below it.
fn is_below(name: &str, host: &str) -> bool {
    if name == "*" {
        return true;
    }
    let name = name.strip_prefix('*').unwrap_or(name).trim_matches('.');
    let above = host.strip_suffix(name);
    !name.is_empty() && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

fn is_within(network: &str, bits: &str, host: &str) -> Option<bool> {
    let (network, host) = (network.parse().ok()?, host.parse().ok()?);
    let bits: u32 = bits.parse().ok()?;
    let (network, host, width): (u128, u128, u32) = match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => (network.to_bits().into(), host.to_bits().into(), 32),
        (IpAddr::V6(network), IpAddr::V6(host)) => (network.to_bits(), host.to_bits(), 128),
        _ => return Some(false),
    };
    let differing = network ^ host;
    let beyond = width.checked_sub(bits).filter(|beyond| *beyond <= width)?;
    Some(differing.checked_shr(beyond).unwrap_or(0) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_curl_and_go_read_it() {
        for (list, host, is_meant) in [
            ("example.com", "example.com", true),
            ("example.com", "auth.Example.com", true),
            ("example.com", "badexample.com", false),
            ("example.com", "example.com.evil.example", false),
            (".example.com", "auth.example.com", true),
            (".example.com", "example.com", true),
            ("*.example.com", "auth.example.com", true),
            ("a.example, example.com", "example.com", true),
            ("a.example example.com\t", "example.com", true),
            ("a.example,,", "b.example", false),
            ("Example.COM.", "example.com.", true),
            ("example.com:443", "example.com", true),
            ("example.com:8443", "example.com", false),
            ("*", "anything.example", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.10", false),
            ("0.0.1", "10.0.0.1", false),
            ("*", "10.0.0.1", true),
            ("10.0.0.1:443", "10.0.0.1", true),
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "11.0.0.1", true),
            ("10.0.0.1/32", "10.0.0.2", false),
            ("10.0.0.0/33", "10.0.0.0", false),
            ("10.0.0.0/x", "10.0.0.0", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("[fd12::1]:443", "fd12::1", true),
            ("[fd12::1]:80", "fd12::1", false),
            ("fd12::1", "fd12:0::1", true),
            ("10.0.0.0/8", "example.com", false),
            ("", "example.com", false),
            (".", "example.com", false),
        ] {
            assert_eq!(means(list, host, 443), is_meant, "{list:?} {host}");
        }
    }
}
