//! One refresh token, one custody: whatever brings it, and wherever it stands.

use super::*;
use crate::machine::clear::{Clear, Remove};
use crate::machine::flow::{Start, Step as FlowStep, Succeeded};
use crate::machine::put::{Put, PutMode};
use crate::machine::rotation::{Cause, ClaimRotation};
use crate::machine::shared::MarkShared;
use crate::machine::{Effect, Event, Refusal, Sent, Step, Verdict};
use crate::sample::{
    acme, act, after, at, claim, entry, fresh, grant, key, label, named, print, secret, settle, step, stored,
};
use crate::state::flow::FlowKind;
use crate::state::known::{Fate, MAX_KNOWN_TOKENS};
use crate::state::name::ProviderId;
use crate::state::time::Expiry;
use crate::state::turned_away::TurnedAway;
use crate::state::{Grant, Material, Source};

const GRANTED: u64 = 10;

fn claimed(state: &State, name: &str, attempt: u128) -> State {
    after(state, &at(0), &[Event::ClaimRotation(claim(state, name, attempt, Cause::Asked))])
}

fn one() -> State {
    stored([named("a", grant("at-1", Some("rt-1")))])
}

fn put(state: &State, put: Put) -> Step {
    step(state, &at(GRANTED), &Event::Put(put))
}

fn again(put: Put) -> Put {
    Put { how: PutMode::Again, ..put }
}

fn custody<'a>(state: &'a State, name: &str) -> &'a Custody {
    &entry(state, name).grant().unwrap().custody
}

fn granted(access: &str, refresh: Option<&str>) -> Exchanged {
    Exchanged::Granted(fresh(access, refresh))
}

fn signed_in(state: &State, material: Material) -> State {
    let start = Start { provider: acme(), label: label("a"), flow: Nonce(77), kind: FlowKind::Device, act: act(70) };
    let flow = FlowStep { provider: acme(), flow: Nonce(77), attempt: Nonce(70) };
    let success = Succeeded { step: flow, material, source: Source::Login, came: at(0) };
    after(state, &at(GRANTED), &[Event::StartFlow(start), Event::FlowSucceeded(success)])
}

#[test]
fn a_claim_goes_on_whatever_brings_its_token_and_under_whatever_label() {
    let state = claimed(&one(), "a", 1);
    let Custody::Rotating(held) = custody(&state, "a").clone() else { panic!() };
    for (name, access) in [("a", "at-2"), ("b", "at-1"), ("b", "at-2")] {
        let next = put(&state, named(name, grant(access, Some("rt-1")))).state;
        assert_eq!(custody(&next, name), &Custody::Rotating(held.clone()), "{name} {access}");
        let second = step(&next, &at(20), &Event::ClaimRotation(claim(&next, name, 2, Cause::Challenged)));
        assert_eq!(second.verdict, Verdict::Joined(Nonce(1)));
        // What the first brings home is everybody's who holds the token.
        let home = after(&next, &at(30), &[settle("a", 1, granted("at-9", Some("rt-9")))]);
        assert_eq!(entry(&home, name).secret(), Some(&secret("at-9")), "{name} {access}");
        assert_eq!(custody(&home, name), &Custody::Settled);
    }
    let login = signed_in(&state, grant("at-2", Some("rt-1")));
    assert_eq!(custody(&login, "a"), &Custody::Rotating(held));
}

#[test]
fn two_labels_of_one_token_are_rotated_once() {
    let state = stored([named("a", grant("at-1", Some("rt-1"))), named("b", grant("at-1", Some("rt-1")))]);
    let state = claimed(&state, "a", 1);
    let other = step(&state, &at(1), &Event::ClaimRotation(claim(&state, "b", 2, Cause::Asked)));
    assert_eq!((other.verdict, other.effects), (Verdict::Joined(Nonce(1)), Vec::new()));
    for (outcome, is_lost) in
        [(granted("at-2", Some("rt-2")), false), (Exchanged::Rejected { code: "invalid_grant".to_owned() }, true)]
    {
        let home = after(&state, &at(2), &[settle("a", 1, outcome)]);
        assert_eq!(entry(&home, "a").is_lost(), is_lost);
        assert_eq!(custody(&home, "a"), custody(&home, "b"));
        assert_eq!(entry(&home, "a").secret(), entry(&home, "b").secret());
        assert_ne!(entry(&home, "a").version, entry(&home, "b").version, "a version is never given twice");
    }
    let gone = after(&state, &at(2), &[Event::ActorGone { attempt: Nonce(1), sent: Sent::UNKNOWN }]);
    assert!(matches!(custody(&gone, "a"), Custody::InDoubt(_)));
    assert_eq!(custody(&gone, "a"), custody(&gone, "b"));
}

