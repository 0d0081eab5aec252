//! Git's credential helpers (gitcredentials(7)): lines of `key=value` in, `username` and `password` out.

use std::time::SystemTime;

use credlatch::{Latch, Outcome, Secret};
use zeroize::Zeroizing;

use crate::args::{Asked, Global};
use crate::cmd::fresh::stored;
use crate::defer::deferring_signals;
use crate::end::Done;
use crate::{input, output};

pub(super) fn git(global: &Global, asked: &Asked) -> Done {
    let operation = asked.operation.as_str();
    // `store` changes nothing. Git calls it after every success, also with a password that was replaced since it was
    // handed out, and can't tell that from a new one. What git may ask one day is to be passed over in silence.
    if !["get", "erase"].contains(&operation) {
        return Ok(());
    }
    let text = input::request()?;
    let request = Request::parse(&text);
    let latch = global.latch()?;
    if !super::may_go_to(global, &latch, &asked.grant, &request.address())? {
        return Ok(());
    }
    match operation {
        "get" => get(&latch, asked, &request),
        _ => turned_away(&latch, asked.provider(), request.password),
    }
}

fn get(latch: &Latch, asked: &Asked, request: &Request<'_>) -> Done {
    let Some(username) = username(asked.username.as_deref(), request.username) else { return Ok(()) };
    let credential = stored(latch, asked.provider())?;
    let ends_at =
        credential.expires_at().and_then(|at| Some(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()));
    output::write(&[answer(username, credential.expose_secret(), ends_at).as_bytes()])
}

/// Git erases a password that a server has turned away. If that is still the one that is stored, it rests, or is
/// rotated, as after any other 401; a newer one has nothing to do with it.
fn turned_away(latch: &Latch, provider: &str, password: Option<&str>) -> Done {
    let Some(used) = password.and_then(|password| Secret::try_from(password).ok()) else { return Ok(()) };
    let Some(credential) = latch.recognise(provider, &used)? else { return Ok(()) };
    let outcome = Outcome::unauthorized();
    let _ = deferring_signals(latch, provider, || latch.report(&credential, &outcome))??;
    Ok(())
}

/// What git asks about, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request<'a> {
    protocol: &'a str,
    host: &'a str,
    username: Option<&'a str>,
    password: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Reads lines up to an empty one. Keys that are not known are passed over, as git wants it.
    fn parse(text: &'a str) -> Self {
        let mut request = Self::default();
        for (key, value) in text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once('=')) {
            match key {
                "protocol" => request.protocol = value,
                "host" => request.host = value,
                "username" => request.username = Some(value),
                "password" => request.password = Some(value),
                _ => {}
            }
        }
        request
    }

    fn address(&self) -> String {
        format!("{}://{}", self.protocol, self.host)
    }
}

/// The user name to answer with; none if another user's password is asked for.
fn username<'a>(configured: Option<&'a str>, asked: Option<&'a str>) -> Option<&'a str> {
    match (configured, asked.filter(|name| !name.is_empty())) {
        (Some(ours), Some(theirs)) if ours != theirs => None,
        (ours, theirs) => Some(ours.or(theirs).unwrap_or(super::USERNAME)),
    }
}

fn answer(username: &str, password: &str, ends_at: Option<u64>) -> Zeroizing<String> {
    let end = ends_at.map(|second| format!("password_expiry_utc={second}\n")).unwrap_or_default();
    Zeroizing::new(format!("username={username}\npassword={password}\n{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_of_the_manual_is_read() {
        let text =
            "protocol=https\nhost=example.com\npath=foo.git\nwwwauth[]=Basic realm=\"x\"\n\nhost=after.the.end\n";
        let request = Request::parse(text);
        assert_eq!((request.protocol, request.host), ("https", "example.com"));
        assert_eq!((request.username, request.password), (None, None));
        assert_eq!(request.address(), "https://example.com");
        let request = Request::parse("protocol=http\nhost=[::1]:80\nusername=bob\npassword=s3cre=7\n");
        assert_eq!((request.username, request.password), (Some("bob"), Some("s3cre=7")));
        assert_eq!(Request::parse("").address(), "://");
    }

    #[test]
    fn the_answer_of_the_manual_is_given() {
        assert_eq!(*answer("bob", "s3cre7", None), "username=bob\npassword=s3cre7\n");
        let ending = answer("bob", "s3cre7", Some(2_000_000_000));
        assert_eq!(*ending, "username=bob\npassword=s3cre7\npassword_expiry_utc=2000000000\n");
    }

    #[test]
    fn another_users_password_is_not_handed_out() {
        assert_eq!(username(None, None), Some("x-access-token"));
        assert_eq!(username(None, Some("")), Some("x-access-token"));
        assert_eq!(username(None, Some("bob")), Some("bob"));
        assert_eq!(username(Some("ann"), None), Some("ann"));
        assert_eq!(username(Some("ann"), Some("ann")), Some("ann"));
        assert_eq!(username(Some("ann"), Some("bob")), None);
    }
}
