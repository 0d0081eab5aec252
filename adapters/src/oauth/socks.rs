//! A tunnel through a SOCKS proxy: version 5 (RFC 1928, with the user names of RFC 1929), 4 and 4A. The HTTP client can make
//! one too, but on a connection that it keeps to itself, and whose deliveries nobody could bound.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};

use ureq::unversioned::transport::ConnectionDetails;
use ureq::{Proxy, ProxyProtocol};

/// Where the proxy is to connect to.
pub(super) enum Target {
    /// An address that was resolved here.
    Address(SocketAddr),
    /// A name that the proxy resolves.
    Name(String, u16),
}

impl Target {
    /// What this proxy is told of that connection.
    pub(super) fn new(details: &ConnectionDetails<'_>, proxy: &Proxy) -> io::Result<Self> {
        if proxy.resolve_target() {
            let first = details.addrs.first().ok_or(io::ErrorKind::AddrNotAvailable)?;
            return Ok(Self::Address(*first));
        }
        let host = details.uri.host().ok_or(io::ErrorKind::InvalidInput)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let usual = if details.needs_tls() { 443 } else { 80 };
        let port = details.uri.port_u16().unwrap_or(usual);
        Ok(host
            .parse()
            .map_or_else(|_| Self::Name(host.to_owned(), port), |ip: IpAddr| Self::Address((ip, port).into())))
    }

    fn port(&self) -> [u8; 2] {
        match self {
            Self::Address(address) => address.port(),
            Self::Name(_, port) => *port,
        }
        .to_be_bytes()
    }
}

/// Whether it is such a proxy.
pub(super) fn is_spoken_by(proxy: &Proxy) -> bool {
    use ProxyProtocol::{Socks4, Socks4A, Socks5, Socks5h};
    matches!(proxy.protocol(), Socks4 | Socks4A | Socks5 | Socks5h)
}

/// Asks the proxy for the tunnel, and reads its answer to the last byte.
pub(super) fn open_tunnel(on: &mut (impl Read + Write), proxy: &Proxy, to: &Target) -> io::Result<()> {
    match proxy.protocol() {
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => version_5(on, proxy, to),
        _ => version_4(on, to),
    }
}

fn version_4(on: &mut (impl Read + Write), to: &Target) -> io::Result<()> {
    let mut request = vec![4, 1];
    request.extend(to.port());
    match to {
        Target::Address(SocketAddr::V4(address)) => {
            request.extend(address.ip().octets());
            request.push(0);
        }
        Target::Address(SocketAddr::V6(_)) => return refused("version 4 knows no such address"),
        // 4A: an address that can't be one says that a name follows the empty user.
        Target::Name(name, _) => {
            request.extend([0, 0, 0, 1, 0]);
            request.extend(name.as_bytes());
            request.push(0);
        }
    }
    on.write_all(&request)?;
    match read::<8>(on)? {
        [0, 90, ..] => Ok(()),
        _ => refused("it refused to connect"),
    }
}

fn version_5(on: &mut (impl Read + Write), proxy: &Proxy, to: &Target) -> io::Result<()> {
    let user = proxy.username();
    on.write_all(if user.is_some() { &[5, 2, 2, 0] } else { &[5, 1, 0] })?;
    match (read(on)?, user) {
        ([5, 0], _) => {}
        ([5, 2], Some(user)) => {
            let mut request = vec![1];
            prefixed(&mut request, user.as_bytes())?;
            prefixed(&mut request, proxy.password().unwrap_or("").as_bytes())?;
            on.write_all(&request)?;
            if read(on)? != [1, 0] {
                return unknown_user("it refused the user");
            }
        }
        _ => return unknown_user("it wants to know the user in no way that is known"),
    }
    let mut request = vec![5, 1, 0];
    match to {
        Target::Address(SocketAddr::V4(address)) => {
            request.push(1);
            request.extend(address.ip().octets());
        }
        Target::Address(SocketAddr::V6(address)) => {
            request.push(4);
            request.extend(address.ip().octets());
        }
        Target::Name(name, _) => {
            request.push(3);
            prefixed(&mut request, name.as_bytes())?;
        }
    }
    request.extend(to.port());
    on.write_all(&request)?;
    // It also says from where it connected, which nobody asked for.
    let length = match read(on)? {
        [5, 0, 0, 1] => 4,
        [5, 0, 0, 4] => 16,
        [5, 0, 0, 3] => usize::from(read::<1>(on)?[0]),
        _ => return refused("it refused to connect"),
    };
    on.read_exact(&mut vec![0; length + 2])
}

/// Bytes after their count.
fn prefixed(request: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    let Ok(length) = u8::try_from(bytes.len()) else { return refused("a name or password is longer than 255 bytes") };
    request.push(length);
    request.extend(bytes);
    Ok(())
}

fn read<const N: usize>(on: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    on.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// It wants another user name or password.
fn unknown_user<T>(why: &str) -> io::Result<T> {
    let what = format!("the SOCKS proxy opened no tunnel: {why}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
}

fn refused<T>(why: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::ConnectionAborted, format!("the SOCKS proxy opened no tunnel: {why}")))
}

#[cfg(test)]
mod tests;
