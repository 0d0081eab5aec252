//! Whether a URL is one to which secrets may be sent at all.

use super::{BadEndpoint, Url};

/// Reads a URL to which secrets may be sent: encrypted, or to this machine, and without credentials of its own.
///
/// # Errors
/// Says which of these it is not. The text is not repeated: it may hold a password.
pub fn endpoint(text: &str) -> Result<Url<'_>, BadEndpoint> {
    let url = Url::parse(text).ok_or(BadEndpoint::NotAUrl)?;
    if url.has_userinfo {
        return Err(BadEndpoint::HasUserinfo);
    }
    if !url.https && !url.is_loopback() {
        return Err(BadEndpoint::NotEncrypted);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for good in [
            "https://example.com",
            "HTTPS://Example.com:8443/v1?x#y",
            "http://127.0.0.1:8080/token",
            "http://127.9.9.9",
            "http://[::1]:1/",
            "http://localhost:5/x",
        ] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in ["http://example.com", "http://127.0.0.1.evil.example/", "http://localhost.evil", "http://127.1/"] {
            assert_eq!(endpoint(bad), Err(BadEndpoint::NotEncrypted), "{bad}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_no_url() {
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://a b",
            "https://a/b c",
            "https://a/b\u{7f}c",
            "https://a\\@b",
            "https://a:b:c",
            "https://a:99999",
            "https://[::1",
            "https://[::1]x",
            "https://a_b%2f",
        ] {
            assert_eq!(endpoint(bad), Err(BadEndpoint::NotAUrl), "{bad}");
        }
        assert_eq!(endpoint("https://user:pw@example.com"), Err(BadEndpoint::HasUserinfo));
        assert_eq!(Url::parse("https://api.good.example@evil.example/").unwrap().host, "evil.example");
    }
}
