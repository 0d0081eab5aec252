//! `token`: print a token that is good now, for tools that ask a helper for their key.

use credlatch::{Credential, Latch, rfc3339};
use serde::Serialize;

use crate::args::{Global, Provider};
use crate::end::Done;
use crate::output;

#[derive(Serialize)]
struct TokenJson<'a> {
    provider: &'a str,
    profile: &'a str,
    label: &'a str,
    kind: &'a str,
    token: &'a str,
    expires_at: Option<String>,
    generation: u64,
    source: Option<String>,
}

pub(crate) fn token(global: &Global, of: &Provider) -> Done {
    let latch = global.latch()?;
    let credential = super::fresh::stored(&latch, &of.provider)?;
    if !global.json {
        return output::write(&[credential.expose_secret().as_bytes(), b"\n"]);
    }
    let answer = TokenJson {
        provider: credential.provider().as_str(),
        profile: latch.profile().as_str(),
        label: credential.label().as_str(),
        kind: credential.kind().as_str(),
        token: credential.expose_secret(),
        expires_at: credential.expires_at().map(rfc3339),
        generation: credential.generation(),
        source: source(&latch, &credential)?,
    };
    output::json(&answer)
}

/// Where it came from; nothing if it was replaced in this very moment.
fn source(latch: &Latch, credential: &Credential) -> Done<Option<String>> {
    let status = latch.status()?;
    let entry = status.state.entry(credential.provider().as_str(), credential.label().as_str());
    Ok(entry.filter(|entry| entry.version == credential.version()).map(|entry| entry.source.to_string()))
}
