//! What an inherited variable is, by its name and by what it holds.

use serde::Serialize;

use super::{Wanted, cloud, family, suspect};
use crate::provider::{Provider, Role, Table, Url, sniff};

use super::shape::SHAPES;

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
    let table = wanted.table;
    let ours: Vec<&Provider> = wanted.targets.iter().map(|target| target.provider).collect();
    if is_a_strangers_url(table, &ours, value) || holds_a_strangers_token(wanted, value) {
        return Class::Provider;
    }
    match of_name(table, name) {
        Class::Plain if suspect::looks_like_a_credential(name, value) => Class::Suspect,
        class => class,
    }
}

/// What a name alone tells, if it is to be kept back. Case does not count: a program that reads `anthropic_api_key` is as real
/// as one that reads `ANTHROPIC_API_KEY`. A file that holds what the variable would hold, and what a workflow gives its
/// action, are as the variable.
pub(super) fn of_name(table: &Table, name: &str) -> Class {
    // A workflow keeps the dashes in what it gives its action.
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let name = name.strip_prefix("INPUT_").unwrap_or(&name);
    let of_table = |name: &str| {
        if SHAPES.iter().any(|shape| shape.url == name || shape.key == name) {
            return Some(Class::Provider);
        }
        let readings = table.of_variable(name);
        let mut telling = readings.iter().filter(|reading| reading.role != Role::Account && !GIT.contains(&name));
        // What other programs read too belongs to a house that sells more than models.
        telling.next().map(|first| {
            if telling.all(|next| next.is_shared) && first.is_shared { Class::Cloud } else { Class::Provider }
        })
    };
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

/// They are for repositories first, and programs that use none of a provider's models need them.
const GIT: &[&str] = &["GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN"];

/// Whether a whole value is a URL on the host of a provider that isn't one of these.
pub(super) fn is_a_strangers_url(table: &Table, ours: &[&Provider], value: &str) -> bool {
    let Some(url) = Url::parse(sniff::unwrapped(value)) else { return false };
    // They hold repositories and data first, and addresses there say nothing of models.
    let is_site = ["github.com", "gitlab.com", "huggingface.co"].iter().any(|site| url.host.eq_ignore_ascii_case(site));
    !is_site && !ours.iter().any(|row| row.is_native(&url)) && !table.of_host(url.host).is_empty()
}

fn holds_a_strangers_token(wanted: &Wanted<'_>, value: &str) -> bool {
    let mut ours = wanted.targets.iter().filter_map(|target| target.credential).map(|own| own.secret.expose_secret());
    let is_ours = |token: &sniff::Token<'_>| ours.clone().any(|secret| token.is(secret));
    if !sniff::tokens(wanted.table, value).iter().all(is_ours) {
        return true;
    }
    let whole = sniff::unwrapped(value);
    sniff::is_nameless_key(whole) && !ours.any(|secret| secret == whole)
}
