//! A browser that comes back to a port of this machine (RFC 8252, 7.3), with PKCE and a state.
//!
//! There is no thread: the port listens, the kernel keeps whoever connects waiting, and each poll of the flow serves them.
//! So a flow that nobody polls any more does nothing. The verifier never leaves this process.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use credlatch_core::flow::{Failure, Prompt};
use credlatch_core::port::{Code, Polled, Prompting};
use credlatch_core::provider::OAuth;
use credlatch_core::secret::Secret;
use parking_lot::Mutex;

use super::{description, pkce};
use crate::http1;

/// Seconds between two looks at the port: as long as a browser may have to wait for its page.
const INTERVAL_SECS: u64 = 1;
/// How long a flow may take.
const LIFETIME: Duration = Duration::from_secs(900);
/// The most browsers that are waited for; the oldest gives way.
const MAX_WAITING: usize = 256;
/// How long one visitor may take to say what it wants. A browser says it at once; one that only opens a connection ahead
/// of time must not keep the others waiting.
const PATIENCE: Duration = Duration::from_millis(300);
/// The most visitors that one poll serves.
const MAX_VISITORS: usize = 16;

/// The browsers that are waited for.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Vec<Listening>>);

struct Listening {
    listener: TcpListener,
    since: Instant,
    /// The address that the browser was sent to: it names this flow, because its state is in it.
    page: String,
    state: Secret,
    verifier: Secret,
    redirect_uri: String,
}

/// What a visitor of the port was.
enum Visit {
    /// The browser, with the person's answer.
    Answered(Polled),
    /// Somebody else, or the browser asking for an icon.
    Stranger,
}

impl Waiting {
    /// Opens a port and makes the address to send the browser to.
    pub(super) fn prompt(&self, row: &OAuth) -> Prompting {
        let Some(listening) = listen(row) else { return Prompting::Failed("no_loopback_port".into()) };
        let prompt = Prompt {
            device_code: None,
            user_code: String::new(),
            verification_uri: listening.page.clone(),
            verification_uri_complete: None,
            interval_secs: INTERVAL_SECS,
        };
        let mut all = self.0.lock();
        all.retain(|old| old.since.elapsed() < LIFETIME);
        if all.len() == MAX_WAITING {
            all.remove(0);
        }
        all.push(listening);
        let expires_in_ms = u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX);
        Prompting::Prompt { prompt, expires_in_ms }
    }

    /// Serves whoever has come to the flow's port.
    pub(super) fn poll(&self, prompt: &Prompt) -> Polled {
        // Taken out, so that nothing is locked while a visitor is served.
        let taken = {
            let mut all = self.0.lock();
            let at = all.iter().position(|listening| listening.page == prompt.verification_uri);
            at.map(|at| all.remove(at))
        };
        let Some(listening) = taken else { return Polled::Failed("interrupted".into()) };
        for _ in 0..MAX_VISITORS {
            match listening.listener.accept() {
                Ok((visitor, _)) => {
                    if let Ok(Visit::Answered(polled)) = listening.serve(visitor) {
                        return polled;
                    }
                }
                Err(_) => break,
            }
        }
        self.0.lock().push(listening);
        Polled::Pending
    }
}

fn listen(row: &OAuth) -> Option<Listening> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    listener.set_nonblocking(true).ok()?;
    let redirect_uri = format!("http://127.0.0.1:{}/callback", listener.local_addr().ok()?.port());
    let (state, verifier) = (pkce::random()?, pkce::random()?);
    let page = page(row, &redirect_uri, &state, &verifier)?;
    Some(Listening { listener, since: Instant::now(), page, state, verifier, redirect_uri })
}

/// The authorization request (RFC 6749, 4.1.1; RFC 7636, 4.3).
fn page(row: &OAuth, redirect_uri: &str, state: &Secret, verifier: &Secret) -> Option<String> {
    let endpoint = row.authorization_endpoint.as_deref()?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("response_type", "code");
    query.append_pair("client_id", row.client_id.as_deref().unwrap_or_default());
    query.append_pair("redirect_uri", redirect_uri);
    if let Some(scope) = &row.scope {
        query.append_pair("scope", scope);
    }
    query.append_pair("state", state.expose_secret());
    query.append_pair("code_challenge", &pkce::challenge(verifier));
    query.append_pair("code_challenge_method", "S256");
    let (endpoint, _fragment) = endpoint.split_once('#').unwrap_or((endpoint, ""));
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    Some(format!("{endpoint}{joint}{}", query.finish()))
}

impl Listening {
    fn serve(&self, mut visitor: TcpStream) -> io::Result<Visit> {
        visitor.set_nonblocking(false)?;
        visitor.set_write_timeout(Some(PATIENCE))?;
        let request = http1::read(&mut visitor, PATIENCE, 0)?;
        let visit = self.classify(&request);
        let (status, text) = match &visit {
            Visit::Answered(Polled::Code(_)) => (200, "Signed in. You may close this window."),
            Visit::Answered(_) => (200, "Not signed in. You may close this window and look at the program."),
            Visit::Stranger => (404, "There is nothing here."),
        };
        let page = format!("<!doctype html><meta charset=utf-8><title>credlatch</title><p>{text}</p>");
        let headers = [("Content-Security-Policy", "default-src 'none'"), ("Referrer-Policy", "no-referrer")];
        // The answer counts, whether or not the browser stays to see the page.
        let _ = http1::answer(&mut visitor, status, &headers, "text/html; charset=utf-8", &page);
        Ok(visit)
    }

    /// Only whoever knows the state speaks for the browser: anything else on this machine may knock too.
    fn classify(&self, request: &http1::Request) -> Visit {
        let is_ours =
            request.host.as_deref().is_some_and(|host| self.redirect_uri.starts_with(&format!("http://{host}/")));
        if request.method != "GET" || request.path != "/callback" || !is_ours {
            return Visit::Stranger;
        }
        let field = |name: &str| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if field("state").is_none_or(|state| !same(&state, self.state.expose_secret())) {
            return Visit::Stranger;
        }
        if let Some(error) = field("error") {
            let plain = error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let sent = [self.state.expose_secret(), self.verifier.expose_secret()];
            let description = field("error_description").and_then(|said| description::kept(&said, &sent));
            let code = if plain { error } else { "unnamed_error".to_owned() };
            return Visit::Answered(Polled::Failed(Failure { code, description }));
        }
        match field("code").map(Secret::try_from) {
            Some(Ok(code)) => {
                let verifier = Some(self.verifier.clone());
                Visit::Answered(Polled::Code(Code { code, verifier, redirect_uri: self.redirect_uri.clone() }))
            }
            _ => Visit::Stranger,
        }
    }
}

/// Whether two texts are the same, in a time that doesn't tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}
