//! What the issuer's log says: laws 4 and 5 of `credlatch_core::law`, and three rules beside them.
//!
//! An act begins when its worker says that it presents a token, or at the latest when the issuer has got it. It ends when
//! its worker has heard an answer or is dead, and the issuer has decided: a request may be in flight after its sender died.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credlatch_core::extra::Extra;
use credlatch_core::law::{Deed, Fact, LAWS, Law, Trace};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::EntryHealth;
use credlatch_core::state::{Claim, Custody, Entry, Grant, Lost, Material, Slot, Source, State};
use credlatch_core::time::{Expiry, Stamp};

use crate::issuer;
use crate::line::{Heard, Held, Line, Reply, Seen, View, What};
use crate::spec;
use crate::worker::{self, secret};

/// The laws that the issuer's log and the looks at rest are judged by.
const JUDGED: [&str; 2] = ["no_replay", "no_silent_loss"];

/// What was broken, and up to which line it can be seen.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) rule: &'static str,
    pub(crate) what: String,
    pub(crate) at: usize,
}

/// The first breach of each rule.
pub(crate) fn check(lines: &[Line]) -> Vec<Breach> {
    let log = log(lines);
    let judged = LAWS.iter().filter(|law| JUDGED.contains(&law.name));
    let broken = judged.filter_map(|law| judge(law, &log)).collect::<Vec<_>>();
    broken.into_iter().chain(replays(lines).err()).chain(settled_is_alive(lines).err()).collect()
}

fn judge(law: &Law, log: &[(usize, Fact)]) -> Option<Breach> {
    let until = |end: usize| law.judge(&Trace(log[..end].iter().map(|(_, fact)| fact.clone()).collect()));
    let broken = until(log.len()).err()?;
    let ends: Vec<usize> = (1..=log.len()).collect();
    let shortest = ends[ends.partition_point(|end| until(*end).is_ok())];
    Some(Breach { rule: law.name, what: broken.what, at: log[shortest - 1].0 })
}

/// The history as the facts that laws speak of, each with its line.
fn log(lines: &[Line]) -> Vec<(usize, Fact)> {
    let mut facts = Vec::new();
    let mut live: BTreeSet<&str> = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        let who = line.who;
        let fact = match &line.what {
            What::Presenting(token) => {
                let deed = Deed::Present { token: token.clone() };
                facts.push((at, Fact::ActBegan { who, deed: deed.clone() }));
                facts.push((end_of_act(lines, at, token), Fact::ActEnded { who, deed }));
                continue;
            }
            What::Born(token) => {
                live.insert(token);
                continue;
            }
            What::Consumed { old, new } => {
                live.remove(old.as_str());
                live.insert(new);
                Fact::Succession { old: old.clone(), new: new.clone() }
            }
            What::Replayed(token) => {
                live.retain(|other| issuer::parse(other).0 != issuer::parse(token).0);
                continue;
            }
            What::Ended(Reply::Seen(view)) => Fact::Durable { state: Arc::new(state(view)) },
            What::Ended(Reply::Rotated { value, .. }) => Fact::Durable { state: Arc::new(state(&stored(value))) },
            What::Rested(view) => {
                let live = live.iter().map(|token| (*token).to_owned()).collect();
                Fact::Rested { state: Arc::new(state(view)), live }
            }
            What::Reaped => Fact::Died { who },
            _ => continue,
        };
        facts.push((at, fact));
    }
    facts.sort_by_key(|(at, _)| *at);
    facts
}

fn end_of_act(lines: &[Line], began: usize, token: &str) -> usize {
    let who = lines[began].who;
    let after = || lines.iter().enumerate().skip(began + 1).filter(|(_, line)| line.who == who);
    let heard = after().find(|(_, line)| matches!(line.what, What::Answered(_) | What::Reaped));
    let decided = after().find(|(_, line)| match &line.what {
        What::Consumed { old, .. } => old == token,
        What::Replayed(other) | What::Refused(other) | What::Ignored(other) => other == token,
        _ => false,
    });
    let decided = decided.map_or(began, |(at, _)| at);
    heard.map_or(lines.len(), |(at, _)| at.max(decided))
}

