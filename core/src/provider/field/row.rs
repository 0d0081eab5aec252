//! What one line of the field says. The lines ship and are tested, so one that can't be read is a defect of ours.

use super::PREFIXES;
use crate::provider::{Provider, Role, TokenPrefixes, Url};
use crate::state::name::ProviderId;

/// What stands before the name: the id and the aliases. Of an addition, what stands before its first clause.
pub(super) fn head(line: &str) -> &str {
    &line[..line.find(['=', ';']).unwrap_or(line.len())]
}

/// The id, and after it the aliases.
pub(super) fn names(line: &str) -> impl Iterator<Item = &str> {
    head(line).split_ascii_whitespace().filter(|word| *word != "&")
}

/// The id.
pub(super) fn id(line: &str) -> &str {
    names(line).next().unwrap_or_default()
}

/// As what the variable is read that begins at this place of the line.
pub(super) fn role_at(line: &str, place: usize) -> Option<Role> {
    let clause = line[..place].rfind("; ")? + "; ".len();
    role(line[clause..].split_ascii_whitespace().next()?)
}

/// Whether a byte may stand in a variable's name.
pub(super) fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn role(word: &str) -> Option<Role> {
    Some(match word {
        "key" => Role::ApiKey,
        "either" => Role::Either,
        "url" => Role::BaseUrl,
        "header" => Role::Headers,
        "account" => Role::Account,
        "switch" => Role::Steering,
        _ => return None,
    })
}

/// The row that a line is.
pub(super) fn parse(line: &str) -> Provider {
    let mut clauses = line.split("; ");
    let (names, name) = clauses.next().and_then(|head| head.split_once(" = ")).unwrap_or_else(|| unreadable(line));
    let mut names =
        names.split_ascii_whitespace().map(|name| ProviderId::new(name).unwrap_or_else(|_| unreadable(line)));
    let mut row = Provider::named(names.next().unwrap_or_else(|| unreadable(line)));
    row.aliases = names.collect();
    row.name = Some(name.to_owned());
    for clause in clauses {
        let (word, rest) = clause.split_once(' ').unwrap_or((clause, ""));
        read(&mut row, word, rest).unwrap_or_else(|| unreadable(line));
    }
    row.token_prefixes = prefixes(row.id.as_str());
    row
}

fn read(row: &mut Provider, word: &str, rest: &str) -> Option<()> {
    if let Some(role) = role(word) {
        for marked in rest.split_ascii_whitespace() {
            let name = marked.trim_end_matches('*');
            if name != marked {
                row.env.shared.push(name.to_owned());
            }
            row.env.of_mut(role).push(name.to_owned());
        }
        return Some(());
    }
    match word {
        "openai" => row.base_urls.openai = Some(home(row, rest)?),
        "anthropic" => row.base_urls.anthropic = Some(home(row, rest)?),
        "host" => row.native_hosts.extend(rest.split_ascii_whitespace().map(str::to_owned)),
        "keyless" => row.keyless = true,
        _ => return None,
    }
    Some(())
}

/// A base URL, whose host is the provider's unless it is this machine, where any server may listen.
fn home(row: &mut Provider, url: &str) -> Option<String> {
    let parts = Url::parse(url)?;
    if !parts.is_loopback() && !row.is_native(&parts) {
        row.native_hosts.push(parts.host.to_owned());
    }
    Some(url.to_owned())
}

fn prefixes(id: &str) -> TokenPrefixes {
    let own = PREFIXES.iter().filter(|(_, ids)| ids.contains(&id)).map(|(prefix, _)| (*prefix).to_owned());
    TokenPrefixes { api_key: own.collect(), ..TokenPrefixes::default() }
}

fn unreadable<T>(line: &str) -> T {
    unreachable!("every line that ships is read by a test: {line}")
}
