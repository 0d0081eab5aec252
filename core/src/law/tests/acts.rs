//! Acts on the outside: laws 2, 3, 4 and 5.

use super::*;
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::Cancel;
use crate::machine::rotation::Cause;
use crate::machine::shared::MarkShared;
use crate::machine::{Refusal, Sent};
use crate::sample::{claim, grant, settle};
use crate::state::name::ProviderId;
use crate::state::origin::{Origin, Origins};
use crate::state::shared::Shared;

fn request(who: Who, provider: &str, flow: u128) -> Fact {
    let provider = ProviderId::new(provider).unwrap();
    Fact::ActBegan { who, deed: Deed::RequestPrompt { provider, flow: Nonce(flow) } }
}

fn poll(who: Who, flow: u128) -> Fact {
    Fact::ActBegan { who, deed: Deed::Poll { flow: Nonce(flow) } }
}

fn polled(who: Who, flow: u128) -> Fact {
    Fact::ActEnded { who, deed: Deed::Poll { flow: Nonce(flow) } }
}

fn present(who: Who, token: &str) -> Fact {
    Fact::ActBegan { who, deed: Deed::Present { token: token.to_owned() } }
}

fn presented(who: Who, token: &str) -> Fact {
    Fact::ActEnded { who, deed: Deed::Present { token: token.to_owned() } }
}

fn died(who: Who) -> Fact {
    Fact::Died { who }
}

fn durable(state: &State) -> Fact {
    Fact::Durable { state: shared(state) }
}

/// A flow of acme that is live, and the same when it has ended.
fn flow(id: u128) -> (State, State) {
    let live = after(&State::default(), &at(0), &[start(id, 1)]);
    let cancel = Cancel { provider: acme(), flow: Nonce(id) };
    (live.clone(), after(&live, &at(0), &[Event::CancelFlow(cancel)]))
}

fn login(refresh: &str) -> State {
    stored([named("a", grant("at-1", Some(refresh)))])
}

fn rotating(refresh: &str) -> State {
    let state = login(refresh);
    after(&state, &at(0), &[Event::ClaimRotation(claim(&state, "a", 1, Cause::Asked))])
}

#[test]
fn law_2_one_code_is_asked_for_at_a_time() {
    let ended = Fact::Shown { who: 1, state: shared(&flow(1).1) };
    breaks(2, &[request(1, "acme", 1), request(2, "acme", 2)], "while 00000000000000000000000000000001 was live");
    breaks(2, &[request(1, "acme", 1), died(2), request(2, "acme", 2)], "was live");
    keeps(2, &[request(1, "acme", 1), request(2, "other", 2)]);
    keeps(2, &[request(1, "acme", 1), died(1), request(2, "acme", 2)]);
    keeps(2, &[request(1, "acme", 1), ended.clone(), request(2, "acme", 2)]);
    // Whoever asks for a flow that has ended makes no second live one, nor one that others would have to wait for.
    keeps(2, &[request(1, "acme", 2), ended.clone(), request(3, "acme", 1)]);
    keeps(2, &[ended.clone(), request(1, "acme", 1), request(2, "acme", 2)]);
    breaks(2, &[request(1, "acme", 2), ended, request(3, "acme", 3)], "was live");
}

#[test]
fn law_2_a_flow_has_one_poller() {
    breaks(2, &[poll(1, 1), poll(2, 1)], "two actors poll");
    breaks(2, &[poll(1, 1), polled(2, 1), poll(2, 1)], "two actors poll");
    breaks(2, &[poll(1, 1), polled(1, 2), poll(2, 1)], "two actors poll");
    breaks(2, &[poll(1, 1), died(2), poll(2, 1)], "two actors poll");
    keeps(2, &[poll(1, 1), poll(2, 2)]);
    keeps(2, &[poll(1, 1), polled(1, 1), poll(2, 1)]);
    keeps(2, &[poll(1, 1), died(1), poll(2, 1)]);
    let state = State::default();
    let joined = |event: &Event, verdict| witnesses(2, &[stepped_by(1, &state, event, &state, verdict)]);
    assert!(joined(&start(1, 1), Verdict::Joined(Nonce(2))));
    assert!(!joined(&start(1, 1), Verdict::Done) && !joined(&Event::Purge, Verdict::Joined(Nonce(2))));
}

#[test]
fn law_3_what_permits_an_act_is_durable_before_it() {
    let (live, ended) = flow(1);
    for (act, says) in [(request(1, "acme", 1), "the request of a device code"), (poll(1, 1), "a poll")] {
        keeps(3, &[durable(&live), act.clone()]);
        for before in [
            vec![],
            vec![durable(&ended)],
            vec![durable(&flow(2).0)],
            vec![Fact::Shown { who: 1, state: shared(&live) }],
        ] {
            let facts: Vec<_> = before.into_iter().chain([act.clone(), durable(&live)]).collect();
            breaks(3, &facts, says);
        }
    }
    keeps(3, &[durable(&rotating("rt-1")), present(1, "rt-1")]);
    for state in [login("rt-1"), rotating("rt-2"), State::default()] {
        breaks(3, &[durable(&state), present(1, "rt-1")], "the presentation of a refresh token");
    }
}

