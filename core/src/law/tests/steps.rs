//! What one step may change: laws 6 and 11.

use super::*;
use crate::machine::Sent;
use crate::machine::clear::{Clear, Remove};
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::{Adopt, Cancel, ClaimCode, Failed, Prompted, Step as OfFlow, Succeeded};
use crate::machine::origins::NameOrigins;
use crate::machine::pool::{CountUses, Report, SetStrategy};
use crate::machine::put::{Put, SuspendLink};
use crate::machine::rotation::{Cause, ClaimRotation};
use crate::sample::{claim, entry, fresh, grant, print, prompt, settle};
use crate::state::Source;
use crate::state::extra::Extra;
use crate::state::flow::FlowEnd;
use crate::state::health::FailureKind;
use crate::state::name::ProviderId;
use crate::state::origin::Origins;
use crate::state::rewrite::Rewrite;
use crate::state::strategy::Strategy;

/// Acme has a key `a`, a grant `b` that attempt 1 rotates, and a flow 5 that attempt 2 holds.
fn state() -> State {
    let state = stored([named("a", key("key-1")), named("b", grant("at-1", Some("rt-1")))]);
    after(&state, &at(0), &[Event::ClaimRotation(claim(&state, "b", 1, Cause::Asked)), start(5, 2)])
}

fn of_flow(flow: u128, attempt: u128) -> OfFlow {
    OfFlow { provider: acme(), flow: Nonce(flow), attempt: Nonce(attempt) }
}

fn report(version: u64) -> Event {
    let (provider, label, answer) = (acme(), label("a"), FailureKind::Limited);
    Event::Report(Report { provider, label, version, answer, rest_ms: None, model: None, dead: None })
}

fn claims(version: u64) -> Event {
    Event::ClaimRotation(ClaimRotation { version, ..claim(&state(), "a", 9, Cause::Asked) })
}

fn succeeded(flow: u128, attempt: u128) -> Event {
    let (material, source) = (key("key-2"), Source::Login);
    Event::FlowSucceeded(Succeeded { step: of_flow(flow, attempt), material, source, came: at(0) })
}

/// Each step of a flow's holder.
fn steps_of(flow: u128, attempt: u128) -> [Event; 5] {
    let step = of_flow(flow, attempt);
    [
        Event::FlowPrompted(Prompted { step: step.clone(), prompt: prompt(), expires_in_ms: 1 }),
        Event::FlowSlowedDown(step.clone()),
        Event::ClaimCode(ClaimCode { step: step.clone(), act: act(9) }),
        succeeded(flow, attempt),
        Event::FlowFailed(Failed::new(step, FlowEnd::Expired)),
    ]
}

#[test]
fn law_6_what_was_superseded_changes_nothing() {
    let before = state();
    let version = entry(&before, "a").version;
    let current = [settle("b", 1, Exchanged::Unknown), report(version), claims(version)];
    let late = [settle("b", 9, Exchanged::Unknown), report(9), claims(9)];
    for event in current.into_iter().chain(steps_of(5, 2)) {
        keeps(6, &[stepped(&before, &event, &touched(&before))]);
    }
    let of_another = steps_of(6, 2).into_iter().chain(steps_of(5, 1));
    for event in late.into_iter().chain(of_another) {
        breaks(6, &[stepped(&before, &event, &touched(&before))], "was superseded and changed the state");
        keeps(6, &[stepped(&before, &event, &before)]);
        breaks(6, &[stepped(&State::default(), &event, &touched(&before))], "was superseded");
    }
    breaks(6, &[stepped(&before, &report(9), &touched(&before))], "\"Report\" was superseded");
    keeps(6, &[stepped(&before, &Event::Purge, &touched(&before))]);
    // Whoever was taken for dead, and not replaced, is still the one that is waited for.
    let doubtful = after(&before, &at(0), &[Event::ActorGone { attempt: Nonce(1), sent: Sent::UNKNOWN }]);
    let home = settle("b", 1, Exchanged::Granted(fresh("at-2", None)));
    keeps(6, &[stepped(&doubtful, &home, &touched(&doubtful))]);
    let settled = after(&before, &at(0), std::slice::from_ref(&home));
    breaks(6, &[stepped(&settled, &home, &touched(&settled))], "\"Settle\" was superseded");
}

#[test]
fn law_6_what_is_refused_changes_nothing_and_a_new_secret_has_a_new_version() {
    let before = state();
    for verdict in [Verdict::Stale, Verdict::Nothing, Verdict::Joined(Nonce(1))] {
        breaks(
            6,
            &[stepped_by(1, &before, &Event::Purge, &touched(&before), verdict.clone())],
            "and changed the state",
        );
        keeps(6, &[stepped_by(1, &before, &Event::Purge, &before, verdict)]);
    }
    let with = |material, version| {
        let mut state = before.clone();
        let entry = state.slot_mut(&acme()).entry_mut("a").unwrap();
        (entry.material, entry.version) = (material, version);
        state
    };
    let version = entry(&before, "a").version;
    breaks(
        6,
        &[stepped(&before, &Event::Purge, &with(key("key-2"), version))],
        "acme/a has a new secret under an old version",
    );
    keeps(6, &[stepped(&before, &Event::Purge, &with(key("key-2"), version + 9))]);
    keeps(6, &[stepped(&before, &Event::Purge, &with(key("key-1"), version + 9))]);
}

