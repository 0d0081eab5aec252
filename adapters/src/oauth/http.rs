//! One POST and its answer, within bounds of time and size.
//!
//! A client is made for each request and dropped after it: logins and rotations are rare, nothing is built before one is
//! needed, and no idle connection is there to be found dead by a request that may be sent only once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use credlatch_core::port::Sending;
use credlatch_core::provider::{Url, endpoint};
use credlatch_core::rotation::{Obstacle, Unreached};
use ureq::config::Config;
use ureq::tls::{RootCerts, TlsConfig};
use zeroize::Zeroizing;

use super::connect::{self, Client};
use super::proxy::Named;
use super::{obstacle, proxy, roots};
use crate::patience::retry_after_ms;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;
/// The longest an issuer may ask to be left alone, in milliseconds: an absurd number must not lock a login away for years.
const MAX_RETRY_AFTER_MS: u64 = 86_400_000;

/// What is sent.
pub(super) struct Post<'a> {
    pub(super) url: &'a str,
    pub(super) content_type: &'static str,
    pub(super) body: Zeroizing<String>,
    /// The whole of it: resolving, connecting, sending, and the last byte of the answer.
    pub(super) timeout: Duration,
    /// What is to be called before the first byte of it leaves.
    pub(super) sending: Option<&'a Sending>,
}

/// What came back.
pub(super) enum Reply {
    /// Nothing of the request left this machine, for this reason if one is known.
    NotSent(Option<Unreached>),
    /// Nor to whom it was meant for: nobody who is trusted vouches for the server that answered.
    Untrusted,
    /// Some of it may have, and no response came.
    NoResponse,
    /// A response.
    Response(HttpResponse),
}

/// A response, whatever its status.
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<u64>,
    /// None if it was cut off or too large.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

/// A form body (RFC 6749, appendix B).
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let longest: usize = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    // Room for the worst case, so that growing leaves no copy behind.
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(longest));
    form.extend_pairs(fields);
    Zeroizing::new(form.finish())
}

/// Sends it once. Redirects are not followed: a secret goes where the provider's row says, and nowhere else.
pub(super) fn post(post: &Post<'_>) -> Reply {
    let Ok(url) = endpoint(post.url) else { return Reply::NotSent(None) };
    // A request to this machine is not encrypted, and no proxy may read it; any other is, and a proxy sees a tunnel.
    let proxy = match if url.is_loopback() { Ok(None) } else { proxy::named(&url) } {
        Ok(proxy) => proxy,
        Err(variable) => return Reply::NotSent(Some(obstacle::bad_proxy(&url, variable))),
    };
    let config = config(post.timeout, &url, proxy.as_ref());
    let Client { agent, sent, unknown } = connect::client(config, post.timeout, post.sending.cloned());
    let request = agent.post(post.url).header("content-type", post.content_type).header("accept", "application/json");
    let mut response = match request.send(post.body.as_bytes()) {
        Ok(response) => response,
        Err(_) if sent.load(Ordering::Acquire) => return Reply::NoResponse,
        Err(error) => {
            let tls = tls(&error);
            // What answers in a tunnel without TLS may be the proxy's doing, and then the proxy is named.
            let in_handshake = tls.and_then(obstacle::in_handshake);
            if let Some(obstacle) = in_handshake.filter(|it| proxy.is_none() || *it != Obstacle::NoTls) {
                return Reply::NotSent(Some(obstacle::at_issuer(&url, obstacle)));
            }
            if tls.is_some_and(is_distrust) {
                return Reply::Untrusted;
            }
            let unknown = unknown.get().map(String::as_str);
            return Reply::NotSent(Some(obstacle::between(&url, proxy.as_ref(), unknown, &error)));
        }
    };
    // By its own date or not at all: by two clocks that disagree it would be worse than a back-off of ours.
    let retry_after_ms = retry_after_ms(response.headers(), None);
    Reply::Response(HttpResponse {
        status: response.status().as_u16(),
        retry_after_ms: retry_after_ms.map(|ms| ms.min(MAX_RETRY_AFTER_MS)),
        body: response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().ok().map(Zeroizing::new),
    })
}

/// What its TLS says: the client wraps that in an I/O error.
fn tls(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        ureq::Error::Rustls(error) => Some(error),
        _ => None,
    }
}

/// Whether a TLS handshake ended because nobody who is trusted vouches for the server.
fn is_distrust(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
}

/// How it is sent.
fn config(timeout: Duration, url: &Url<'_>, proxy: Option<&Named>) -> Config {
    // Reading them takes some milliseconds, which a request in the clear can do without.
    let roots = if url.https { roots::trusted() } else { RootCerts::WebPki };
    let config = ureq::config::Config::builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .https_only(!url.is_loopback())
        .proxy(proxy.map(|named| named.proxy.clone()))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .user_agent(concat!("credlatch/", env!("CARGO_PKG_VERSION")));
    config.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_escaped_and_grows_into_no_copy() {
        let body = form(&[("grant_type", "refresh_token"), ("refresh_token", "a+b/c=&ä d")]);
        assert_eq!(&*body, "grant_type=refresh_token&refresh_token=a%2Bb%2Fc%3D%26%C3%A4+d");
    }
}
