//! What goes, what is remembered of it, and what is revoked.

use super::*;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::Start;
use crate::machine::put::Put;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Step};
use crate::sample::{acme, act, after, at, claim, grant, key, label, link, named, print, settle, step, stored};
use crate::state::Nonce;
use crate::state::fingerprint::Fingerprint;
use crate::state::flow::{FlowEnd, FlowKind};

fn revoked(step: &Step) -> Vec<&str> {
    let tokens = step.effects.iter().filter_map(|effect| match effect {
        Effect::Revoke { token, .. } => Some(token.expose_secret()),
        _ => None,
    });
    tokens.collect()
}

fn tombstones(state: &State) -> Vec<Fingerprint> {
    state.slot("acme").unwrap().cleared.iter().map(|tombstone| tombstone.mark.fingerprint).collect()
}

/// One of each kind, of which the login that was rejected is `lost`.
fn pool() -> State {
    let state = stored([
        named("key", key("key-1")),
        named("whole", grant("at-1", Some("rt-1"))),
        named("bare", grant("at-2", None)),
        named("link", link("ann")),
        named("lost", grant("at-3", Some("rt-3"))),
    ]);
    let rejected = Exchanged::Rejected { code: "invalid_grant".to_owned() };
    let claimed = Event::ClaimRotation(claim(&state, "lost", 1, Cause::Asked));
    after(&state, &at(0), &[claimed, settle("lost", 1, rejected)])
}

#[test]
fn a_clear_takes_everything_remembers_it_and_revokes_what_is_ours_and_lives() {
    let done = step(&pool(), &at(1), &Event::Clear(Clear::Provider(acme())));
    assert_eq!(done.verdict, Verdict::Done);
    let slot = done.state.slot("acme").unwrap();
    assert!(slot.entries.is_empty());
    assert_eq!(
        tombstones(&done.state),
        [print("key-1"), print("rt-1"), print("at-2"), link("ann").fingerprint(), print("rt-3")]
    );
    assert_eq!(slot.cleared.iter().filter(|tombstone| tombstone.link).count(), 1);
    assert_eq!(revoked(&done), ["rt-1", "at-2"], "a refresh token takes its access token along");
    let again = step(&done.state, &at(2), &Event::Clear(Clear::Everything));
    assert_eq!((again.verdict, again.effects), (Verdict::Nothing, Vec::new()));
}

#[test]
fn a_removal_takes_one_and_leaves_its_neighbours() {
    let remove = |name: &str| Event::Remove(Remove { provider: acme(), label: label(name) });
    for (name, tokens) in [("key", vec![]), ("whole", vec!["rt-1"]), ("link", vec![]), ("lost", vec![])] {
        let before = pool();
        let done = step(&before, &at(1), &remove(name));
        assert_eq!((&done.verdict, revoked(&done)), (&Verdict::Done, tokens), "{name}");
        let others = |state: &State| -> Vec<Entry> {
            state.slot("acme").unwrap().entries.iter().filter(|entry| entry.label != label(name)).cloned().collect()
        };
        assert_eq!(others(&done.state), others(&before));
        assert!(done.state.entry("acme", name).is_none());
        assert_eq!(tombstones(&done.state), [before.entry("acme", name).unwrap().fingerprint]);
        assert_eq!(step(&done.state, &at(2), &remove(name)).verdict, Verdict::Nothing);
    }
    let elsewhere = Event::Remove(Remove { provider: ProviderId::new("other").unwrap(), label: label("key") });
    assert_eq!(step(&pool(), &at(1), &elsewhere).verdict, Verdict::Nothing);
}

#[test]
fn a_clear_of_one_provider_is_none_of_another() {
    let other = ProviderId::new("other").unwrap();
    let mut state = stored([named("a", key("key-1"))]);
    state = after(&state, &at(0), &[Event::Put(Put { provider: other.clone(), ..named("a", key("key-2")) })]);
    let done = step(&state, &at(1), &Event::Clear(Clear::Provider(other)));
    assert_eq!(done.state.slot("acme"), state.slot("acme"));
    assert!(done.state.slot("other").unwrap().entries.is_empty());
    let all = step(&state, &at(1), &Event::Clear(Clear::Everything));
    assert!(all.state.providers.values().all(|slot| slot.entries.is_empty()));
    // What was found in one provider is found, though there is nothing in the next.
    let mixed = step(&done.state, &at(2), &Event::Clear(Clear::Everything));
    assert_eq!(mixed.verdict, Verdict::Done);
}

#[test]
fn a_login_in_progress_ends_with_a_clear() {
    let (provider, kind) = (acme(), FlowKind::Device);
    let start = Start { provider, label: label("a"), flow: Nonce(5), kind, act: act(1) };
    let state = after(&State::default(), &at(0), &[Event::StartFlow(start)]);
    let done = step(&state, &at(1), &Event::Clear(Clear::Everything));
    assert_eq!(done.verdict, Verdict::Done);
    let slot = done.state.slot("acme").unwrap();
    assert_eq!((slot.flow.is_none(), &slot.ended[0].end), (true, &FlowEnd::Cancelled));
}

#[test]
fn what_was_cleared_twice_is_remembered_once_and_the_oldest_is_forgotten_first() {
    let cleared = |state: &State, text: &str| {
        after(state, &at(1), &[Event::Put(named("a", key(text))), Event::Clear(Clear::Everything)])
    };
    let mut state = State::default();
    for text in ["key-1", "key-2"] {
        state = cleared(&state, text);
    }
    assert_eq!(tombstones(&state), ["key-1", "key-2"].map(print));
    // One secret under two labels is one memory.
    let twice = ["a", "b"].map(|name| Event::Put(named(name, key("key-3"))));
    state = after(&after(&state, &at(1), &twice), &at(1), &[Event::Clear(Clear::Everything)]);
    assert_eq!(tombstones(&state), ["key-1", "key-2", "key-3"].map(print));
    for n in 0..MAX_TOMBSTONES - 2 {
        state = cleared(&state, &format!("more-{n}"));
    }
    let tombstones = tombstones(&state);
    assert_eq!((tombstones.len(), tombstones[0], tombstones[1]), (MAX_TOMBSTONES, print("key-2"), print("key-3")));
}
