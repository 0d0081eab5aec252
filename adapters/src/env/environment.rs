//! The environment as a source of credentials.

use std::collections::BTreeSet;
use std::ffi::OsString;

use credlatch_core::name::ProviderId;
use credlatch_core::provider::{Provider, Table, WireKind};
use credlatch_core::state::{Material, Source};
use credlatch_core::time::{Expiry, Stamp};

use crate::found::{Found, Imported, Why, bare_token, end_of, kind_of};

/// Finds the credentials in a snapshot of an environment: those of every provider in the table, or of one.
///
/// A value is taken by what it is: variables such as `ANTHROPIC_AUTH_TOKEN` hold keys and tokens alike, so their content
/// decides, and what can't be told is passed over by name. A secret that stands in several variables is found once.
pub fn import_env(
    vars: impl IntoIterator<Item = (OsString, OsString)>,
    table: &Table,
    only: Option<&ProviderId>,
) -> Imported {
    let vars: Vec<_> = vars.into_iter().collect();
    let mut imported = Imported::default();
    for provider in wanted(table, only) {
        for name in provider.credential_names().filter(|name| is_meant(table, provider, name, only)) {
            let Some((_, value)) = vars.iter().find(|(own, _)| own == name) else { continue };
            let source = Source::Env(name.to_owned());
            // What is not text can't be a secret either, and is refused as such.
            take(&mut imported, table, provider, name, &value.to_string_lossy(), source);
        }
    }
    if only.is_none() {
        let set = vars.iter().filter(|(_, value)| !value.to_string_lossy().trim().is_empty());
        skip_shared(&mut imported, table, set.filter_map(|(name, _)| name.to_str()));
    }
    imported
}

pub(super) fn wanted<'a>(table: &'a Table, only: Option<&'a ProviderId>) -> impl Iterator<Item = &'a Provider> {
    let all = only.is_none().then(|| table.providers().chain(table.field())).into_iter().flatten();
    only.and_then(|only| table.get(only)).into_iter().chain(all)
}

/// Whether what a variable holds is this provider's for sure. Of the field's rows several may read one variable, and other
/// programs too: then somebody has to name the provider.
pub(super) fn is_meant(table: &Table, provider: &Provider, name: &str, only: Option<&ProviderId>) -> bool {
    let is_alone = || {
        let readings = table.of_variable(name);
        readings.iter().all(|reading| reading.provider.id == provider.id && !reading.is_shared)
    };
    only.is_some() || table.in_field(&provider.id).is_none() || is_alone()
}

/// Says of each variable that is set and belongs to nobody for sure who reads it.
pub(super) fn skip_shared<'a>(imported: &mut Imported, table: &Table, set: impl Iterator<Item = &'a str>) {
    let names: BTreeSet<&str> = set.collect();
    for name in names {
        let readings = table.of_variable(name).into_iter().filter(|reading| reading.role.is_credential());
        let mut readers: Vec<&Provider> = Vec::new();
        for reading in readings {
            if readers.iter().all(|row| row.id != reading.provider.id) {
                readers.push(reading.provider);
            }
        }
        let is_taken =
            |row: &&Provider| row.credential_names().any(|own| own == name) && is_meant(table, row, name, None);
        if !readers.is_empty() && !readers.iter().any(is_taken) {
            imported.skip(name, Why::Shared(readers.iter().map(|row| row.id.clone()).collect()));
        }
    }
}

/// Takes what a variable holds. A blank one isn't set.
pub(super) fn take(
    imported: &mut Imported,
    table: &Table,
    provider: &Provider,
    name: &str,
    value: &str,
    source: Source,
) {
    if value.trim().is_empty() {
        return;
    }
    match material(imported, table, provider, name, value) {
        Ok(material) => {
            let found = Found::copied(provider.id.clone(), source, material);
            let is_new = |found: &Found| {
                let print = found.material.fingerprint();
                let same = |one: &Found| one.provider == found.provider && one.material.fingerprint() == print;
                !imported.found.iter().any(same)
            };
            imported.found.extend(found.filter(is_new));
        }
        Err(why) => imported.skip(name, why),
    }
}

fn material(
    imported: &mut Imported,
    table: &Table,
    provider: &Provider,
    name: &str,
    value: &str,
) -> Result<Material, Why> {
    let secret = imported.key(name, value, provider.keyless)?;
    let kind = kind_of(table, provider, &secret, by_name(provider, name))?;
    let end_ms = end_of(&secret)?;
    Ok(match kind {
        WireKind::ApiKey => Material::ApiKey(secret),
        WireKind::OauthToken => bare_token(secret, end_ms.map_or(Expiry::Never, Expiry::At), Stamp::default()),
    })
}

/// What a variable is for, if it is for one thing.
fn by_name(provider: &Provider, name: &str) -> Option<WireKind> {
    let is_in = |names: &[String]| names.iter().any(|own| own == name);
    if is_in(&provider.env.oauth_token) {
        Some(WireKind::OauthToken)
    } else {
        is_in(&provider.env.api_key).then_some(WireKind::ApiKey)
    }
}
