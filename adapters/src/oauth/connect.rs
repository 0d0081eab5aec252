//! The connections under the HTTP client: they know whether anything of a request was ever sent, and the kernel gives up
//! on them in time.
//!
//! Whether a refresh token may have been spent depends on whether a byte of the request left. Connecting, a proxy's
//! `CONNECT` and the TLS handshake carry nothing of it, so the mark is set above them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::port::Sending;
use ureq::Agent;
use ureq::config::Config;

use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, RustlsConnector,
    Transport, TransportAdapter,
};

use super::names::{Names, Unknown};
use super::socks::{self, Target};

/// A client for one request. Before it sends any of it, it says so; if that can't be noted it sends nothing.
pub(super) fn client(config: Config, timeout: Duration, sending: Option<Sending>) -> Client {
    let unknown = Unknown::default();
    let sent = Arc::new(AtomicBool::new(false));
    let watch = Watch { sent: Arc::clone(&sent), sending, timeout, proxied: config.proxy().is_some() };
    let chain =
        ().chain(Socks { timeout })
            .chain(ConnectProxyConnector::default())
            .chain(Tcp { timeout })
            .chain(RustlsConnector::default())
            .chain(watch);
    Client { agent: Agent::with_parts(config, chain, Names::noting(Arc::clone(&unknown))), sent, unknown }
}

/// A client for one request, and what became of it.
pub(super) struct Client {
    pub(super) agent: Agent,
    /// Whether any of the request was sent.
    pub(super) sent: Arc<AtomicBool>,
    /// The name for which no address was found.
    pub(super) unknown: Unknown,
}

/// Opens tunnels through a SOCKS proxy.
#[derive(Debug)]
pub(super) struct Socks {
    pub(super) timeout: Duration,
}

impl<In: Transport> Connector<In> for Socks {
    type Out = Either<In, Stream>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let proxy = details.config.proxy().filter(|proxy| socks::is_spoken_by(proxy));
        let Some(proxy) = proxy.filter(|proxy| chained.is_none() && !proxy.is_no_proxy(details.uri)) else {
            return Ok(chained.map(Either::A));
        };
        let target = Target::new(details, proxy)?;
        let addresses = details.resolver.resolve(proxy.uri(), details.config, details.timeout)?;
        let mut tunnel = TransportAdapter::new(open(&addresses, details, self.timeout)?, details.current_time.clone());
        tunnel.set_timeout(details.timeout);
        socks::open_tunnel(&mut tunnel, proxy, &target)?;
        Ok(Some(Either::B(tunnel.into_inner())))
    }
}

/// Opens TCP connections.
#[derive(Debug)]
struct Tcp {
    timeout: Duration,
}

impl<In: Transport> Connector<In> for Tcp {
    type Out = Either<In, Stream>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(proxied) = chained {
            return Ok(Some(Either::A(proxied)));
        }
        Ok(Some(Either::B(open(&details.addrs, details, self.timeout)?)))
    }
}

#[cfg(test)]
impl Stream {
    /// For how long the kernel goes on to deliver what was written; 0 where it can't be told.
    pub(super) fn gives_up_after_ms(&self) -> u32 {
        #[cfg(target_os = "linux")]
        return rustix::net::sockopt::tcp_user_timeout(&self.stream).unwrap();
        #[cfg(not(target_os = "linux"))]
        0
    }
}

/// Every connection is opened here, to a proxy or to an issuer.
fn open(addresses: &[SocketAddr], details: &ConnectionDetails<'_>, timeout: Duration) -> Result<Stream, ureq::Error> {
    let stream = connect_any(addresses, details)?;
    stream.set_nodelay(true)?;
    give_up_after(&stream, timeout);
    let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
    Ok(Stream { stream, buffers })
}

/// A TCP connection. The client has one of its own, but keeps it to itself.
#[derive(Debug)]
pub(super) struct Stream {
    stream: TcpStream,
    buffers: LazyBuffers,
}

impl Transport for Stream {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.set_write_timeout(timeout.not_zero().map(|left| *left))?;
        Ok(self.stream.write_all(&self.buffers.output()[..amount])?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.set_read_timeout(timeout.not_zero().map(|left| *left))?;
        let room = self.buffers.input_append_buf();
        let count = loop {
            match self.stream.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    /// No connection is used twice.
    fn is_open(&mut self) -> bool {
        false
    }
}

/// Tries the host's addresses in turn; each gets its share of the time that is left.
fn connect_any(addresses: &[SocketAddr], details: &ConnectionDetails<'_>) -> Result<TcpStream, ureq::Error> {
    let started = Instant::now();
    let all = details.timeout.not_zero().map_or(Duration::from_secs(60), |left| *left);
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let count = addresses.len();
    for (at, address) in addresses.iter().enumerate() {
        let left = all.saturating_sub(started.elapsed());
        let share = left / u32::try_from(count - at).unwrap_or(1);
        match TcpStream::connect_timeout(address, share.max(Duration::from_millis(10))) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// After its process died, the kernel must not go on to deliver a request for longer than the request was allowed to
/// take: a doubt is only over when nothing of the earlier act can arrive any more.
#[cfg(target_os = "linux")]
fn give_up_after(stream: &TcpStream, timeout: Duration) {
    let ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, ms);
}

#[cfg(not(target_os = "linux"))]
fn give_up_after(_stream: &TcpStream, _timeout: Duration) {}

/// Watches whether a request is sent.
#[derive(Debug)]
struct Watch {
    sent: Arc<AtomicBool>,
    sending: Option<Sending>,
    timeout: Duration,
    proxied: bool,
}

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        // The connection to a proxy itself is made with a configuration that names no proxy.
        let is_final = details.config.proxy().is_some() == self.proxied;
        let begins = || Begins { sent: Arc::clone(&self.sent), sending: self.sending.clone(), noted: None };
        Ok(chained.map(|inner| Watched { inner, begins: is_final.then(begins), timeout: self.timeout }))
    }
}

#[derive(Debug)]
struct Watched<T> {
    inner: T,
    begins: Option<Begins>,
    timeout: Duration,
}

/// What comes before the first byte of the request.
#[derive(Debug)]
struct Begins {
    sent: Arc<AtomicBool>,
    sending: Option<Sending>,
    noted: Option<Instant>,
}

impl Begins {
    /// Before any byte. Others count from the note for how long a request may be in flight: whoever was stopped since then
    /// writes no more of it.
    fn byte(&mut self, timeout: Duration) -> io::Result<()> {
        let now = Instant::now();
        if !self.sending.as_ref().is_none_or(Sending::may_begin) {
            return Err(io::Error::other("that it is about to leave could not be noted"));
        }
        if now.duration_since(*self.noted.get_or_insert(now)) > timeout {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.sent.store(true, Ordering::Release);
        Ok(())
    }
}

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if let Some(begins) = &mut self.begins {
            begins.byte(self.timeout)?;
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_told_when_to_give_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        give_up_after(&stream, Duration::from_secs(15));
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(&stream).unwrap(), 15_000);
    }
}
