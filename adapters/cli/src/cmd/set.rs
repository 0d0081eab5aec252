//! `set`: store a key or a token that comes in on standard input.

use credlatch::core::provider::{Kind, Provider, sniff};
use credlatch::core::scrub::PlanError;
use credlatch::{Error, Label, Latch, Secret};
use serde_json::json;

use crate::args::{self, Global, Set};
use crate::end::{Done, End};
use crate::{input, output, place};

pub(crate) fn set(global: &Global, args: &Set) -> Done {
    let latch = global.latch()?;
    let row = latch.provider(&args.of.provider)?;
    let label = Label::new(&args.label).map_err(|bad| End::usage(bad.to_string(), "as in: --label work"))?;
    place::keep_out_secrets(latch.providers(), label.as_str())?;
    match args.kind {
        args::Kind::ApiKey => {
            let key = input::api_key(&input::read(&format!("{} API key", row.display_name()))?)?;
            store_key(&latch, row, &label, key)?;
        }
        args::Kind::Oauth => {
            let text = input::read(&format!("{} access token, or JSON", row.display_name()))?;
            let tokens = input::tokens(&text, jiff::Timestamp::now())?;
            fits(&latch, row, &tokens.access, Kind::OauthToken)?;
            latch.set_tokens(row.id.as_str(), &label, tokens)?;
        }
    }
    let kind = match args.kind {
        args::Kind::ApiKey => credlatch::Kind::ApiKey,
        args::Kind::Oauth => credlatch::Kind::Oauth,
    };
    let profile = latch.profile();
    let object = json!({"profile": profile.as_str(), "provider": row.id, "label": label, "kind": kind.as_str()});
    output::answer(global.json, &object, || format!("stored for {}, label {label}, profile {profile}", row.id))
}

/// Stores a key, if it can be this provider's.
pub(super) fn store_key(latch: &Latch, row: &Provider, label: &Label, key: Secret) -> Done {
    fits(latch, row, &key, Kind::ApiKey)?;
    Ok(latch.set_as(row.id.as_str(), label, key)?)
}

/// Refuses a secret whose prefix says that it is another provider's, or of another kind: it would never work, or worse.
fn fits(latch: &Latch, row: &Provider, secret: &Secret, kind: Kind) -> Done {
    let Some(known) = sniff::whole(latch.providers(), secret.expose_secret()) else { return Ok(()) };
    if !known.belongs_to(&row.id) {
        let owner = known.owners[0].clone();
        return Err(Error::from(PlanError::Foreign { provider: row.id.clone(), owner }).into());
    }
    match (known.kind, kind) {
        (Some(Kind::OauthToken), Kind::ApiKey) => Err(End::usage(
            "this begins like an access token and not like a key",
            "nothing was stored; add --kind oauth",
        )),
        (Some(Kind::ApiKey), Kind::OauthToken) => Err(End::usage(
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