#[test]
fn law_3_is_witnessed_by_a_death_between_commit_and_act() {
    let state = login("rt-1");
    let claims = Event::ClaimRotation(claim(&state, "a", 1, Cause::Asked));
    let did = |who, event: &Event, verdict| stepped_by(who, &state, event, &state, verdict);
    for event in [&claims, &start(1, 1)] {
        assert!(witnesses(3, &[did(1, event, Verdict::Done), died(1)]));
        assert!(witnesses(3, &[did(1, event, Verdict::Done), present(2, "rt-1"), died(1)]));
        assert!(!witnesses(3, &[did(1, event, Verdict::Done), present(1, "rt-1"), died(1)]));
        assert!(!witnesses(3, &[did(2, event, Verdict::Done), died(1)]));
        assert!(!witnesses(3, &[did(1, event, Verdict::Stale), died(1)]));
        assert!(!witnesses(3, &[did(1, event, Verdict::Done)]));
    }
    assert!(!witnesses(3, &[did(1, &Event::Purge, Verdict::Done), died(1)]));
}

#[test]
fn law_4_a_token_is_presented_by_one_and_not_after_its_successor_is_durable() {
    let succession = Fact::Succession { old: "rt-1".to_owned(), new: "rt-2".to_owned() };
    breaks(4, &[present(1, "rt-1"), present(2, "rt-1")], "two acts at a time");
    breaks(4, &[present(1, "rt-1"), presented(2, "rt-1"), present(2, "rt-1")], "two acts at a time");
    breaks(4, &[present(1, "rt-1"), presented(1, "rt-2"), present(2, "rt-1")], "two acts at a time");
    keeps(4, &[present(1, "rt-1"), present(2, "rt-2")]);
    keeps(4, &[present(1, "rt-1"), presented(1, "rt-1"), present(2, "rt-1")]);
    breaks(4, &[succession.clone(), durable(&login("rt-2")), present(1, "rt-1")], "its successor was durable");
    keeps(4, &[succession.clone(), present(1, "rt-1")]);
    keeps(4, &[succession.clone(), durable(&login("rt-1")), present(1, "rt-1")]);
    keeps(4, &[succession, durable(&login("rt-2")), present(1, "rt-2")]);
    keeps(4, &[durable(&login("rt-2")), present(1, "rt-1")]);
    let state = login("rt-1");
    let seen = |event: &Event, verdict| witnesses(4, &[stepped_by(1, &state, event, &state, verdict)]);
    let claims = Event::ClaimRotation(claim(&state, "a", 1, Cause::Asked));
    let claimed = after(&state, &at(1), std::slice::from_ref(&claims));
    let second = Event::ClaimRotation(claim(&state, "a", 2, Cause::Asked));
    keeps(4, &[stepped_by(1, &state, &claims, &claimed, Verdict::Done)]);
    breaks(4, &[stepped_by(2, &claimed, &second, &claimed, Verdict::Done)], "beside a claim");
    keeps(4, &[stepped_by(2, &claimed, &second, &claimed, Verdict::Joined(Nonce(1)))]);
    let died = after(&claimed, &at(1), &[Event::ActorGone { attempt: Nonce(1), sent: Sent::UNKNOWN }]);
    keeps(4, &[stepped_by(2, &died, &second, &claimed, Verdict::Done)]);
    assert!(seen(&claims, Verdict::Joined(Nonce(1))) && seen(&claims, Verdict::Stale));
    assert!(!seen(&claims, Verdict::Done) && !seen(&Event::Purge, Verdict::Stale));
}

#[test]
fn law_17_a_grant_goes_where_it_came_from_until_a_person_agrees() {
    let origins =
        |token: &str, revocation: &str| Origins { token: Origin::of(token), revocation: Origin::of(revocation) };
    let came = Fact::Came { token: "rt-1".to_owned(), from: origins("https://a.example", "https://b.example") };
    let sent = |token: &str, to: &str| Fact::Sent { token: token.to_owned(), to: Origin::of(to).unwrap() };
    let succession = Fact::Succession { old: "rt-1".to_owned(), new: "rt-2".to_owned() };
    let agreed = Fact::Agreed { to: origins("https://c.example", "https://d.example") };
    keeps(17, &[came.clone(), sent("rt-1", "https://a.example/x"), sent("rt-1", "https://b.example")]);
    breaks(
        17,
        &[came.clone(), sent("rt-1", "https://c.example")],
        "sent to https://c.example, where it doesn't come from",
    );
    breaks(17, &[came.clone(), sent("rt-1", "http://a.example")], "nobody had agreed");
    keeps(17, &[came.clone(), succession.clone(), sent("rt-2", "https://a.example")]);
    breaks(17, &[came.clone(), succession, sent("rt-2", "https://c.example")], "nobody had agreed");
    keeps(17, &[came.clone(), agreed.clone(), sent("rt-1", "https://c.example"), sent("rt-1", "https://d.example")]);
    breaks(17, &[came, sent("rt-1", "https://c.example"), agreed], "nobody had agreed");
    keeps(17, &[sent("rt-of-nowhere", "https://c.example")]);
    assert!(witnesses(17, &[Fact::Withheld { who: 1 }]) && !witnesses(17, &[sent("rt-1", "https://c.example")]));
}

