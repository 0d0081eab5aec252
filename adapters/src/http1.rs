//! The serving side of HTTP/1.1, as much as two small listeners need: one request a connection, read within bounds of
//! size and time.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// The longest request head that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// A request.
pub struct Request {
    /// `GET`, `POST`…
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What stands after `?`; empty if nothing does.
    pub query: Zeroizing<String>,
    /// The value of `Host`, if there is one.
    pub host: Option<String>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// Reads one request, which must be complete within `patience` and have no more than `max_body` bytes of body.
///
/// # Errors
/// It is not a request, too large, or too slow.
pub fn read(stream: &mut TcpStream, patience: Duration, max_body: usize) -> io::Result<Request> {
    let deadline = Instant::now() + patience;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let (mut request, head, body) = loop {
        if let Some(parsed) = parse_head(&bytes)? {
            break parsed;
        }
        if bytes.len() > MAX_HEAD {
            return Err(refused("the request head is too long"));
        }
        receive(stream, &mut bytes, deadline)?;
    };
    if body > max_body {
        return Err(refused("the request body is too long"));
    }
    while bytes.len() < head + body {
        receive(stream, &mut bytes, deadline)?;
    }
    request.body.extend_from_slice(&bytes[head..head + body]);
    Ok(request)
}

/// Answers and ends the connection. The body is never cached.
///
/// # Errors
/// The other side is gone.
pub fn answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    content_type: &str,
    body: &str,
) -> io::Result<()> {
    let more: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    let head = format!(
        "HTTP/1.1 {status} \r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n{more}\r\n",
        body.len()
    );
    let whole = Zeroizing::new(head + body);
    stream.write_all(whole.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)
}

/// The request without its body, the length of its head, and the length of its body; none while the head is incomplete.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(Request, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes).map_err(|_| refused("that is not an HTTP request"))?;
    let httparse::Status::Complete(head) = status else { return Ok(None) };
    let header = |name: &str| {
        let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    if header("transfer-encoding").is_some() {
        return Err(refused("only a body of known length is read"));
    }
    let body = header("content-length").map_or(Ok(0), str::parse).map_err(|_| refused("the length is no number"))?;
    let (path, query) =
        parsed.path.unwrap_or_default().split_once('?').unwrap_or((parsed.path.unwrap_or_default(), ""));
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: Zeroizing::new(query.to_owned()),
        host: header("host").map(str::to_owned),
        body: Zeroizing::new(Vec::with_capacity(body.min(64 * 1024))),
    };
    Ok(Some((request, head, body)))
}

fn receive(stream: &mut TcpStream, bytes: &mut Vec<u8>, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    let mut some = Zeroizing::new([0; 4096]);
    match stream.read(&mut some[..])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&some[..count]);
            Ok(())
        }
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