/// A replay costs a login, so it comes once for each login that is lost, and only where nobody can know better: an
/// earlier act with that token was cut off, or heard nothing.
fn replays(lines: &[Line]) -> Result<(), Breach> {
    let mut families = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        let What::Replayed(token) = &line.what else { continue };
        let breach = |what: &str| Breach { rule: "one_replay", what: format!("{token}: {what}"), at };
        if !families.insert(issuer::parse(token).0) {
            return Err(breach("this login was replayed before"));
        }
        let acts = acts(&lines[..at], token);
        // The last of this worker's is the replay itself.
        let replay = acts.iter().rfind(|act| lines[**act].who == line.who);
        if acts.iter().filter(|act| Some(*act) != replay).all(|act| was_answered(&lines[*act..])) {
            return Err(breach("everybody who presented it before knew what had become of it"));
        }
    }
    Ok(())
}

/// The lines where this token was presented.
fn acts(lines: &[Line], token: &str) -> Vec<usize> {
    let presents = |line: &Line| matches!(&line.what, What::Presenting(other) if other == token);
    lines.iter().enumerate().filter(|(_, line)| presents(line)).map(|(at, _)| at).collect()
}

/// Whether the act got an answer and its worker lived to settle it.
fn was_answered(act: &[Line]) -> bool {
    let mut its = act.iter().filter(|line| line.who == act[0].who).map(|line| &line.what);
    let heard = its.find(|what| matches!(what, What::Answered(_) | What::Reaped));
    matches!(heard, Some(What::Answered(heard)) if *heard != Heard::Unknown)
        && its.any(|what| matches!(what, What::Ended(_)))
}

/// Law 5 while everything goes on: a login that a look calls settled had not been consumed when the look began.
fn settled_is_alive(lines: &[Line]) -> Result<(), Breach> {
    let mut dead: BTreeMap<&str, usize> = BTreeMap::new();
    let mut revoked: BTreeMap<u64, usize> = BTreeMap::new();
    let mut began: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        match &line.what {
            What::Began(_) => drop(began.insert(line.who, at)),
            What::Consumed { old, .. } => drop(dead.insert(old, at)),
            What::Replayed(token) => drop(revoked.insert(issuer::parse(token).0, at)),
            What::Ended(Reply::Seen(view)) => {
                let began = began.get(&line.who).copied().unwrap_or(at);
                for seen in view.entries.iter().filter(|seen| seen.custody == Held::Settled) {
                    let Some(refresh) = seen.refresh.as_deref() else { continue };
                    let died = [dead.get(refresh), revoked.get(&issuer::parse(refresh).0)];
                    if died.into_iter().flatten().any(|died| *died < began) {
                        let what = format!("{refresh} is called settled, and was dead before that look began");
                        return Err(Breach { rule: "no_silent_loss", what, at });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the end of a rotation tells of the store: that it holds these tokens.
fn stored(access: &str) -> View {
    let (provider, label) = (worker::CALM[0].to_owned(), "default".to_owned());
    let refresh = access.strip_prefix("at-").map(|name| format!("rt-{name}"));
    let seen = Seen { provider, label, version: 0, value: access.to_owned(), refresh, custody: Held::Settled };
    View { entries: vec![seen], ..View::default() }
}

/// A state that looks like this.
fn state(view: &View) -> State {
    let mut state = State { generation: view.generation, last_version: view.last_version, ..State::default() };
    for seen in &view.entries {
        let slot: &mut Slot = state.providers.entry(ProviderId::new(&seen.provider).unwrap()).or_default();
        slot.entries.push(entry(seen));
    }
    state
}

fn entry(seen: &Seen) -> Entry {
    let value = secret(&seen.value);
    let grant = |custody| Grant {
        access: value.clone(),
        refresh: seen.refresh.as_deref().map(secret),
        expiry: Expiry::Never,
        issued: Stamp::default(),
        scopes: Vec::new(),
        origins: None,
        custody,
        shared: None,
        extra: Extra::default(),
    };
    let custody = match seen.custody {
        Held::Key => None,
        Held::Settled => Some(Custody::Settled),
        Held::Lost => {
            Some(Custody::Lost(Lost { at: Stamp::default(), code: "invalid_grant".to_owned(), after_doubt: true }))
        }
        Held::Rotating | Held::InDoubt => {
            let act = spec::act(0, 0);
            Some(Custody::Rotating(Claim { attempt: act.attempt, actor: act.actor, at: Stamp::default(), doubt: None }))
        }
    };
    let material = custody.map_or(Material::ApiKey(value.clone()), |custody| Material::Oauth(Box::new(grant(custody))));
    Entry {
        label: Label::new(&seen.label).unwrap(),
        version: seen.version,
        source: Source::Manual,
        fingerprint: material.fingerprint(),
        material,
        health: EntryHealth::default(),
        extra: Extra::default(),
    }
}
