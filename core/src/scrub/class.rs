//! What an inherited variable is, by its name and by what it holds.

use serde::Serialize;

use super::{Target, Wanted, address, cloud, decoded, family, suspect};
use crate::provider::{Provider, Reading, Role, Table, sniff};

use super::dialect::SHAPES;

/// What an inherited variable is. A variable that fits several is the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A model provider's: it holds a credential, says where one goes, or bills one.
    Provider,
    /// A switch or a login of a known tool's family, or something that begins like one.
    Tool,
    /// A part of a cloud's credential chain, which pays for models too.
    Cloud,
    /// It looks like a credential, and nobody knows whose.
    Suspect,
    /// Nothing of the kind.
    Plain,
}

impl Class {
    /// Whether it reaches no child unless somebody allows it by name.
    pub fn is_kept_back(self) -> bool {
        matches!(self, Self::Provider | Self::Tool | Self::Cloud)
    }
}

/// Reads a name and a value lossily: what is not text can't hide a token that is.
pub(super) fn of(wanted: &Wanted<'_>, name: &str, value: &str) -> Class {
    let of_name = match of_name(wanted.table, &owners(wanted), name) {
        _ if wanted.targets.iter().any(|target| target.may_be_anywhere(name)) => Class::Plain,
        Class::Plain if !value.is_empty() && suspect::has_its_name(name) => Class::Suspect,
        class => class,
    };
    let readings = decoded::readings(value);
    readings.iter().map(|text| of_value(wanted, name, text)).fold(of_name, Class::min)
}

/// What a text tells that stands in a variable.
fn of_value(wanted: &Wanted<'_>, name: &str, text: &str) -> Class {
    let ours: Vec<&Provider> = wanted.targets.iter().map(|target| target.provider).collect();
    if is_a_strangers_url(wanted.table, &ours, name, text) || holds_a_strangers_token(wanted, text) {
        Class::Provider
    } else if cloud::holds_a_key(text) && secrets(wanted).all(|secret| secret != sniff::unwrapped(text)) {
        Class::Cloud
    } else if suspect::has_its_form(text) {
        Class::Suspect
    } else {
        Class::Plain
    }
}

/// Those whose own programs are told in their own variables.
fn owners<'a>(wanted: &Wanted<'a>) -> Vec<&'a Provider> {
    let is_told_so = |target: &&Target<'a>| {
        let dialect = SHAPES.iter().find(|dialect| dialect.shape == target.shape);
        dialect.is_none_or(|dialect| dialect.is_native_to(target.provider))
    };
    wanted.targets.iter().filter(is_told_so).map(|target| target.provider).collect()
}

/// What a name alone tells, if it is to be kept back. Case does not count: a program that reads `anthropic_api_key` is as real
/// as one that reads `ANTHROPIC_API_KEY`. A file that holds what the variable would hold, and what a workflow gives its
/// action, are as the variable.
pub(super) fn of_name(table: &Table, ours: &[&Provider], name: &str) -> Class {
    // A workflow keeps the dashes in what it gives its action.
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let name = name.strip_prefix("INPUT_").unwrap_or(&name);
    let of_table = |name: &str| of_readings(&table.of_variable(name), ours, name);
    if let Some(class) = of_table(name).or_else(|| suspect::without_file(name).and_then(of_table)) {
        class
    } else if family::is_kept_back(table, name) {
        Class::Tool
    } else if cloud::is_in_a_chain(name) {
        Class::Cloud
    } else {
        Class::Plain
    }
}

/// What the table says of a variable, if it says anything.
fn of_readings(readings: &[Reading<'_>], ours: &[&Provider], name: &str) -> Option<Class> {
    if SHAPES.iter().any(|shape| shape.url == name || shape.key == name) {
        return Some(Class::Provider);
    }
    let is_ours = |reading: &Reading<'_>| ours.iter().any(|row| row.id == reading.provider.id);
    let mut telling =
        readings.iter().filter(|reading| reading.role != Role::Account && !GIT.contains(&name)).peekable();
    telling.peek()?;
    let is_site = |reading: &Reading<'_>| reading.role == Role::BaseUrl && reading.is_shared && !is_ours(reading);
    if telling.clone().all(is_site) {
        // Where a house is that has other uses. Its credential, which would be sent there, is kept back.
        Some(Class::Plain)
    } else if telling.all(|reading| reading.is_shared) && cloud::is_in_a_chain(name) {
        Some(Class::Cloud)
    } else {
        Some(Class::Provider)
    }
}

/// They are for repositories first, and programs that use none of a provider's models need them.
const GIT: &[&str] = &["GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN"];

/// Hosts at which providers have more than models, so that an address there says nothing of models; a line each, with the
/// reason.
const SITES: &str = include_str!("sites.txt");

fn is_site(host: &str) -> bool {
    SITES.lines().any(|line| line.split_once(' ').is_some_and(|(site, _)| site == host))
}

/// Whether a text is the address of a provider that isn't one of these. What is to be reached without a proxy is no address
/// to which anything is sent.
pub(super) fn is_a_strangers_url(table: &Table, ours: &[&Provider], name: &str, text: &str) -> bool {
    let Some(host) = address::host(text).filter(|_| !name.eq_ignore_ascii_case("NO_PROXY")) else { return false };
    let is_own = ours.iter().any(|row| row.native_hosts.iter().any(|own| own.eq_ignore_ascii_case(&host)));
    !is_own && !is_site(&host) && !table.of_host(&host).is_empty()
}

fn secrets<'a>(wanted: &Wanted<'a>) -> impl Iterator<Item = &'a str> + Clone {
    wanted.targets.iter().filter_map(|target| target.credential).map(|own| own.secret.expose_secret())
}

fn holds_a_strangers_token(wanted: &Wanted<'_>, value: &str) -> bool {
    let ours = secrets(wanted);
    let is_ours = |token: &sniff::Token<'_>| ours.clone().any(|secret| token.is(secret));
    if !sniff::tokens(wanted.table, value).iter().all(is_ours) {
        return true;
    }
    sniff::nameless_keys(value).any(|key| ours.clone().all(|secret| secret != key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_is_there_once_and_for_a_reason() {
        let lines: Vec<&str> = SITES.lines().collect();
        assert!(lines.is_sorted_by(|one, next| one < next));
        for line in lines {
            let (site, reason) = line.split_once(' ').unwrap();
            assert!(address::host(site).as_deref() == Some(site) && reason.split(' ').count() > 3, "{line}");
        }
        assert!(is_site("gitlab.com") && !is_site("api.openai.com") && !is_site("gitlab"));
    }
}
