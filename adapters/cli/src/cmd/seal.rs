//! `seal`, `unseal`, `rekey`: how the whole store is sealed.

use credlatch::{Profile, SealKeySource};
use serde_json::json;

use super::at_work::saying_whom;
use crate::args::{Global, Rekey};
use crate::end::{Done, End};
use crate::output;
use crate::place::key_source;

pub(crate) fn seal(global: &Global) -> Done {
    let source = match global.seal_key()? {
        Some(source) => source,
        None => match SealKeySource::from_env()? {
            Some(source) => source,
            None => global.builder()?.known_seal_key()?.ok_or_else(nowhere)?,
        },
    };
    let changed = saying_whom(global, || Ok(global.builder()?.seal(&source)?))?;
    said(global, &changed, "sealed", || {
        format!(
            "the store is sealed; its key is in {source}: without it nothing here can be read, so keep a copy elsewhere"
        )
    })
}

pub(crate) fn unseal(global: &Global) -> Done {
    let changed = saying_whom(global, || Ok(global.builder()?.unseal()?))?;
    said(global, &changed, "unsealed", || "the store is plain text again".to_owned())
}

pub(crate) fn rekey(global: &Global, args: &Rekey) -> Done {
    let source = key_source("--to", args.to.as_deref(), [&args.to_command, &args.to_store])?.ok_or_else(nowhere)?;
    let changed = saying_whom(global, || Ok(global.builder()?.rekey(&source)?))?;
    said(global, &changed, "sealed", || {
        let place = if global.is_in_etcd() {
            "; put it into the home of each machine, this one too, in the place of `seal.key`"
        } else {
            ""
        };
        format!(
            "the store is sealed with the key in {source}{place}; destroy the old one once no backup that you need is sealed with it"
        )
    })
}

fn nowhere() -> End {
    End::usage(
        "nobody has said where the key is to be",
        "give --seal-key FILE, which is made if it isn't there, --seal-key-command COMMAND or --seal-key-store NAME",
    )
}

fn said(global: &Global, changed: &[Profile], what: &str, sentence: impl FnOnce() -> String) -> Done {
    let names: Vec<&str> = changed.iter().map(Profile::as_str).collect();
    output::answer(global.json, &json!({ what: names }), sentence)
}
