//! Facts of which arbitrary histories are made: few things, so that they are often about the same.

use super::super::*;
use crate::machine::Sent;
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::Cancel;
use crate::machine::pool::SetStrategy;
use crate::machine::rotation::Cause;
use crate::sample::{claim, fresh, grant, settle};
use crate::state::origin::{Origin, Origins};
use crate::state::strategy::Strategy;

/// All of them.
pub(in crate::law::tests) fn all() -> Vec<Fact> {
    [
        steps(),
        shows(),
        clears(),
        passes(),
        acts(),
        origins(),
        draws(),
        told(),
        stands(),
        seals(),
        vec![Fact::BroughtBack],
    ]
    .concat()
}

/// What is sealed for two places, by whomever.
fn seals() -> Vec<Fact> {
    let place = |place: &str| place.to_owned();
    let of = |(at, says): (&str, &str)| {
        let content = place(says);
        [Fact::Sealed { place: place(at), content: content.clone() }, Fact::Opened { place: place(at), content }]
    };
    let left = |text: &str| Fact::Left { text: place(text), secrets: vec![place("key-1")] };
    let forged = [Fact::Forged { place: place("a") }, Fact::Unopened { place: place("a") }];
    [("a", "one"), ("a", "two"), ("b", "one")]
        .into_iter()
        .flat_map(of)
        .chain([left("key-1"), left("key-2")])
        .chain(forged)
        .collect()
}

/// A login in each of two stores, used there or set aside, and none.
fn stands() -> Vec<Fact> {
    let mark = crate::machine::shared::MarkShared { why: crate::state::shared::Shared::Copied, counted: 0 };
    let aside = after(&login(), &at(0), &[Event::MarkShared(mark)]);
    let of = |state: &State| [0, 1].map(|store| Fact::Stands { store, state: shared(state) });
    let adopted = did(at(1), &aside, &Event::AdoptCopy);
    let cleared = did(at(1), &login(), &Event::Clear(Clear::Everything));
    let stands = [login(), aside, rotated(), State::default()];
    stands.iter().flat_map(of).chain([adopted, cleared, Fact::Died { who: 1 }]).collect()
}

/// A pool of two keys that are used in turn.
fn pool() -> State {
    let keys = stored([named("a", key("key-1")), named("b", key("key-2"))]);
    let in_turn = SetStrategy { provider: acme(), strategy: Strategy::RoundRobin };
    State { generation: 1, ..after(&keys, &at(0), &[Event::SetStrategy(in_turn)]) }
}

fn half() -> State {
    let remove = crate::machine::clear::Remove { provider: acme(), label: label("a") };
    State { generation: 2, ..after(&pool(), &at(1), &[Event::Remove(remove)]) }
}

fn cleared() -> State {
    State { generation: 3, ..after(&pool(), &at(1), &[Event::Clear(Clear::Everything)]) }
}

fn login() -> State {
    State { generation: 1, ..stored([named("a", grant("at-1", Some("rt-1")))]) }
}

fn claims(attempt: u128) -> Event {
    Event::ClaimRotation(claim(&login(), "a", attempt, Cause::Asked))
}

fn rotating() -> State {
    State { generation: 2, ..after(&login(), &at(0), &[claims(1)]) }
}

fn granted(access: &str) -> Event {
    settle("a", 1, Exchanged::Granted(fresh(access, Some("rt-2"))))
}

fn rotated() -> State {
    State { generation: 3, ..after(&rotating(), &at(1), &[granted("at-2")]) }
}

fn in_doubt() -> State {
    State { generation: 3, ..after(&rotating(), &at(1), &[settle("a", 1, Exchanged::Unknown)]) }
}

/// A time of which no clock tells the age.
fn placeless(ms: u64) -> Stamp {
    Stamp { boot: 0, ..at(ms) }
}

fn did(now: Stamp, before: &State, event: &Event) -> Fact {
    let step = crate::apply(before, &now, event);
    let (before, event) = (before.clone(), event.clone());
    Fact::Stepped(Box::new(Stepped { who: 1, now, before, event, after: step.state, verdict: step.verdict }))
}

fn steps() -> Vec<Fact> {
    let again = |state: &State| Event::ClaimRotation(claim(state, "a", 2, Cause::Challenged));
    let gone = |sent| Event::ActorGone { attempt: Nonce(1), sent };
    let claimed_late = stepped_at(placeless(2), &in_doubt(), &again(&in_doubt()), &rotating());
    let without_boot = Event::ClaimRotation(claim(&login(), "a", 1, Cause::Asked));
    let doubt = after(&login(), &placeless(0), &[without_boot.clone(), settle("a", 1, Exchanged::Unknown)]);
    vec![
        stepped(&pool(), &Event::Clear(Clear::Everything), &cleared()),
        stepped(&pool(), &Event::Clear(Clear::Everything), &half()),
        stepped_by(2, &pool(), &Event::Purge, &half(), Verdict::Done),
        did(at(1), &login(), &claims(1)),
        did(at(1), &login(), &claims(2)),
        did(at(1), &rotating(), &claims(2)),
        did(at(2), &rotating(), &granted("at-2")),
        did(at(2), &rotating(), &granted("at-3")),
        did(at(2), &rotating(), &settle("a", 1, Exchanged::Unknown)),
        did(at(2), &rotating(), &gone(Sent::Nothing)),
        did(at(2), &rotating(), &gone(Sent::UNKNOWN)),
        did(at(2), &in_doubt(), &again(&in_doubt())),
        claimed_late,
        did(placeless(0), &login(), &without_boot),
        stepped_at(placeless(1), &doubt, &again(&doubt), &rotating()),
        did(at(1), &State::default(), &start(5, 1)),
        did(at(1), &pool(), &Event::Purge),
        Fact::Passed { ms: 1 },
        Fact::Passed { ms: 60_000 },
    ]
}

