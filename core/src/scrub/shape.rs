//! What is set for a child, by the shape it expects.

use crate::provider::{BadEndpoint, Provider, Reading, Role, Url, WireKind, endpoint, sniff};
use crate::state::name::ProviderId;

use super::dialect::{Dialect, SHAPES, Setting};
use super::{ChildCredential, Missing, PlanError, Shape, Target, Value, Wanted, family, guards};

/// What is set for a child that works for all of these.
pub(super) fn settings(wanted: &Wanted<'_>) -> Result<Vec<Setting>, PlanError> {
    let mut all: Vec<(&Target<'_>, Vec<Setting>)> = Vec::new();
    for target in wanted.targets {
        let own = of_target(wanted, target)?;
        for (other, set) in &all {
            let clash = between((target, &own), (other, set)).or_else(|| between((other, set), (target, &own)));
            if let Some(name) = clash {
                let (first, second) = (other.provider.id.clone(), target.provider.id.clone());
                return Err(PlanError::Clash { name, first, second });
            }
        }
        all.push((target, own));
    }
    let mut set: Vec<Setting> = Vec::new();
    for (name, value) in all.into_iter().flat_map(|(_, own)| own) {
        if set.iter().all(|(known, _)| *known != name) {
            set.push((name, value));
        }
    }
    Ok(set)
}

/// A variable that both set, or by which one's program would send its credential to the other.
fn between((one, own): (&Target<'_>, &[Setting]), (_, others): (&Target<'_>, &[Setting])) -> Option<String> {
    let ours = |name: &str| own.iter().find(|(set, _)| set == name).map(|(_, value)| value);
    let is_read = |name: &String| one.shape == Shape::Own && one.provider.env.base_url.contains(name);
    let clash = others.iter().find(|(name, value)| match ours(name) {
        Some(own) => own != value,
        None => is_read(name),
    });
    clash.map(|(name, _)| name.clone())
}

/// Whether the program that is told in this way reads a variable of this name to learn whose credential it uses.
pub(super) fn is_read(wanted: &Wanted<'_>, name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let readings = wanted.table.of_variable(&name);
    let readers = readings.iter().filter(|reading| reading.role != Role::Account).map(|reading| reading.provider);
    wanted.targets.iter().any(|target| {
        let (shape, provider) = (target.shape, target.provider);
        let speaks =
            |dialect: &&Dialect| dialect.shape == shape || (shape == Shape::Own && dialect.is_native_to(provider));
        let is_own = |row: &Provider| shape == Shape::Own && row.id == provider.id;
        // It says who pays and not whose credential is used, so it is dropped and may be allowed.
        let is_account = |reading: &Reading<'_>| reading.role == Role::Account && reading.provider.id == provider.id;
        match SHAPES.iter().find(speaks) {
            _ if target.may_be_anywhere(&name) => false,
            Some(dialect) if dialect.is_native_to(provider) && readings.iter().any(is_account) => false,
            Some(dialect) => {
                let is_switch =
                    dialect.families.iter().any(|begin| name.starts_with(begin)) && family::is_telling(&name);
                let is_place = dialect.shape == Shape::Anthropic && name == guards::PROFILES;
                is_switch || is_place || readers.clone().any(|row| dialect.is_native_to(row) || is_own(row))
            }
            None => readers.clone().any(is_own),
        }
    })
}

fn of_target(wanted: &Wanted<'_>, target: &Target<'_>) -> Result<Vec<Setting>, PlanError> {
    let provider = target.provider;
    let credential = target.credential.ok_or_else(|| Missing::for_provider(provider))?;
    if let Some(owner) = stranger(wanted, provider, credential) {
        return Err(PlanError::Foreign { provider: provider.id.clone(), owner });
    }
    let urls = &provider.base_urls;
    let is_plain = |text: &str| endpoint(text) == Err(BadEndpoint::NotEncrypted);
    if !target.is_without_a_key()
        && [&urls.own, &urls.openai, &urls.anthropic].into_iter().flatten().any(|url| is_plain(url))
    {
        return Err(PlanError::NotEncrypted { provider: provider.id.clone() });
    }
    let guarded = |set| match SHAPES.iter().find(|dialect| dialect.is_native_to(provider)) {
        Some(native) => native.native(set, provider, credential),
        None => set,
    };
    let Some(dialect) = SHAPES.iter().find(|dialect| dialect.shape == target.shape) else {
        return own(provider, credential, provider.base_urls.own.as_deref()).map(guarded);
    };
    let endpoint = dialect.endpoint(provider);
    if dialect.is_native_to(provider) {
        // Clients know the native address themselves; only a gateway has to be named.
        let is_home = |text: &&str| Url::parse(text).is_some_and(|url| provider.is_native(&url));
        return own(provider, credential, endpoint.filter(|text| !is_home(text))).map(guarded);
    }
    let no_endpoint = || PlanError::NoEndpoint { provider: provider.id.clone(), shape: target.shape };
    let endpoint = endpoint.ok_or_else(no_endpoint)?;
    let set = vec![
        (dialect.url.to_owned(), Value::Plain(endpoint.to_owned())),
        (dialect.key.to_owned(), Value::Secret(credential.secret.clone())),
    ];
    Ok(dialect.guarded(set, provider))
}

/// The provider's own variables, and its base URL where the row names one.
fn own(provider: &Provider, credential: &ChildCredential, url: Option<&str>) -> Result<Vec<Setting>, PlanError> {
    let names = provider.names_for(credential.kind);
    if names.is_empty() {
        let field = if credential.kind == WireKind::ApiKey { "api_key" } else { "oauth_token" };
        return Err(PlanError::NoVariable { provider: provider.id.clone(), field });
    }
    let secrets = names.iter().map(|name| (name.clone(), Value::Secret(credential.secret.clone())));
    let urls = provider.env.base_url.iter().zip(std::iter::repeat(url));
    let urls = urls.filter_map(|(name, url)| Some((name.clone(), Value::Plain(url?.to_owned()))));
    Ok(secrets.chain(urls).collect())
}

/// Whose secret is stored under this provider's name, if not its own.
fn stranger(wanted: &Wanted<'_>, provider: &Provider, credential: &ChildCredential) -> Option<ProviderId> {
    let found = sniff::tokens(wanted.table, credential.secret.expose_secret());
    found.iter().find(|token| !token.belongs_to(&provider.id)).map(|token| token.owners[0].clone())
}
