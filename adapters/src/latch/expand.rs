//! `${NAME}` in a configuration, from one profile alone.

use std::fmt;

use credlatch_core::provider::{Provider, Role, WireKind};
use zeroize::Zeroizing;

use super::Latch;
use super::credential::Credential;
use crate::error::{Error, ErrorKind};

/// A text with secrets in it. `Debug` hides it, and it is wiped when it is dropped. A clear does not wait for it: expand
/// anew for each use.
#[derive(Clone)]
pub struct Expanded(Zeroizing<String>);

impl Expanded {
    /// The text.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Expanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Expanded(hidden)")
    }
}

/// What a name stands for.
enum Value<'a> {
    Plain(&'a str),
    Secret(Credential),
}

impl Value<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(credential) => credential.expose_secret(),
        }
    }
}

pub(super) fn expand(text: &str, latch: &Latch) -> Result<Expanded, Error> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, name_on)) = rest.split_once("${") {
        let (name, after) = name_on.split_once('}').ok_or_else(unclosed)?;
        parts.extend([Value::Plain(before), look_up(name, latch)?]);
        rest = after;
    }
    parts.push(Value::Plain(rest));
    // Made in one piece: a text that grows leaves copies behind.
    let mut whole = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.text().len()).sum()));
    for part in &parts {
        whole.push_str(part.text());
    }
    Ok(Expanded(whole))
}

fn look_up<'a>(name: &str, latch: &'a Latch) -> Result<Value<'a>, Error> {
    let rows: Vec<_> = latch.providers().of_variable(name).into_iter().map(|reading| reading.provider).collect();
    // The row in use decides, and not one whose place it took; and here case counts.
    let find = |role| rows.iter().find(|row| row.env.names(role).iter().any(|known| known == name)).copied();
    if let Some(row) = find(Role::ApiKey) {
        return credential(name, latch, row, Some(WireKind::ApiKey));
    }
    if let Some(row) = find(Role::OauthToken) {
        return credential(name, latch, row, Some(WireKind::OauthToken));
    }
    if let Some(row) = find(Role::Either) {
        return credential(name, latch, row, None);
    }
    if let Some(row) = find(Role::BaseUrl) {
        let none = || refused(format!("{} has no address of its own in the provider table", row.id));
        return row.base_urls.own.as_deref().map(Value::Plain).ok_or_else(none);
    }
    Err(refused("a configuration names a variable that no provider has".to_owned()))
}

fn credential<'a>(name: &str, latch: &'a Latch, row: &Provider, kind: Option<WireKind>) -> Result<Value<'a>, Error> {
    let credential = latch.current(row.id.as_str())?;
    if kind.is_none_or(|kind| kind == credential.wire_kind()) {
        return Ok(Value::Secret(credential));
    }
    let stored = credential.kind().as_str();
    let remedy = format!("use another of {}'s variables, or store what belongs in this one", row.id);
    Err(Error::new(ErrorKind::NoCredential, format!("what is stored for ${{{name}}} is of kind {stored}"), remedy))
}

fn unclosed() -> Error {
    refused("a configuration has a `${` without its `}`".to_owned())
}

fn refused(what: String) -> Error {
    Error::new(ErrorKind::Usage, what, "write ${NAME} with a provider's variable, such as ${MINIMAX_API_KEY}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use credlatch_core::secret::Secret;

    fn latch() -> Latch {
        let latch = Latch::in_memory();
        let odd = Secret::try_from("mm-${OPENAI_API_KEY}").unwrap();
        latch.set_verbatim("minimax", &crate::Label::default(), odd).unwrap();
        latch
    }

    #[test]
    fn names_are_replaced_once_and_other_text_is_left() {
        for (text, expected) in [
            ("", ""),
            ("no $NAME and no {braces}", "no $NAME and no {braces}"),
            ("${MINIMAX_API_KEY}", "mm-${OPENAI_API_KEY}"),
            (
                "Bearer ${MINIMAX_API_KEY}, é ${MINIMAX_API_KEY}!",
                "Bearer mm-${OPENAI_API_KEY}, é mm-${OPENAI_API_KEY}!",
            ),
        ] {
            assert_eq!(expand(text, &latch()).unwrap().expose_secret(), expected);
        }
    }

    #[test]
    fn what_is_not_a_stored_credential_is_an_error() {
        for (text, kind) in [
            ("${OPENAI_API_KEY}", ErrorKind::NoCredential),
            ("${PATH}", ErrorKind::Usage),
            ("${minimax_api_key}", ErrorKind::Usage),
            ("${MINIMAX_API_KEY:-other}", ErrorKind::Usage),
            ("${}", ErrorKind::Usage),
            ("${MINIMAX_API_KEY", ErrorKind::Usage),
        ] {
            let error = expand(text, &latch()).unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", expand("${MINIMAX_API_KEY}", &latch()).unwrap()), "Expanded(hidden)");
    }
}
