//! Docker's credential helpers: an operation as the last argument, an address or JSON in, JSON out.
//!
//! Docker runs `docker-credential-NAME`, without arguments of ours, so a script of one line goes between.

use credlatch::{ErrorKind, Secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

use crate::args::{Asked, Global};
use crate::cmd::{clear, fresh::stored};
use crate::end::{Done, End};
use crate::{input, output};

/// By these words docker knows that nothing is there; with any others it gives up.
const NOT_FOUND: &str = "credentials not found in native keychain";

pub(super) fn docker(global: &Global, asked: &Asked) -> Done {
    match asked.operation.as_str() {
        "get" => get(global, asked),
        "store" => store(global, asked),
        "erase" => erase(global, asked),
        "list" => list(global, asked),
        "version" => output::say(concat!("credlatch v", env!("CARGO_PKG_VERSION"))),
        _ => Err(End::usage(
            "that is nothing that docker asks a credential helper",
            "the operations are get, store, erase, list and version; docker appends them",
        )),
    }
}

fn get(global: &Global, asked: &Asked) -> Done {
    let text = input::request()?;
    let server = text.trim();
    let latch = global.latch()?;
    if !super::may_go_to(global, &latch, &asked.grant, server)? {
        output::say(NOT_FOUND)?;
        return Err(End::Quiet(1));
    }
    let credential = match stored(&latch, asked.provider()) {
        Err(End::Failed { error, status }) if error.kind() == ErrorKind::NoCredential => {
            output::say(NOT_FOUND)?;
            return Err(End::Failed { error, status });
        }
        other => other?,
    };
    let answer = DockerCredential { server, username: username(asked), secret: credential.expose_secret() };
    let line = Zeroizing::new(serde_json::to_string(&answer).unwrap_or_default());
    output::write(&[line.as_bytes(), b"\n"])
}

/// What is stored already may be stored again, which `docker login` does after every success. Anything else may as well
/// be an old secret that was replaced since docker got it, so only a person can store it.
fn store(global: &Global, asked: &Asked) -> Done {
    let text = input::request()?;
    let login: Login = serde_json::from_str(&text).map_err(|_| {
        End::usage("this is not what docker gives to a helper", "nothing was stored; the command is for docker to call")
    })?;
    let latch = global.latch()?;
    let is_ours = super::may_go_to(global, &latch, &asked.grant, &login.server)?;
    if is_ours && latch.recognise(asked.provider(), &login.secret)?.is_some() {
        return Ok(());
    }
    let id = &latch.provider(asked.provider())?.id;
    Err(End::usage(
        "docker's login was not stored: a helper can't tell a new password from one that was replaced meanwhile",
        format!("store it with `credlatch set {id}`; docker then needs no login"),
    ))
}

/// `docker logout`: a person signs out.
fn erase(global: &Global, asked: &Asked) -> Done {
    let text = input::request()?;
    let latch = global.latch()?;
    if super::may_go_to(global, &latch, &asked.grant, text.trim())? {
        let _ = clear::revoke(&latch, &latch.clear(asked.provider())?);
    }
    Ok(())
}

/// The hosts that the line names, if there is something for them.
fn list(global: &Global, asked: &Asked) -> Done {
    let latch = global.latch()?;
    let row = latch.provider(asked.provider())?;
    let is_stored = latch.status()?.state.slot(row.id.as_str()).is_some_and(|slot| !slot.entries.is_empty());
    let hosts = asked.grant.hosts.iter().filter(|_| is_stored).map(|host| (host.text(), username(asked)));
    output::json(&hosts.collect::<BTreeMap<_, _>>())
}

fn username(asked: &Asked) -> &str {
    asked.username.as_deref().unwrap_or(super::USERNAME)
}

#[derive(Serialize)]
struct DockerCredential<'a> {
    #[serde(rename = "ServerURL")]
    server: &'a str,
    #[serde(rename = "Username")]
    username: &'a str,
    #[serde(rename = "Secret")]
    secret: &'a str,
}

#[derive(Deserialize)]
struct Login {
    #[serde(rename = "ServerURL")]
    server: String,
    #[serde(rename = "Secret", with = "credlatch::core::secret::stored")]
    secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_messages_are_read_and_written() {
        let text = r#"{ "ServerURL": "https://index.docker.io/v1", "Username": "david", "Secret": "passw0rd1" }"#;
        let login: Login = serde_json::from_str(text).unwrap();
        assert_eq!((login.server.as_str(), login.secret.expose_secret()), ("https://index.docker.io/v1", "passw0rd1"));
        let credential =
            DockerCredential { server: "https://index.docker.io/v1", username: "david", secret: "passw0rd1" };
        let (ours, theirs): (_, serde_json::Value) =
            (serde_json::to_value(credential), serde_json::from_str(text).unwrap());
        assert_eq!(ours.unwrap(), theirs);
    }
}
