//! What an inherited variable is, by its name and by what it holds.

use serde::Serialize;

use super::{Target, Wanted, address, assigned, cloud, decoded, family, harmless, suspect, words};
use crate::provider::{Provider, Reading, Role, Table, sniff};
use crate::state::secret::Secret;

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
pub(super) fn classify(wanted: &Wanted<'_>, name: &str, value: &str) -> Class {
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
    if is_a_strangers_url(wanted.table, &ours, name, text)
        || holds_a_strangers_token(wanted, text)
        || holds_what_is_stored(wanted, text)
    {
        Class::Provider
    } else if cloud::holds_a_key(text) && secrets(wanted).all(|secret| secret != sniff::unwrapped(text)) {
        Class::Cloud
    } else {
        let of_form = if suspect::has_its_form(text) { Class::Suspect } else { Class::Plain };
        let is_ours = |value: &str| secrets(wanted).any(|secret| value.starts_with(secret));
        of_form.min(of_assigned(wanted.table, text, is_ours))
    }
}

/// What the names tell to which a text gives a value that isn't ours. A name that is only like a credential's counts if the
/// value isn't made of words.
pub(super) fn of_assigned(table: &Table, text: &str, is_ours: impl Fn(&str) -> bool) -> Class {
    let class = |(name, value): (&str, &str)| match of_name(table, &[], name) {
        _ if !suspect::has_its_name(name) || is_ours(value) => Class::Plain,
        class if class.is_kept_back() => class,
        _ if value.bytes().any(|byte| byte.is_ascii_digit()) => Class::Suspect,
        class => class,
    };
    assigned::assigned(text).map(class).min().unwrap_or(Class::Plain)
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
    let by_words = words::apart(name);
    // A workflow keeps the dashes in what it gives its action.
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let name = name.strip_prefix("INPUT_").unwrap_or(&name);
    let class = of_capitals(table, ours, name);
    if by_words == name { class } else { class.min(of_capitals(table, ours, &by_words)) }
}

fn of_capitals(table: &Table, ours: &[&Provider], name: &str) -> Class {
    let of_table = |name: &str| of_readings(&table.of_variable(name), ours, name);
    if let Some(class) = of_table(name).or_else(|| suspect::without_file(name).and_then(of_table)) {
        class
    } else if family::is_kept_back(table, name) {
        Class::Tool
    } else if cloud::is_in_a_chain(name) {
        Class::Cloud
    } else {
        // What a build hands on to a program under the name that follows: `VITE_OPENAI_API_KEY`, `TF_VAR_openai_api_key`.
        let ends = name.match_indices('_').map(|(at, _)| &name[at + 1..]).filter(|end| family::is_telling_end(end));
        let of_end = |end| match of_table(end) {
            Some(class) => class,
            None if family::is_kept_back(table, end) => Class::Tool,
            None => Class::Plain,
        };
        // The list is long, so only what would be kept back is looked for.
        let class = ends.map(of_end).min().unwrap_or(Class::Plain);
        if class.is_kept_back() && harmless::is_a_familys(name) { Class::Plain } else { class }
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

/// Whether a text is the address, or a list of addresses, of a provider that isn't one of these. What is to be reached without a proxy is no address
/// to which anything is sent.
pub(super) fn is_a_strangers_url(table: &Table, ours: &[&Provider], name: &str, text: &str) -> bool {
    let is_strangers = |host: &String| {
        let is_own = ours.iter().any(|row| row.native_hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
        !is_own && !is_site(host) && !table.of_host(host).is_empty()
    };
    !name.eq_ignore_ascii_case("NO_PROXY") && address::hosts(text).iter().any(is_strangers)
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

/// A stored word, such as `lm-studio` for a server that wants no key, may stand anywhere; a key is longer and has a number in it.
fn holds_what_is_stored(wanted: &Wanted<'_>, text: &str) -> bool {
    let others = wanted.inheritance.others.iter().map(Secret::expose_secret);
    let is_key = |secret: &&str| secret.len() >= 16 && secret.bytes().any(|byte| byte.is_ascii_digit());
    others.filter(is_key).any(|secret| text.contains(secret))
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
