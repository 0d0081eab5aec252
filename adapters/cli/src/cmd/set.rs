//! `set`: store a key or a token that comes in on standard input.

use credlatch::core::provider::{LeftOff, Pasted, Provider, WireKind, sniff};
use credlatch::{Error, HeldBack, Label, Latch, Secret, Stored, StoredChange};
use serde_json::json;

use super::moving;
use crate::args::{self, Global, Set};
use crate::end::{Done, End};
use crate::{input, output, place};

pub(crate) fn set(global: &Global, args: &Set) -> Done {
    if args.verbatim && args.kind == args::Kind::Oauth {
        return Err(End::usage(
            "--verbatim is for keys, and this is to be a login",
            "nothing was stored; leave out --verbatim, or leave out --kind oauth",
        ));
    }
    let latch = global.latch()?;
    let row = latch.provider(&args.of.provider)?;
    let label = &args.label;
    place::keep_out_secrets(latch.providers(), label.as_str())?;
    let mut left_off = Vec::new();
    let stored = match args.kind {
        args::Kind::ApiKey => {
            let text = input::read(&format!("{} API key", row.display_name()))?;
            if args.verbatim {
                store_key(&latch, row, label, Secret::try_from(text.as_str()).map_err(Error::from)?)?;
            } else {
                let Pasted { key, left_off: around } = input::api_key(&text, row)?;
                fits(&latch, row, &key, WireKind::ApiKey)?;
                latch.set_as(row.id.as_str(), label, key)?;
                left_off = around;
            }
            None
        }
        args::Kind::Oauth => {
            let text = input::read(&format!("{} access token, or JSON", row.display_name()))?;
            let tokens = if input::is_answer(&text) {
                input::tokens(&text, jiff::Timestamp::now())?
            } else {
                let Pasted { key, left_off: around } = input::token(&text)?;
                left_off = around;
                input::bare(key)
            };
            fits(&latch, row, &tokens.access, WireKind::OauthToken)?;
            let id = row.id.as_str();
            Some(if args.again {
                latch.set_tokens_again(id, label, tokens)?
            } else {
                latch.set_tokens(id, label, tokens)?
            })
        }
    };
    let kind = match args.kind {
        args::Kind::ApiKey => credlatch::Kind::ApiKey,
        args::Kind::Oauth => credlatch::Kind::Oauth,
    };
    if !left_off.is_empty() {
        let what = format!("left off {} around the secret", list(&left_off));
        let remedy = match args.kind {
            args::Kind::ApiKey => "if that is part of it: `set --verbatim` stores exactly what is given",
            args::Kind::Oauth => "a token that a request can carry has none of that",
        };
        output::warn(global.json, &what, remedy);
    }
    moving::warn_of_moved(global, &latch);
    let profile = latch.profile();
    let mut object = json!({"profile": profile.as_str(), "provider": row.id, "label": label, "kind": kind.as_str()});
    if let Some(stored) = stored {
        object["changed"] = json!(changed(stored));
    }
    output::answer(global.json, &object, || {
        let what = stored.map_or("stored", said);
        let held_back = stored.and_then(|stored| stored.held_back).map_or("", held_back);
        format!("{what} for {}, label {label}, profile {profile}{held_back}", row.id)
    })
}

/// What stood around a secret, in words.
pub(super) fn list(left_off: &[LeftOff]) -> String {
    let all: Vec<String> = left_off.iter().map(ToString::to_string).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

/// What JSON output calls the change.
fn changed(stored: Stored) -> &'static str {
    match stored.change {
        StoredChange::Nothing => "nothing",
        StoredChange::Terms => "terms",
        _ => "tokens",
    }
}

fn said(stored: Stored) -> &'static str {
    match stored.change {
        StoredChange::Nothing => "nothing to change: these tokens are stored",
        StoredChange::Terms => "stored the new end and scope of the tokens that are there",
        _ => "stored",
    }
}

fn held_back(why: HeldBack) -> &'static str {
    match why {
        HeldBack::InFlight => "\nIts refresh token is being presented right now; what that brings will be stored.",
        _ => "\nWhat became of its refresh token isn't known, so it is not presented for now: see `credlatch doctor`.",
    }
}

/// Stores a key as it is, if it can be this provider's.
pub(super) fn store_key(latch: &Latch, row: &Provider, label: &Label, key: Secret) -> Done {
    fits(latch, row, &key, WireKind::ApiKey)?;
    Ok(latch.set_verbatim(row.id.as_str(), label, key)?)
}

/// Refuses a secret whose prefix says that it is another provider's, or of another kind: it would never work, or worse.
fn fits(latch: &Latch, row: &Provider, secret: &Secret, kind: WireKind) -> Done {
    let Some(known) = sniff::whole(latch.providers(), secret.expose_secret()) else { return Ok(()) };
    if !known.belongs_to(&row.id) {
        let (owner, id) = (known.owners[0], &row.id);
        return Err(End::usage(
            format!("this begins like a credential of {owner}, and not of {id}"),
            format!(
                "nothing was stored, and what was stored before is still there; store it where it belongs: `credlatch set {owner}`; \
                 or list its prefix under `token_prefixes` in the row of {id}"
            ),
        ));
    }
    match (known.kind, kind) {
        (Some(WireKind::OauthToken), WireKind::ApiKey) => Err(End::usage(
            "this begins like an access token and not like a key",
            "nothing was stored; add --kind oauth",
        )),
        (Some(WireKind::ApiKey), WireKind::OauthToken) => Err(End::usage(
            "this begins like a key and not like an access token",
            "nothing was stored; leave out --kind oauth",
        )),
        (None, _) => Err(End::usage(
            "this begins like a secret that no request carries, such as a refresh token or an administrator's key",
            "nothing was stored; give a key, or the whole token answer as JSON with --kind oauth",
        )),
        _ => Ok(()),
    }
}
