//! Why an issuer could not be asked, in words, and what to do.

use credlatch_core::provider::{Provider, endpoint};

#[cfg(feature = "oauth")]
use crate::oauth::{proxy::trouble as bad_proxy, roots::trouble as bad_roots};

/// The short code of a login whose issuer showed a certificate that is not trusted.
pub(crate) const UNTRUSTED: &str = "untrusted_certificate";

/// Why no refresh token of a provider can be presented.
pub(crate) const NO_ISSUER: &str = if cfg!(feature = "oauth") {
    "its provider's row names no token endpoint"
} else {
    "this build was made without the `oauth` feature"
};

/// That an issuer's certificate is not trusted.
pub(crate) fn distrust(provider: &Provider) -> String {
    let host = token_endpoint(provider).and_then(|url| endpoint(url).ok()).map_or("its issuer", |url| url.host);
    format!("the certificate of {host} is not trusted here, and nothing was sent to it")
}

/// What to do about a certificate that is not trusted.
pub(crate) fn trust() -> String {
    bad_roots().map_or_else(
        || {
            "if that is your company's proxy, add its authority to this machine's certificates or name its file in \
             SSL_CERT_FILE (which then counts alone); else look at the clock, and at who stands between"
                .to_owned()
        },
        |why| format!("{why}: mend that, or unset the variable, which counts in place of this machine's certificates"),
    )
}

/// What in the environment keeps this provider's issuer from being asked, for the end of a message.
pub(crate) fn hindrance(provider: &Provider) -> String {
    let url = token_endpoint(provider).and_then(|url| endpoint(url).ok());
    let goes_out = url.is_some_and(|url| !url.is_loopback());
    bad_proxy().filter(|_| goes_out).map(|why| format!("; {why}")).unwrap_or_default()
}

fn token_endpoint(provider: &Provider) -> Option<&str> {
    provider.oauth.as_ref()?.token_endpoint.as_deref()
}

/// Without issuers of ours nothing in the environment counts.
#[cfg(not(feature = "oauth"))]
fn bad_proxy() -> Option<String> {
    None
}

#[cfg(not(feature = "oauth"))]
use bad_proxy as bad_roots;