#[test]
fn a_login_under_two_labels_is_revoked_when_the_last_of_them_goes_and_once() {
    let state = stored([named("a", grant("at-1", Some("rt-1"))), named("b", grant("at-1", Some("rt-1")))]);
    let remove = |name| Event::Remove(Remove { provider: acme(), label: label(name) });
    let first = step(&state, &at(1), &remove("a"));
    assert_eq!(first.effects, Vec::new());
    let revoked = vec![Effect::Revoke { provider: acme(), token: secret("rt-1") }];
    assert_eq!(step(&first.state, &at(1), &remove("b")).effects, revoked);
    assert_eq!(step(&state, &at(1), &Event::Clear(Clear::Everything)).effects, revoked);
}

#[test]
fn a_doubt_stays_with_its_token_until_the_issuer_gives_it_anew() {
    let state = after(&claimed(&one(), "a", 1), &at(1), &[settle("a", 1, Exchanged::Unknown)]);
    let doubt = custody(&state, "a").clone();
    assert!(matches!(doubt, Custody::InDoubt(_)));
    for brought in [named("a", grant("at-2", Some("rt-1"))), again(named("b", grant("at-1", Some("rt-1"))))] {
        let name = brought.label.as_str().to_owned();
        assert_eq!(custody(&put(&state, brought).state, &name), &doubt);
    }
    let login = signed_in(&state, grant("at-1", Some("rt-1")));
    assert_eq!(custody(&login, "a"), &Custody::Settled);
}

#[test]
fn a_login_that_brings_a_rejected_pair_again_ends_the_rejection_and_a_person_may_insist() {
    let rejected = Exchanged::Rejected { code: "invalid_grant".to_owned() };
    let state = after(&claimed(&one(), "a", 1), &at(1), &[settle("a", 1, rejected)]);
    for name in ["a", "b"] {
        let same = named(name, grant("at-1", Some("rt-1")));
        assert_eq!(put(&state, same.clone()).verdict, Verdict::Refused(Refusal::Lost), "{name}");
        let insisted = put(&state, again(same));
        assert_eq!((insisted.verdict, custody(&insisted.state, name)), (Verdict::Done, &Custody::Settled));
        assert_eq!(custody(&insisted.state, "a"), &Custody::Settled, "it is the same token");
    }
    assert_eq!(custody(&signed_in(&state, grant("at-1", Some("rt-1"))), "a"), &Custody::Settled);
}

#[test]
fn a_token_with_another_successor_is_refused_unless_a_person_insists() {
    let state = after(&claimed(&one(), "a", 1), &at(1), &[settle("a", 1, granted("at-2", Some("rt-2")))]);
    for how in [PutMode::Named, PutMode::Bulk] {
        let old = Put { how, ..named("b", grant("at-1", Some("rt-1"))) };
        assert_eq!(put(&state, old).verdict, Verdict::Refused(Refusal::Spent));
    }
    let insisted = put(&state, again(named("b", grant("at-1", Some("rt-1")))));
    assert_eq!((insisted.verdict, custody(&insisted.state, "b")), (Verdict::Done, &Custody::Settled));
    assert_eq!(put(&insisted.state, named("b", grant("at-3", Some("rt-1")))).verdict, Verdict::Done, "it stands again");
}

#[test]
fn an_issuer_that_gives_no_new_refresh_token_or_the_same_again_has_spent_nothing() {
    for refresh in [None, Some("rt-1")] {
        let state = after(&claimed(&one(), "a", 1), &at(1), &[settle("a", 1, granted("at-2", refresh))]);
        assert_eq!(state.tokens, Vec::new());
        assert_eq!(put(&state, named("b", grant("at-2", Some("rt-1")))).verdict, Verdict::Done);
    }
}

