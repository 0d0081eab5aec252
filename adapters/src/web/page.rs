//! The page: one static file, whose style and script the browser runs only if they are what was compiled in.

use std::sync::LazyLock;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac_sha256::Hash;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderValue, StatusCode};

use super::response::with_type;

const PAGE: &str = include_str!("page.html");

pub(super) fn page() -> Response {
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

/// What stands between the tags of this name, as a policy names it.
fn hash(tag: &str) -> String {
    let inside = PAGE.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
    format!("sha256-{}", STANDARD.encode(Hash::hash(inside.map_or("", |(inside, _)| inside).as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_style_and_one_script_and_nothing_inline_beside_them() {
        for tag in ["script", "style"] {
            assert_eq!(PAGE.matches(&format!("<{tag}")).count(), 1);
            assert!(PAGE.contains(&format!("<{tag}>")));
        }
        for refused in [" style=", " onclick=", "javascript:", "innerHTML", "http://", "src="] {
            assert!(!PAGE.contains(refused), "{refused}");
        }
        assert!(POLICY.to_str().unwrap().contains("script-src 'sha256-"));
    }
}
