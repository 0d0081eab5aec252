//! The page, and what it would lack.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use credlatch::{Error, ErrorKind, StoreError, StoreErrorKind};

use super::group::{FINDINGS, GROUPS, title};
use super::scope::HOLE;
use super::sentence::{self, ELSEWHERE};
use super::source::Sources;
use super::walk::{self, Message};

const HEAD: &str = "\
# What it says, and what to do

Every error, finding and warning of credlatch with its remedy, by where a person meets it. `…` stands for what is filled in: a name,
a path, a time, or what another row says. The kind is what `--json` and `Error::kind` give; after it stands the exit status of the
command, for which `run` has 125 in place of all but 3. A sentence without a kind is part of others, or an answer over HTTP.

This page is read out of the source: `cargo test -p credlatch-tests --test pages messages` fails if it isn't what the source says, or
if one of these leaves a person without a remedy.

";

/// Messages whose remedy is left out on purpose, by what makes them, and why.
const WITHOUT: [(&str, &str); 1] =
    [("Trouble", "time alone helps: whoever tells it says when the next try may be made, or how to make it at once")];

/// A row: how it ends or how grave it is, and what is so. Beside it stands what to do.
type Rows = BTreeMap<(u8, String, String), BTreeSet<String>>;

/// The page.
///
/// # Panics
/// A file that makes a message belongs to no part.
pub fn messages_document(sources: &Sources) -> String {
    let mut page = HEAD.to_owned();
    let parts = parts(sources);
    for group in &GROUPS {
        let Some(rows) = parts.get(group.title) else { continue };
        let first = if group.title == FINDINGS { "it is" } else { "kind" };
        let _ = write!(
            page,
            "## {}\n\n{}\n\n| {first} | what is said | what to do |\n|---|---|---|\n",
            group.title, group.about
        );
        for ((_, kind, what), remedies) in rows {
            let remedies: Vec<_> = remedies.iter().map(|remedy| cell(remedy)).collect();
            let _ = writeln!(page, "| {kind} | {} | {} |", cell(what), remedies.join("<br>"));
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn parts(sources: &Sources) -> BTreeMap<&'static str, Rows> {
    let mut parts: BTreeMap<_, Rows> = BTreeMap::new();
    let of =
        |path: &str| title(path).unwrap_or_else(|| panic!("{path} makes messages and belongs to no part of the page"));
    let messages = walk::messages(sources);
    for message in messages.iter().filter(|message| !message.is_passed_on()) {
        let (order, kind) = kind(message);
        let part = if message.maker == "Finding" { FINDINGS } else { of(&message.path) };
        let key = (order, kind, message.what.clone());
        let reason = WITHOUT.iter().find(|(maker, _)| message.remedy.is_empty() && *maker == message.maker);
        let remedy = reason.map_or_else(|| message.remedy.clone(), |(_, why)| (*why).to_owned());
        parts.entry(part).or_default().entry(key).or_default().insert(remedy);
    }
    for one in sentence::sentences(sources, &messages) {
        let reason = ELSEWHERE.iter().find(|(name, _)| one.remedies.is_empty() && *name == one.of);
        let remedies = one.remedies.into_iter().chain(reason.map(|(_, why)| (*why).to_owned()));
        parts.entry(of(&one.path)).or_default().entry((u8::MAX, String::new(), one.what)).or_default().extend(remedies);
    }
    parts
}

/// What has no remedy anywhere and is no exception, in words; and each exception that there is nothing of.
pub fn without_remedy(sources: &Sources) -> Vec<String> {
    let messages = walk::messages(sources);
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for message in messages.iter().filter(|message| !message.is_passed_on() && message.remedy.is_empty()) {
        // What is in order, and what is only worth knowing, asks for nothing.
        if message.maker == "Finding" && ["Ok", "Note"].contains(&&*message.kind) {
            continue;
        }
        match WITHOUT.iter().find(|(maker, _)| *maker == message.maker) {
            Some((maker, _)) => drop(used.insert(*maker)),
            None => found.push(format!("{}: {}", message.path, message.what)),
        }
    }
    for one in sentence::sentences(sources, &messages).iter().filter(|one| one.remedies.is_empty()) {
        match ELSEWHERE.iter().find(|(of, _)| *of == one.of) {
            Some((of, _)) => drop(used.insert(*of)),
            None => found.push(format!("{}: {}: {}", one.path, one.of, one.what)),
        }
    }
    let unused = WITHOUT.iter().chain(&ELSEWHERE).filter(|(name, _)| !used.contains(name));
    found.extend(unused.map(|(name, _)| format!("{name} is an exception, and there is nothing of it")));
    found
}

/// How an error ends, or how grave a finding is, in a word; and what comes first.
fn kind(message: &Message) -> (u8, String) {
    let kinds = [
        ErrorKind::Other,
        ErrorKind::Usage,
        ErrorKind::NoCredential,
        ErrorKind::SignIn,
        ErrorKind::Busy,
        ErrorKind::Unreadable,
        ErrorKind::Unreachable,
        ErrorKind::WrongHost,
        ErrorKind::Sealed,
    ];
    let told = |kind: ErrorKind| (kind.exit_status(), format!("{} ({})", kind.as_str(), kind.exit_status()));
    let severities = ["Error", "Warning", "Note", "Ok"];
    match &*message.maker {
        "Finding" => {
            let order = severities.iter().position(|severity| *severity == message.kind).unwrap_or(severities.len());
            (u8::try_from(order).unwrap_or(u8::MAX), message.kind.to_lowercase())
        }
        // An answer over HTTP has a status of its own.
        "Rejection" => (u8::MAX, String::new()),
        "warn" => (0, "warning".to_owned()),
        "StoreError" => store_kind(&message.kind).map_or_else(|| (9, HOLE.to_owned()), told),
        _ => match kinds.into_iter().find(|kind| format!("{kind:?}") == message.kind) {
            Some(kind) => told(kind),
            None if message.kind.is_empty() => (u8::MAX, String::new()),
            None => (9, HOLE.to_owned()),
        },
    }
}

/// As which kind the trouble of a store comes to a person.
fn store_kind(name: &str) -> Option<ErrorKind> {
    use StoreErrorKind as K;
    let kinds = [
        K::Busy,
        K::Unreadable,
        K::Newer,
        K::Sealed,
        K::Unreachable,
        K::Full,
        K::ReadOnly,
        K::Denied,
        K::Unsafe,
        K::Copied,
        K::Failed,
    ];
    let kind = kinds.into_iter().find(|kind| format!("{kind:?}") == name)?;
    Some(Error::from(StoreError::new(kind, "", "")).kind())
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
