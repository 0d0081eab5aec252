//! The field: the providers that ship beside the well-known ones, as a text in which a row is found without reading the rest.
//!
//! A line is a row: `id alias… = Name; clause; clause`. A clause is a word that says what follows, and what follows: `key`,
//! `either`, `url`, `header`, `account` and `switch` list variables, and one with a `*` is not this provider's alone;
//! `openai` and `anthropic` say where it speaks that dialect; `host` lists more hosts of its own; `keyless` says that its
//! server wants no key. A line that begins with `&` adds aliases and variables to a well-known row.
//!
//! Most programs never ask for any of these rows, so starting one costs nothing: the index is made when this is compiled,
//! and a row is made of its line when somebody asks for it.

mod index;
mod row;

use std::sync::{LazyLock, OnceLock};

use super::{Provider, Role, WireKind};
use crate::state::name::ProviderId;

/// The rows, a line each.
const TEXT: &str = include_str!("field/field.txt");

/// How keys of these providers begin, and whose those are; several of one vendor's rows may share a key.
const PREFIXES: &[(&str, &[&str])] = &[
    ("ABSK", &["amazon-bedrock"]),
    ("bedrock-api-key-", &["amazon-bedrock"]),
    ("cpk_", &["chutes"]),
    ("csk-", &["cerebras"]),
    ("esecret_", &["anyscale"]),
    ("flp_", &["friendli"]),
    ("fw_", &["fireworks"]),
    ("hf_", &["huggingface"]),
    ("jina_", &["jina"]),
    ("nvapi-", &["nvidia"]),
    ("pplx-", &["perplexity"]),
    ("r8_", &["replicate"]),
    ("sk-api-", &["minimax-cn", "minimax-cn-coding-plan"]),
    ("sk-cp-", &["minimax-cn", "minimax-cn-coding-plan"]),
    ("sk-kimi-", &["kimi-code-plan-cn", "kimi-code-plan-global"]),
    ("tgp_v1_", &["together"]),
    ("vck_", &["vercel"]),
];

/// One line, and the row that is made of it when somebody asks, in a box: most stay empty, and a place for each row would
/// be pages to touch at every start.
struct Line {
    start: usize,
    text: &'static str,
    row: OnceLock<Box<Provider>>,
}

/// What a line says of a variable.
pub(super) struct Mention {
    /// Of which row.
    pub(super) of: Of,
    /// As what its clients read it.
    pub(super) role: Role,
    /// Whether other programs read it for other things, too.
    pub(super) is_shared: bool,
}

/// Which row a line speaks of.
pub(super) enum Of {
    /// Its own.
    Row(&'static Provider),
    /// The well-known one of this id.
    WellKnown(&'static str),
}

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = TEXT.split('\n').scan(0, |next, text| {
        let start = std::mem::replace(next, *next + text.len() + 1);
        Some(Line { start, text, row: OnceLock::new() })
    });
    lines.filter(|line| !line.text.is_empty()).collect()
});

impl Line {
    /// The line in which a place of the text is.
    fn at(place: usize) -> &'static Self {
        let lines: &'static [Self] = &LINES;
        &lines[lines.partition_point(|line| line.start <= place) - 1]
    }

    /// Whether it only adds to a well-known row.
    fn is_addition(&self) -> bool {
        self.text.starts_with('&')
    }

    fn row(&self) -> &Provider {
        self.row.get_or_init(|| Box::new(row::parse(self.text)))
    }

    fn owner(&'static self) -> Of {
        if self.is_addition() { Of::WellKnown(row::id(self.text)) } else { Of::Row(self.row()) }
    }
}

/// All rows, in the order of their ids.
pub(super) fn rows<'a>() -> impl Iterator<Item = &'a Provider> {
    let lines: &'a [Line] = &LINES;
    lines.iter().filter(|line| !line.is_addition()).map(Line::row)
}

/// The row with exactly this id.
pub(super) fn get(id: &str) -> Option<&'static Provider> {
    match named(id)? {
        Of::Row(row) if row.id.as_str() == id => Some(row),
        _ => None,
    }
}

/// The row with exactly this id or alias.
pub(super) fn named(name: &str) -> Option<Of> {
    let mut lines = index::places(name).map(|place| (place, Line::at(place)));
    lines.find(|(place, line)| place - line.start < row::head(line.text).len()).map(|(_, line)| line.owner())
}

/// Every id and alias.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    TEXT.lines().flat_map(row::names)
}

/// What is said of a variable; case does not count.
pub(super) fn mentions(variable: &str) -> impl Iterator<Item = Mention> {
    let name = variable.to_ascii_uppercase();
    index::places(&name).collect::<Vec<_>>().into_iter().filter_map(|place| {
        let line = Line::at(place);
        let role = row::role_at(line.text, place - line.start)?;
        let is_shared = TEXT[place..].bytes().find(|byte| !row::is_in_name(*byte)) == Some(b'*');
        Some(Mention { of: line.owner(), role, is_shared })
    })
}

/// The rows to which a host belongs. One on this machine belongs to nobody: any server may listen there.
pub(super) fn of_host<'a>(host: &str) -> Vec<&'a Provider> {
    let host = host.to_ascii_lowercase();
    let is_host = |place: usize| {
        let before = TEXT[..place].ends_with("//") || TEXT[..place].ends_with(' ');
        let after = &TEXT[place + host.len()..];
        before && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || ".-".contains(c))
    };
    let places = if host.is_empty() { Vec::new() } else { TEXT.match_indices(&host).map(|(place, _)| place).collect() };
    let mut lines: Vec<_> = places.into_iter().filter(|place| is_host(*place)).map(Line::at).collect();
    lines.dedup_by_key(|line| line.start);
    let rows = lines.into_iter().filter(|line| !line.is_addition()).map(Line::row);
    rows.filter(|row| row.native_hosts.contains(&host)).collect()
}

/// How keys begin, each with the kind of credential it tells.
pub(super) fn prefixes<'a>() -> impl Iterator<Item = (&'a str, Option<WireKind>)> {
    PREFIXES.iter().map(|(prefix, _)| (*prefix, Some(WireKind::ApiKey)))
}

/// Whose a prefix is.
pub(super) fn owners<'a>(prefix: &str) -> impl Iterator<Item = &'a ProviderId> {
    let ids = PREFIXES.iter().filter(move |(own, _)| *own == prefix).flat_map(|(_, ids)| *ids);
    ids.filter_map(|id| get(id)).map(|row| &row.id)
}

#[cfg(test)]
mod tests;
