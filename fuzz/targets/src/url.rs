//! Addresses: we read a URL to decide who may receive a secret, and the HTTP client reads it to send that.

use credlatch_core::provider::Url;
use http::Uri;

/// Any text as a URL. What we take for one the client takes for the same address, or for none.
///
/// # Panics
/// If the two understand it differently.
pub fn url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(ours) = Url::parse(text) else { return };
    assert!(text.starts_with(ours.origin), "{text}");
    let again = Url::parse(ours.origin);
    assert_eq!(again, Some(ours), "{text}: its origin is another address");
    let Ok(theirs) = text.parse::<Uri>() else { return };
    let host = theirs.host().map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    assert_eq!(host, Some(ours.host), "{text}");
    assert_eq!(theirs.port_u16(), ours.port, "{text}");
    assert_eq!(theirs.scheme_str() == Some("https"), ours.https, "{text}");
    let has_userinfo = theirs.authority().is_some_and(|authority| authority.as_str().contains('@'));
    assert_eq!(has_userinfo, ours.has_userinfo, "{text}");
}