#[test]
fn a_token_that_was_cleared_removed_or_replaced_in_flight_is_not_free_when_it_comes_back() {
    let state = claimed(&one(), "a", 1);
    let remove = Event::Remove(Remove { provider: acme(), label: label("a") });
    for way in [Event::Clear(Clear::Everything), remove, Event::Put(named("a", key("key-1")))] {
        let gone = after(&state, &at(1), &[way]);
        assert_eq!(gone.claims().count(), 1, "its actor's sign of life is still asked for");
        let back = put(&gone, named("b", grant("at-1", Some("rt-1")))).state;
        assert_eq!(custody(&back, "b").attempt(), Some(Nonce(1)));
        assert_eq!(back.claims().count(), 1);
        let home = after(&back, &at(2), &[settle("a", 1, granted("at-2", Some("rt-2")))]);
        assert_eq!(entry(&home, "b").secret(), Some(&secret("at-2")));
        // If it comes back later than the answer, what the answer said of it is known.
        for (outcome, refused) in [
            (granted("at-2", Some("rt-2")), Some(Refusal::Spent)),
            (Exchanged::Rejected { code: "invalid_grant".to_owned() }, Some(Refusal::Lost)),
            (Exchanged::NotConsumed { retry_after_ms: None }, None),
            (
                Exchanged::TurnedAway {
                    answer: TurnedAway { status: 403, code: None, description: None },
                    retry_after_ms: None,
                },
                None,
            ),
        ] {
            let told = after(&gone, &at(2), &[settle("a", 1, outcome)]);
            let verdict = put(&told, named("b", grant("at-1", Some("rt-1")))).verdict;
            assert_eq!(verdict, refused.map_or(Verdict::Done, Verdict::Refused));
        }
        for end in [settle("a", 1, Exchanged::Unknown), Event::ActorGone { attempt: Nonce(1), sent: Sent::UNKNOWN }] {
            let doubtful = after(&gone, &at(2), &[end]);
            let back = put(&doubtful, named("b", grant("at-1", Some("rt-1")))).state;
            assert!(matches!(custody(&back, "b"), Custody::InDoubt(_)));
        }
    }
}

#[test]
fn known_tokens_stored_with_another_end_or_scope_get_it() {
    let state = one();
    let with = |change: fn(&mut Grant)| {
        let Material::Oauth(mut grant) = grant("at-1", Some("rt-1")) else { panic!() };
        change(&mut grant);
        named("a", Material::Oauth(grant))
    };
    let shorter = put(&state, with(|grant| grant.expiry = Expiry::After(at(0).plus_ms(1_000))));
    assert_eq!(shorter.verdict, Verdict::Done);
    assert_eq!(entry(&shorter.state, "a").grant().unwrap().expiry, Expiry::After(at(0).plus_ms(1_000)));
    assert_eq!(entry(&shorter.state, "a").version, entry(&state, "a").version, "the secret is the same");
    let wider = put(&state, with(|grant| grant.scopes.push("new".to_owned())));
    assert_eq!((wider.verdict, entry(&wider.state, "a").grant().unwrap().scopes.len()), (Verdict::Done, 2));
    let unsaid = put(&state, with(|grant| grant.scopes.clear()));
    assert_eq!(unsaid.verdict, Verdict::Nothing, "what wasn't said takes nothing away");
}

#[test]
fn another_provider_of_the_same_token_waits_too() {
    let other = ProviderId::new("other").unwrap();
    let state = put(&one(), Put { provider: other.clone(), ..named("a", grant("at-1", Some("rt-1"))) }).state;
    let state = claimed(&state, "a", 1);
    let version = state.entry("other", "a").unwrap().version;
    let theirs =
        Event::ClaimRotation(ClaimRotation { provider: other, version, ..claim(&state, "a", 2, Cause::Asked) });
    assert_eq!(step(&state, &at(1), &theirs).verdict, Verdict::Joined(Nonce(1)));
}

#[test]
fn what_is_remembered_is_bounded_and_never_forgets_who_is_at_it() {
    let mut state = after(&claimed(&one(), "a", 1), &at(1), &[Event::Clear(Clear::Everything)]);
    for number in 0..2 * MAX_KNOWN_TOKENS {
        state.remember_token(print(&format!("rt-old-{number}")).into(), Fate::Spent, None);
    }
    assert_eq!(state.tokens.len(), MAX_KNOWN_TOKENS);
    assert_eq!(state.claims().count(), 1);
    let last = print(&format!("rt-old-{}", 2 * MAX_KNOWN_TOKENS - 1));
    assert!(state.tokens.iter().any(|known| known.mark.fingerprint == last));
}