fn shows() -> Vec<Fact> {
    let flow = State { generation: 1, ..after(&State::default(), &at(0), &[start(5, 1)]) };
    let cancel = Event::CancelFlow(Cancel { provider: acme(), flow: Nonce(5) });
    let ended = State { generation: 2, ..after(&flow, &at(1), &[cancel]) };
    let states = [pool(), half(), cleared(), login(), rotating(), rotated(), flow, ended];
    let of = |state: &State| {
        [
            Fact::Shown { who: 1, state: shared(state) },
            Fact::Durable { state: shared(state) },
            Fact::ReadEnded { who: 2, saw: shared(state) },
            Fact::Rested { state: shared(state), live: vec!["rt-1".to_owned()] },
        ]
    };
    let reads = [Fact::ReadBegan { who: 2 }, Fact::ReadEnded { who: 2, saw: Arc::default() }];
    let returned = [1, 2].map(|generation| Fact::Returned { who: 1, generation });
    let damage = [Fact::Damaged, Fact::Refused { who: 2 }];
    states.iter().flat_map(of).chain(reads).chain(returned).chain(damage).collect()
}

fn clears() -> Vec<Fact> {
    let held = |holds| Fact::Held { who: 2, process: 1, version: 1, holds };
    vec![
        Fact::ClearBegan { who: 1, provider: acme() },
        Fact::ClearEnded { who: 1 },
        held(true),
        held(false),
        Fact::Drained { process: 1, versions: vec![1] },
    ]
}

fn passes() -> Vec<Fact> {
    vec![Fact::PassBegan { who: 1, pass: 2 }, Fact::PassEnded { who: 1 }]
}

fn acts() -> Vec<Fact> {
    let token = |token: &str| token.to_owned();
    let deeds = [
        Deed::RequestPrompt { provider: acme(), flow: Nonce(5) },
        Deed::RequestPrompt { provider: acme(), flow: Nonce(6) },
        Deed::Poll { flow: Nonce(5) },
        Deed::Present { token: token("rt-1") },
        Deed::Present { token: token("rt-2") },
        Deed::ExchangeCode { flow: Nonce(5) },
        Deed::Revoke { token: token("rt-1") },
    ];
    let by = |who: Who, deed: &Deed| {
        [Fact::ActBegan { who, deed: deed.clone() }, Fact::ActEnded { who, deed: deed.clone() }]
    };
    let written = |access: &str| {
        let (attempt, access) = (Nonce(1), access.to_owned());
        Fact::WrittenDown { who: 1, attempt, access, received: at(1) }
    };
    let others = [
        Fact::Succession { old: token("rt-1"), new: token("rt-2") },
        Fact::Succession { old: token("rt-1"), new: token("rt-1") },
        written("at-2"),
        Fact::Died { who: 1 },
    ];
    deeds.iter().flat_map(|deed| [by(1, deed), by(2, deed)].concat()).chain(others).collect()
}

fn origins() -> Vec<Fact> {
    let at = |url: &str| Origins { token: Origin::of(url), revocation: None };
    let places = ["https://acme.test", "https://elsewhere.test"];
    let of = |url: &&str| {
        let to = Origin::of(url).unwrap();
        [
            Fact::Came { token: "rt-1".to_owned(), from: at(url) },
            Fact::Sent { token: "rt-1".to_owned(), to: to.clone() },
            Fact::Sent { token: "rt-2".to_owned(), to },
            Fact::Agreed { to: at(url) },
        ]
    };
    places.iter().flat_map(of).chain([Fact::Withheld { who: 1 }]).collect()
}

fn draws() -> Vec<Fact> {
    let began = |state: &State| {
        let state = shared(state);
        Fact::DrawBegan { who: 1, process: 1, provider: acme(), now: at(1), state }
    };
    let ended = |got: &str| Fact::DrawEnded { who: 1, now: at(1), label: Some(label(got)) };
    let chosen = |at_place| {
        let state = shared(&pool());
        Fact::Chosen { now: at(1), state, provider: acme(), at: at_place, told_when: false }
    };
    vec![began(&pool()), began(&half()), ended("a"), ended("b"), chosen(Some(0)), chosen(Some(2))]
}

fn told() -> Vec<Fact> {
    let put = |text: &str| named("a", key(text));
    let tells = |text: &str, verdict| Fact::Told { who: 2, put: Box::new(put(text)), verdict };
    vec![
        did(at(1), &pool(), &Event::Put(put("key-1"))),
        did(at(1), &pool(), &Event::Put(put("key-3"))),
        tells("key-1", Some(Verdict::Nothing)),
        tells("key-3", Some(Verdict::Done)),
        tells("key-3", None),
    ]
}