#[test]
fn law_6_is_witnessed_by_what_comes_after_a_clear() {
    let nothing = State::default();
    let seen = |before: &State, event: &Event| witnesses(6, &[stepped(before, event, before)]);
    for event in [settle("b", 1, Exchanged::Unknown), report(1), succeeded(5, 2)] {
        assert!(seen(&nothing, &event), "{event:?}");
        assert!(!seen(&state(), &event), "{event:?}");
    }
    for event in [settle("b", 9, Exchanged::Unknown), report(9), succeeded(9, 9)] {
        assert!(!seen(&state(), &event), "late, and something is stored: {event:?}");
    }
    let only_flow = after(&nothing, &at(0), &[start(5, 2)]);
    assert!(!seen(&only_flow, &succeeded(5, 2)), "nothing is stored, and it isn't late");
    assert!(!seen(&nothing, &claims(1)));
}

fn other() -> ProviderId {
    ProviderId::new("other").unwrap()
}

fn rewrite() -> Rewrite {
    Rewrite { path: "/a".to_owned(), variables: vec![("A".to_owned(), print("a"))], extra: Extra::default() }
}

/// The state, with a key of another provider beside it.
fn with_other(state: &State, text: &str) -> State {
    after(state, &at(0), &[Event::Put(Put { provider: other(), ..named("x", key(text)) })])
}

#[test]
fn law_11_an_event_of_one_provider_leaves_the_others_alone() {
    let before = with_other(&state(), "key-1");
    let (theirs, gone) =
        (with_other(&before, "key-2"), after(&before, &at(0), &[Event::Clear(Clear::Provider(other()))]));
    let mine = after(&before, &at(0), &[Event::Remove(Remove { provider: acme(), label: label("a") })]);
    let (provider, label) = (acme(), label("a"));
    let of_entry = [
        Event::Put(named("a", key("key-3"))),
        Event::Remove(Remove { provider: acme(), label: label.clone() }),
        claims(1),
        settle("a", 8, Exchanged::Unknown),
        report(1),
        Event::SuspendLink(SuspendLink { provider: acme(), label: label.clone(), version: 1 }),
        Event::NameOrigins(NameOrigins { provider: acme(), label, version: 1, origins: Origins::default() }),
    ];
    let of_pool = [
        Event::Clear(Clear::Provider(acme())),
        Event::CountUses(CountUses { provider: acme(), uses: std::collections::BTreeMap::new() }),
        Event::SetStrategy(SetStrategy { provider: acme(), strategy: Strategy::Random }),
        start(5, 2),
        Event::AdoptFlow(Adopt { provider: acme(), flow: Nonce(5), from: None, act: act(3) }),
        Event::CancelFlow(Cancel { provider, flow: Nonce(5) }),
    ];
    let neighbour =
        after(&before, &at(0), &[Event::Remove(Remove { provider: acme(), label: crate::sample::label("b") })]);
    for event in &of_entry {
        breaks(11, &[stepped(&before, event, &neighbour)], "of acme/a changed b");
    }
    for event in of_pool.iter().chain(&steps_of(5, 2)) {
        keeps(11, &[stepped(&before, event, &neighbour)]);
    }
    for event in of_entry.iter().chain(&of_pool).chain(&steps_of(5, 2)) {
        breaks(11, &[stepped(&before, event, &theirs)], "of acme changed other");
        breaks(11, &[stepped(&before, event, &gone)], "of acme changed other");
        keeps(11, &[stepped(&before, event, &mine)]);
        assert!(witnesses(11, &[stepped(&before, event, &mine)]), "{event:?}");
    }
    for of_all in
        [Event::Clear(Clear::Everything), Event::Purge, Event::ActorGone { attempt: Nonce(1), sent: Sent::UNKNOWN }]
    {
        keeps(11, &[stepped(&before, &of_all, &theirs)]);
        assert!(!witnesses(11, &[stepped(&before, &of_all, &theirs)]));
    }
    assert!(!witnesses(11, &[stepped(&before, &of_pool[0], &before)]), "nothing changed");
    assert!(!witnesses(11, &[stepped(&state(), &of_pool[0], &touched(&state()))]), "there is no other");
}

#[test]
fn law_11_what_is_owed_to_files_and_what_is_stored_go_their_own_ways() {
    let before = with_other(&state(), "key-1");
    let owing = State { rewrites: vec![rewrite()], ..before.clone() };
    let both = State { rewrites: vec![rewrite()], ..with_other(&before, "key-2") };
    for event in [Event::OweRewrite(rewrite()), Event::RewriteDone(rewrite())] {
        keeps(11, &[stepped(&before, &event, &owing)]);
        keeps(11, &[stepped(&before, &event, &before)]);
        breaks(11, &[stepped(&before, &event, &both)], "changed what is stored");
    }
    breaks(11, &[stepped(&before, &Event::Purge, &owing)], "\"Purge\" changed what is owed to a file");
    keeps(11, &[stepped(&owing, &Event::Purge, &both)]);
}