#[test]
fn entries_that_an_older_version_let_differ_are_taken_together() {
    let mut state = stored([named("a", grant("at-1", Some("rt-1"))), named("b", grant("at-1", Some("rt-1")))]);
    let claimed = claimed(&state, "a", 1);
    let Custody::Rotating(held) = custody(&claimed, "a").clone() else { panic!() };
    let slot = state.slot_mut(&acme());
    slot.entry_mut("a").unwrap().grant_mut().unwrap().custody = Custody::Rotating(held);
    let free = step(&state, &at(1), &Event::ClaimRotation(claim(&state, "b", 2, Cause::Asked)));
    assert_eq!(free.verdict, Verdict::Joined(Nonce(1)));
    assert!(!free.effects.iter().any(|effect| matches!(effect, Effect::Refresh { .. })));
}

#[test]
fn the_mark_of_a_copy_goes_with_the_token_and_not_with_the_label() {
    let marks = Event::MarkShared(MarkShared { why: Shared::Copied, counted: 7 });
    let marked = after(&one(), &at(1), &[marks]);
    assert_eq!(marked.last_move, 7);
    let gone = after(&marked, &at(2), &[Event::Remove(Remove { provider: acme(), label: label("a") })]);
    let replaced = after(&marked, &at(2), &[Event::Put(named("a", key("key-1")))]);
    for state in [&marked, &gone, &replaced] {
        for (name, access) in [("a", "at-1"), ("a", "at-2"), ("b", "at-1"), ("b", "at-2")] {
            for put in [named(name, grant(access, Some("rt-1"))), again(named(name, grant(access, Some("rt-1"))))] {
                let next = self::put(state, put).state;
                let claimed = step(&next, &at(20), &Event::ClaimRotation(claim(&next, name, 2, Cause::Asked)));
                assert_eq!(claimed.verdict, Verdict::Refused(Refusal::Shared(Shared::Copied)), "{name} {access}");
            }
        }
        // Only its issuer, another token, or a person's word about all of them frees an entry.
        let vouched = signed_in(state, grant("at-2", Some("rt-1")));
        let other = self::put(state, named("a", grant("at-2", Some("rt-2")))).state;
        let adopted = after(state, &at(GRANTED), &[Event::AdoptCopy]);
        let adopted = self::put(&adopted, named("a", grant("at-1", Some("rt-1")))).state;
        for next in [vouched, other, adopted] {
            let claimed = step(&next, &at(20), &Event::ClaimRotation(claim(&next, "a", 2, Cause::Asked)));
            assert_eq!(claimed.verdict, Verdict::Done);
        }
    }
}

#[test]
fn what_is_in_flight_or_in_doubt_when_a_copy_is_noticed_is_marked_too() {
    let marks = || Event::MarkShared(MarkShared { why: Shared::RolledBack, counted: 1 });
    let remove = || Event::Remove(Remove { provider: acme(), label: label("a") });
    let spared = Exchanged::NotConsumed { retry_after_ms: None };
    let state = after(&claimed(&one(), "a", 1), &at(1), &[remove(), marks(), settle("a", 1, spared)]);
    let next = put(&state, named("b", grant("at-1", Some("rt-1")))).state;
    let refused = step(&next, &at(20), &Event::ClaimRotation(claim(&next, "b", 2, Cause::Asked)));
    assert_eq!(refused.verdict, Verdict::Refused(Refusal::Shared(Shared::RolledBack)));
    // What the issuer grants for it is in no copy.
    let home = after(&claimed(&one(), "a", 1), &at(1), &[marks(), settle("a", 1, granted("at-2", Some("rt-2")))]);
    assert_eq!(entry(&home, "a").grant().unwrap().shared, None);
    let same = after(&claimed(&one(), "a", 1), &at(1), &[marks(), settle("a", 1, granted("at-2", Some("rt-1")))]);
    assert_eq!(entry(&same, "a").grant().unwrap().shared, Some(Shared::RolledBack), "that one is in the copy");
}
