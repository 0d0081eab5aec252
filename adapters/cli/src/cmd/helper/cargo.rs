//! Cargo's credential providers: a greeting out, then a line of JSON in and out for each request.
//!
//! Cargo runs the program with `--cargo-plugin` alone, and sends the arguments of its configuration with each request.

use credlatch::{Error, ErrorKind, Label, Latch, Secret};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read};
use zeroize::Zeroizing;

use crate::args::{Cli, Command, Global, Grant, Helper};
use crate::cmd::{clear, fresh::stored, set};
use crate::end::{Done, End};
use crate::{input, output};

/// The versions of the protocol that are spoken here.
const HELLO: &[u8] = b"{\"v\":[1]}\n";

/// Longer than any request with the longest secret.
const MOST_BYTES: u64 = 256 * 1024;

/// What cargo calls the registry of crates.io, which has moved since.
const CRATES_IO: [&str; 2] = ["https://github.com/rust-lang/crates.io-index", "https://crates.io"];

/// As cargo calls it.
pub(crate) fn plugin() -> Done {
    serve(|request| {
        let words = std::iter::once("credlatch".to_owned()).chain(request.args.iter().cloned());
        match Cli::from_words(words).map(|cli| (cli.global, cli.command)) {
            Ok((global, Command::Helper { client: Helper::Cargo(grant) })) => act(&global, &grant, request),
            // What the parser has to say may repeat what it saw.
            _ => Err(End::usage(
                "cargo's configuration of this credential provider doesn't fit",
                r#"as in: credential-provider = ["credlatch", "helper", "cargo", "PROVIDER", "--host", "HOST"]"#,
            )),
        }
    })
}

/// The same with the arguments of this call, to try it out.
pub(super) fn cargo(global: &Global, grant: &Grant) -> Done {
    serve(|request| act(global, grant, request))
}

fn serve(act: impl Fn(Request) -> Done<CredentialResult>) -> Done {
    output::write(&[HELLO])?;
    loop {
        let mut line = Zeroizing::new(String::with_capacity(4096));
        let read = io::stdin().lock().take(MOST_BYTES).read_line(&mut line);
        if read.map_err(|error| End::other(format!("could not read cargo's request: {error}"), "try again"))? == 0 {
            return Ok(());
        }
        let reply = Request::parse(&line).and_then(&act).or_else(CredentialResult::of_error)?;
        let line = Zeroizing::new(reply.line());
        output::write(&[line.as_bytes(), b"\n"])?;
    }
}

fn act(global: &Global, grant: &Grant, request: Request) -> Done<CredentialResult> {
    let latch = global.latch()?;
    if !super::may_go_to(global, &latch, grant, request.registry.address())? {
        return Ok(CredentialResult::Err(Refusal::UrlNotSupported));
    }
    let provider = grant.of.provider.as_str();
    match request.kind.as_str() {
        "get" => get(global, &latch, provider),
        "login" => login(&latch, provider, request.token),
        "logout" => {
            let cleared = latch.clear(provider)?;
            let _ = clear::revoke(&latch, &cleared);
            let is_nothing = cleared.entries().is_empty();
            Ok(if is_nothing {
                CredentialResult::Err(Refusal::NotFound)
            } else {
                CredentialResult::Ok(CredentialResponse::Logout)
            })
        }
        _ => Ok(CredentialResult::Err(Refusal::OperationNotSupported)),
    }
}

fn get(global: &Global, latch: &Latch, provider: &str) -> Done<CredentialResult> {
    match stored(latch, provider) {
        Ok(credential) => {
            let token = Zeroizing::new(credential.expose_secret().to_owned());
            // The next request may find a newer one, so cargo is to ask again.
            Ok(CredentialResult::Ok(CredentialResponse::Get { token, cache: "never", operation_independent: true }))
        }
        Err(End::Failed { error, .. }) if error.kind() == ErrorKind::NoCredential => {
            // Cargo's own words name its own remedy; ours names the provider.
            output::warn(global.json, error.written_message(), error.written_remedy());
            Ok(CredentialResult::Err(Refusal::NotFound))
        }
        Err(other) => Err(other),
    }
}

/// `cargo login`: a person stores a token, and cargo has not had it from here.
fn login(latch: &Latch, provider: &str, token: Option<Secret>) -> Done<CredentialResult> {
    let row = latch.provider(provider)?;
    let token = match token {
        Some(token) => token,
        None => input::ask(&format!("{} token", row.display_name()))?,
    };
    set::store_key(latch, row, &Label::default(), token)?;
    Ok(CredentialResult::Ok(CredentialResponse::Login))
}

