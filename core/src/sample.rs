//! What the tests of the machine are made of: one provider, small secrets, a clock that can be set.

use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::put::{Put, PutMode};
use crate::machine::rotation::{Cause, ClaimRotation, Settle};
use crate::machine::{Act, Event, Step, Verdict, apply};
use crate::state::extra::Extra;
use crate::state::fingerprint::{Fingerprint, fingerprint};
use crate::state::flow::Prompt;
use crate::state::name::{Label, ProviderId};
use crate::state::secret::Secret;
use crate::state::time::{Expiry, Stamp};
use crate::state::times::Times;
use crate::state::{Actor, Custody, Entry, Grant, Link, Material, Nonce, Source, State};

pub(crate) const TIMES: Times = Times { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 };

pub(crate) fn acme() -> ProviderId {
    ProviderId::new("acme").unwrap()
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// So many milliseconds after the beginning.
pub(crate) fn at(ms: u64) -> Stamp {
    Stamp { wall_ms: 1_800_000_000_000 + ms, up_ms: 1_000 + ms, boot: 7 }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

pub(crate) fn print(text: &str) -> Fingerprint {
    fingerprint(&secret(text))
}

pub(crate) fn key(text: &str) -> Material {
    Material::ApiKey(secret(text))
}

/// A grant of an hour, received at the beginning.
pub(crate) fn grant(access: &str, refresh: Option<&str>) -> Material {
    Material::Oauth(Box::new(Grant {
        access: secret(access),
        refresh: refresh.map(secret),
        expiry: Expiry::After(at(0).plus_ms(3_600_000)),
        issued: at(0),
        scopes: vec!["old".to_owned()],
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra: Extra::default(),
    }))
}

pub(crate) fn link(account: &str) -> Material {
    let (path, account) = ("/home/me/auth.json".to_owned(), print(account));
    Material::Link(Link { path, account, suspended: false, extra: Extra::default() })
}

/// Stores a credential under a label, by name.
pub(crate) fn named(name: &str, material: Material) -> Put {
    let (provider, label) = (acme(), label(name));
    Put { provider, label, material, source: Source::Manual, how: PutMode::Named }
}

pub(crate) fn act(attempt: u128) -> Act {
    let actor = Actor { name: Nonce(1_000 + attempt), pid: 1, started: 0, pid_namespace: 0, notes: false };
    Act { attempt: Nonce(attempt), actor }
}

/// An actor wants to rotate this entry as it is stored.
pub(crate) fn claim(state: &State, name: &str, attempt: u128, cause: Cause) -> ClaimRotation {
    let version = entry(state, name).version;
    ClaimRotation {
        provider: acme(),
        label: label(name),
        version,
        cause,
        act: act(attempt),
        times: TIMES,
        reach: None,
        watched: None,
    }
}

pub(crate) fn settle(name: &str, attempt: u128, outcome: Exchanged) -> Event {
    Event::Settle(Settle { provider: acme(), label: label(name), attempt: Nonce(attempt), outcome })
}

/// New tokens of an hour.
pub(crate) fn fresh(access: &str, refresh: Option<&str>) -> Fresh {
    Fresh { access: secret(access), refresh: refresh.map(secret), expires_in_ms: Some(3_600_000), scopes: None }
}

/// A code to enter, and how often to ask whether it was.
pub(crate) fn prompt() -> Prompt {
    Prompt {
        device_code: Some(secret("dc-1")),
        user_code: "ABCD".to_owned(),
        verification_uri: "https://acme.test/device".to_owned(),
        verification_uri_complete: None,
        interval_secs: 5,
    }
}

pub(crate) fn entry<'a>(state: &'a State, name: &str) -> &'a Entry {
    state.entry("acme", name).unwrap()
}

/// The state after these events, one after the other.
pub(crate) fn after(state: &State, now: &Stamp, events: &[Event]) -> State {
    events.iter().fold(state.clone(), |state, event| apply(&state, now, event).state)
}

/// The state after these puts.
pub(crate) fn stored(puts: impl IntoIterator<Item = Put>) -> State {
    let puts: Vec<_> = puts.into_iter().map(Event::Put).collect();
    after(&State::default(), &at(0), &puts)
}

/// The step, of which a refusal, a stale report and a repetition must change nothing.
pub(crate) fn step(state: &State, now: &Stamp, event: &Event) -> Step {
    let step = apply(state, now, event);
    if matches!(step.verdict, Verdict::Refused(_) | Verdict::Stale | Verdict::Nothing) {
        assert_eq!(step.state, *state, "{:?} changed something", step.verdict);
    }
    step
}