#[test]
fn law_5_what_is_stored_is_what_the_issuer_takes_or_says_otherwise() {
    let rested = |state: &State, live: &[&str]| Fact::Rested {
        state: shared(state),
        live: live.iter().map(|token| (*token).to_owned()).collect(),
    };
    let settled = login("rt-1");
    let outcome = |outcome| after(&rotating("rt-1"), &at(0), &[settle("a", 1, outcome)]);
    let (doubtful, lost) =
        (outcome(Exchanged::Unknown), outcome(Exchanged::Rejected { code: "invalid_grant".to_owned() }));
    breaks(5, &[rested(&settled, &["rt-2"])], "settled and is dead");
    breaks(5, &[rested(&lost, &["rt-1"])], "lost and is the issuer's live one");
    keeps(5, &[rested(&settled, &["rt-2", "rt-1"]), rested(&lost, &["rt-2"])]);
    keeps(5, &[rested(&doubtful, &[]), rested(&doubtful, &["rt-1"]), rested(&rotating("rt-1"), &[])]);
    keeps(5, &[rested(&stored([named("a", key("key-1")), named("b", grant("at-1", None))]), &[])]);
    let settles = |who| stepped_by(who, &settled, &settle("a", 1, Exchanged::Unknown), &settled, Verdict::Done);
    assert!(witnesses(5, &[present(1, "rt-1"), died(1)]));
    assert!(witnesses(5, &[present(1, "rt-1"), settles(2), died(1)]));
    assert!(witnesses(
        5,
        &[present(1, "rt-1"), stepped_by(1, &settled, &Event::Purge, &settled, Verdict::Done), died(1)]
    ));
    assert!(!witnesses(5, &[present(1, "rt-1"), settles(1), died(1)]));
    for facts in [[present(1, "rt-1"), died(2)], [poll(1, 1), died(1)], [settles(2), died(1)]] {
        assert!(!witnesses(5, &facts));
    }
}

#[test]
fn law_4_what_a_copy_may_hold_is_claimed_by_nobody_and_stays_marked() {
    let marks = Event::MarkShared(MarkShared { why: Shared::Copied, counted: 0 });
    let marked = after(&login("rt-1"), &at(0), &[marks]);
    let claim = Event::ClaimRotation(claim(&marked, "a", 1, Cause::Asked));
    breaks(4, &[stepped(&marked, &claim, &rotating("rt-1"))], "that a copy may hold was claimed");
    let refused = Verdict::Refused(Refusal::Shared(Shared::Copied));
    keeps(4, &[stepped_by(1, &marked, &claim, &marked, refused)]);
    // Whoever stores it again, under its label or another, brings it with its mark.
    let put = |label: &str, refresh| Event::Put(named(label, grant("at-2", Some(refresh))));
    breaks(4, &[stepped(&marked, &put("a", "rt-1"), &login("rt-1"))], "lost its mark");
    let gone = after(&marked, &at(0), &[Event::Clear(Clear::Everything)]);
    breaks(4, &[stepped(&gone, &put("a", "rt-1"), &login("rt-1"))], "lost its mark");
    keeps(4, &[stepped(&marked, &put("a", "rt-2"), &login("rt-2"))]);
    keeps(4, &[stepped(&marked, &Event::AdoptCopy, &login("rt-1"))]);
    // A step that has nothing to do with it loses no mark either.
    breaks(4, &[stepped(&marked, &Event::Purge, &login("rt-1"))], "lost its mark");
}

#[test]
fn what_is_brought_back_is_no_commit_and_frees_no_token() {
    let new = Fact::Shown { who: 1, state: shared(&State { generation: 2, ..login("rt-2") }) };
    let old = Fact::Shown { who: 1, state: shared(&State { generation: 1, ..login("rt-1") }) };
    breaks(8, &[new.clone(), old.clone()], "generation 1 after 2");
    keeps(8, &[new.clone(), Fact::BroughtBack, old]);
    let succession = Fact::Succession { old: "rt-1".to_owned(), new: "rt-2".to_owned() };
    let facts = [succession, durable(&login("rt-2")), Fact::BroughtBack, present(1, "rt-1")];
    breaks(4, &facts, "although its successor was durable");
}