#[derive(Deserialize)]
struct Request {
    v: u32,
    registry: Registry,
    kind: String,
    #[serde(default, with = "credlatch::core::secret::stored_option")]
    token: Option<Secret>,
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Registry {
    index_url: String,
}

impl Request {
    fn parse(line: &str) -> Done<Self> {
        let request = serde_json::from_str::<Self>(line).ok().filter(|request| request.v == 1);
        request.ok_or_else(|| {
            End::usage(
                "this is not a request of version 1 of cargo's protocol, or its token can't be one",
                "look at the token, and which version of cargo it is",
            )
        })
    }
}

impl Registry {
    /// Where the token is sent.
    fn address(&self) -> &str {
        if self.index_url == CRATES_IO[0] {
            return CRATES_IO[1];
        }
        self.index_url.strip_prefix("sparse+").unwrap_or(&self.index_url)
    }
}

#[derive(Serialize)]
enum CredentialResult {
    Ok(CredentialResponse),
    Err(Refusal),
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum CredentialResponse {
    Get {
        #[serde(serialize_with = "as_text")]
        token: Zeroizing<String>,
        cache: &'static str,
        #[serde(rename = "operation_independent")]
        operation_independent: bool,
    },
    Login,
    Logout,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Refusal {
    UrlNotSupported,
    NotFound,
    OperationNotSupported,
    Other {
        message: String,
        #[serde(rename = "caused-by")]
        caused_by: [&'static str; 0],
    },
}

fn as_text<S: serde::Serializer>(token: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(token)
}

impl CredentialResult {
    /// An error goes to cargo, which shows it. Only what can't be said at all ends the conversation.
    fn of_error(end: End) -> Done<Self> {
        let End::Failed { error, .. } = end else { return Err(end) };
        Ok(Self::Err(Refusal::Other { message: error_text(&error), caused_by: [] }))
    }

    fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn error_text(error: &Error) -> String {
    format!("{}; {}", error.message(), error.remedy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_requests_are_read() {
        let registry = r#""registry":{"index-url":"sparse+https://registry-url/index/","name":"my-registry","headers":["WWW-Authenticate: cargo"]}"#;
        let get = format!(r#"{{"v":1,{registry},"kind":"get","operation":"read","args":[]}}"#);
        let request = Request::parse(&get).unwrap();
        assert_eq!((request.kind.as_str(), request.registry.address()), ("get", "https://registry-url/index/"));
        let login = format!(
            r#"{{"v":1,{registry},"kind":"login","token":"<the token value>","login-url":"http://registry-url/login","args":["a"]}}"#
        );
        let request = Request::parse(&login).unwrap();
        assert_eq!(request.token.unwrap().expose_secret(), "<the token value>");
        assert_eq!(request.args, ["a"]);
        let logout = r#"{"v":1,"kind":"logout","registry":{"index-url":"https://github.com/rust-lang/crates.io-index","name":"crates-io"}}"#;
        assert_eq!(Request::parse(logout).unwrap().registry.address(), "https://crates.io");
    }

    #[test]
    fn what_is_no_request_is_refused_without_a_word_of_it() {
        for text in ["", "hush", r#"{"v":2,"kind":"get","registry":{"index-url":"hush"}}"#, r#"{"token":"hush"}"#] {
            let Err(end) = Request::parse(text) else { panic!("{text}") };
            assert!(!CredentialResult::of_error(end).unwrap().line().contains("hush"));
        }
    }

    #[test]
    fn the_answers_have_the_published_form() {
        let token = Zeroizing::new("t-1".to_owned());
        let get = CredentialResult::Ok(CredentialResponse::Get { token, cache: "never", operation_independent: true });
        let lines = [
            (get, r#"{"Ok":{"kind":"get","token":"t-1","cache":"never","operation_independent":true}}"#),
            (CredentialResult::Ok(CredentialResponse::Login), r#"{"Ok":{"kind":"login"}}"#),
            (CredentialResult::Ok(CredentialResponse::Logout), r#"{"Ok":{"kind":"logout"}}"#),
            (CredentialResult::Err(Refusal::UrlNotSupported), r#"{"Err":{"kind":"url-not-supported"}}"#),
            (CredentialResult::Err(Refusal::NotFound), r#"{"Err":{"kind":"not-found"}}"#),
            (CredentialResult::Err(Refusal::OperationNotSupported), r#"{"Err":{"kind":"operation-not-supported"}}"#),
        ];
        for (reply, line) in lines {
            assert_eq!(reply.line(), line);
        }
        let other = CredentialResult::Err(Refusal::Other { message: "why".to_owned(), caused_by: [] });
        assert_eq!(other.line(), r#"{"Err":{"kind":"other","message":"why","caused-by":[]}}"#);
    }
}
