//! A web server on loopback that a test answers for, and that remembers what it was asked with which credential.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

/// One answer.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![], body: body.into() }
    }

    pub(crate) fn not_found() -> Self {
        Self { status: 404, headers: vec![], body: vec![] }
    }

    /// A 401 that says how to do better.
    pub(crate) fn unauthorized(challenge: &str) -> Self {
        Self { status: 401, headers: vec![], body: vec![] }.with("WWW-Authenticate", challenge)
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Answers = dyn Fn(&Asked) -> Reply + Send + Sync;

pub(crate) struct Server {
    pub(crate) port: u16,
    /// Whom to believe, in PEM, if it speaks TLS.
    pub(crate) authority: Option<String>,
    log: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, None, Arc::new(answer))
    }

    /// The same over TLS, with a certificate of an authority that nobody knows yet.
    pub(crate) fn start_tls(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_tls_as("127.0.0.1", |_| {}, answer)
    }

    /// The same with a certificate for this name, changed before it is signed.
    pub(crate) fn start_tls_as(
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut about = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut about);
        let certificate = about.signed_by(&key, &authority).unwrap();
        let key = key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        Self::serve(Some(Arc::new(config)), Some(authority.pem()), Arc::new(answer))
    }

    fn serve(tls: Option<Arc<ServerConfig>>, authority: Option<String>, answers: Arc<Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (log, is_over) = (Arc::new(Mutex::new(vec![])), Arc::new(AtomicBool::new(false)));
        let (writing, ends) = (Arc::clone(&log), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                let (answers, log, tls) = (Arc::clone(&answers), Arc::clone(&writing), tls.clone());
                thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                    // Who hangs up, or doesn't trust the certificate, has no answer to get.
                    let _ = match tls {
                        Some(tls) => ServerConnection::new(tls)
                            .map_err(std::io::Error::other)
                            .and_then(|tls| one(StreamOwned::new(tls, stream), &*answers, &log)),
                        None => one(stream, &*answers, &log),
                    };
                });
            }
        });
        Self { port, authority, log, is_over, thread: Some(thread) }
    }

    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    /// The credentials that came, each once.
    pub(crate) fn credentials(&self) -> Vec<String> {
        let mut all: Vec<_> = self.asked().into_iter().filter_map(|asked| asked.authorization).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Answers one request, and hangs up.
fn one(stream: impl Read + Write, answers: &Answers, log: &Mutex<Vec<Asked>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
    let (mut authorization, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    std::io::copy(&mut stream.by_ref().take(length), &mut std::io::sink())?;
    let asked = Asked { path, authorization };
    log.lock().unwrap().push(asked.clone());
    let reply = answers(&asked);
    let headers = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    let head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{headers}", reply.status, reply.body.len());
    let stream = stream.get_mut();
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    stream.write_all(&reply.body)?;
    stream.flush()
}
