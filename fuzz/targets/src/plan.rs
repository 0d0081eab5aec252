//! Law 10: a child's environment, made from any parent's, holds nothing of another provider.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use credlatch::Secret;
use credlatch_core::provider::{Provider, Table, WireKind};
use credlatch_core::scrub::{self, ChildCredential, EnvPlan, Inheritance, Shape, Target, Wanted, normalise};

/// Each is unmistakably somebody's, so that a leak is seen by its bytes alone.
const PLANTED: [(&str, &str); 6] = [
    ("anthropic", "sk-ant-oat01-planted0token1of2claude"),
    ("anthropic", "sk-ant-api03-planted0key1of2anthropic"),
    ("openrouter", "sk-or-v1-planted0key1of2openrouter"),
    ("groq", "gsk_planted0key1of2groq3cloud"),
    ("xai", "xai-planted0key1of2xai3console"),
    ("gemini", "AIzaPlanted0key1of2gemini3studio"),
];
const OWN: &str = "own-key-1";

/// The first line is a provider, the second a shape, the third `strict` or not; then one variable a line.
///
/// # Panics
/// If a promise is broken.
pub fn plan(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut word = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let (provider, shape, strict) = (word(), word(), word());
    let latch = crate::memory();
    let table = latch.providers();
    let Ok(provider) = table.resolve(provider) else { return };
    let shape = shape.parse().unwrap_or(Shape::Own);
    let parent: Vec<(OsString, OsString)> = lines.filter_map(variable).collect();

    let inheritance = &Inheritance { strict: strict == "strict", ..Inheritance::default() };
    let secret = Secret::try_from(OWN).expect("it is a secret");
    let credential = ChildCredential { kind: WireKind::ApiKey, secret };
    let targets = [Target { provider, credential: Some(&credential), shape }];
    let wanted = Wanted { table, targets: &targets, inheritance, context: &[], empty_folder: None };
    if let Ok(plan) = scrub::plan(parent.clone(), &wanted) {
        honours(table, provider, &parent, &plan);
    }
    let targets = [Target { provider, credential: None, shape }];
    let none = Wanted { targets: &targets, ..wanted };
    assert!(scrub::plan(parent.clone(), &none).is_err(), "there is a plan without a credential");
    normalises(table, provider, parent);
}

/// `NAME=value`; a variable of the environment has neither NUL nor an empty name.
fn variable(line: &[u8]) -> Option<(OsString, OsString)> {
    let at = line.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    let part = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    (!line.contains(&0)).then(|| (part(&line[..at]), part(&line[at + 1..])))
}

fn honours(table: &Table, provider: &Provider, parent: &[(OsString, OsString)], plan: &EnvPlan) {
    for (name, value) in plan.keep() {
        let (name, text) = (name.to_string_lossy(), value.to_string_lossy());
        let stranger = PLANTED.iter().find(|(_, secret)| stands_in(&text, secret));
        assert!(stranger.is_none(), "{name} holds a token of {:?}", stranger.map(|(owner, _)| owner));
        let mut known = table.providers().flat_map(Provider::all_names);
        assert!(!known.any(|known| known.eq_ignore_ascii_case(&name)), "{name} is a provider's");
    }
    for (name, value) in plan.set() {
        let urls = &provider.base_urls;
        let is_url =
            [&urls.own, &urls.anthropic, &urls.openai].iter().any(|url| url.as_deref() == Some(value.expose()));
        let is_guard = plan.report().guards.contains(name);
        assert!(value.expose() == OWN || is_guard || is_url, "{name} is set to what isn't the provider's");
    }
    let parent: BTreeSet<_> = parent.iter().collect();
    assert!(plan.keep().iter().all(|pair| parent.contains(pair)), "something was invented");
    let kept: BTreeSet<_> = plan.keep().iter().map(|(name, _)| name.as_os_str()).collect();
    let gone: BTreeSet<_> = plan.remove().collect();
    for (name, _) in parent {
        let is_there = kept.contains(name.as_os_str()) || gone.contains(name.as_os_str()) || plan.sets(name);
        assert!(is_there, "{} was lost without a word", name.display());
    }
    let told = format!("{plan:?} {:?}", plan.report());
    let is_named =
        kept.iter().chain(&gone).any(|name| name.as_bytes().windows(OWN.len()).any(|part| part == OWN.as_bytes()));
    assert!(is_named || !told.contains(OWN), "a plan tells the key");
}

fn normalises(table: &Table, provider: &Provider, parent: Vec<(OsString, OsString)>) {
    let once = normalise(parent, table, provider.id.as_str()).expect("the provider is known");
    for (name, value) in &once.env {
        let text = value.to_string_lossy();
        let is_strange = |(owner, secret): &&(&str, &str)| *owner != provider.id.as_str() && stands_in(&text, secret);
        let stranger = PLANTED.iter().find(is_strange);
        assert!(stranger.is_none(), "{} holds a token of {:?}", name.display(), stranger.map(|(owner, _)| owner));
    }
    let twice = normalise(once.env.clone(), table, provider.id.as_str()).expect("the provider is known");
    assert!(
        twice.env == once.env && !twice.is_changed(),
        "normalising twice is not normalising once: {once:?} {twice:?}"
    );
    assert_eq!(twice.missing, once.missing, "what was missing is there");
}

/// Whether a text holds a token that is a word of its own, and not the name of a directory.
fn stands_in(text: &str, secret: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-/".contains(c);
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + secret.len()..].chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
