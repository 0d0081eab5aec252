//! What an act leaves beside its sign of life, and what whoever has the store's lock makes of it.

use super::*;
use crate::machine::Verdict;
use crate::machine::clear::Remove;
use crate::machine::flow::{Start, Step as OfFlow, Succeeded};
use crate::machine::put::{Put, PutMode};
use crate::machine::rotation::Cause;
use crate::machine::rotation::tests::{claimed, custody, lasting, settled};
use crate::machine::shared::MarkShared;
use crate::sample::{acme, act, after, at, entry, fresh, grant, label, named, secret, settle, step};
use crate::state::flow::FlowKind;
use crate::state::shared::Shared;
use crate::state::{Actor, Custody, Doubt, DoubtCause, Source};

fn answer(attempt: u128, received_ms: u64) -> Answer {
    let (provider, received, fresh) = (acme(), at(received_ms), fresh("at-2", Some("rt-2")));
    Answer { attempt: Nonce(attempt), provider, label: Some(label("a")), received, fresh, origins: None }
}

fn gone(state: &State, attempt: u128, sent: Sent) -> State {
    let step = step(state, &at(50), &Event::ActorGone { attempt: Nonce(attempt), sent });
    assert_eq!(step.verdict, Verdict::Done);
    step.state
}

fn put_back(state: &State) -> State {
    after(state, &at(60), &[Event::Put(Put { how: PutMode::Named, ..named("b", grant("at-1", Some("rt-1"))) })])
}

fn removed(state: &State) -> State {
    after(state, &at(20), &[Event::Remove(Remove { provider: acme(), label: label("a") })])
}

#[test]
fn an_answer_settles_the_rotation_that_it_is_of_and_the_lifetime_counts_from_when_it_came() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    let event = answer(1, 20).settles(&state, &at(600_020));
    let left = Fresh { expires_in_ms: Some(3_000_000), ..fresh("at-2", Some("rt-2")) };
    assert_eq!(event, settle("a", 1, Exchanged::Granted(left)));
    let done = step(&state, &at(600_020), &event);
    assert_eq!((done.verdict, custody(&done.state)), (Verdict::Done, &Custody::Settled));
    assert_eq!(entry(&done.state, "a").grant().unwrap().expiry.left_ms(&at(600_020)), 3_000_000);
    // It is settled once, whoever comes with it again, and a token that has ended meanwhile has.
    assert_eq!(step(&done.state, &at(600_030), &event).verdict, Verdict::Nothing);
    let late = step(&state, &at(9_000_000), &answer(1, 20).settles(&state, &at(9_000_000))).state;
    assert_eq!(entry(&late, "a").grant().unwrap().expiry.left_ms(&at(9_000_000)), 0);
}

#[test]
fn an_answer_ends_the_login_whose_holder_it_is_of_and_no_other() {
    let start = Start { provider: acme(), label: label("b"), flow: Nonce(5), kind: FlowKind::Device, act: act(2) };
    let state = after(&lasting(3_600_000), &at(0), &[Event::StartFlow(start)]);
    let of_login = |attempt| Answer { label: None, ..answer(attempt, 20) };
    let event = of_login(2).settles(&state, &at(30));
    let step_of = OfFlow { provider: acme(), flow: Nonce(5), attempt: Nonce(2) };
    let aged = Fresh { expires_in_ms: Some(3_600_000 - 10), ..fresh("at-2", Some("rt-2")) };
    let material = Material::Oauth(Box::new(aged.grant(&at(30))));
    assert_eq!(event, Event::FlowSucceeded(Succeeded { step: step_of, material, source: Source::Login, came: at(20) }));
    assert_eq!(entry(&after(&state, &at(30), &[event]), "b").secret(), Some(&secret("at-2")));
    // The flow has another holder by now, or has ended: nothing is stored.
    let late = of_login(9).settles(&state, &at(30));
    assert_eq!(step(&state, &at(30), &late).verdict, Verdict::Stale);
}

#[test]
fn only_a_note_that_its_actor_would_have_written_in_this_boot_is_missed() {
    let claim = |notes, at| Claim { attempt: Nonce(1), actor: Actor { notes, ..act(1).actor }, at, doubt: None };
    let other_boot = Stamp { boot: 8, ..at(40) };
    let unknown_boot = Stamp { boot: 0, ..at(40) };
    for (left, notes, now, proves) in [
        (Left::NoNote, true, at(40), true),
        (Left::NoNote, false, at(40), false),
        (Left::NoNote, true, other_boot, false),
        (Left::NoNote, true, unknown_boot, false),
        (Left::MaybeSent { noted: None }, true, at(40), false),
        (Left::MaybeSent { noted: Some(at(30)) }, true, at(40), false),
        (Left::Going, true, at(40), false),
        (Left::Answer(Box::new(answer(1, 30))), true, at(40), false),
    ] {
        let claim = claim(notes, at(10));
        assert_eq!(left.proves_nothing_sent(&claim, &now), proves, "{left:?} {notes} {now:?}");
        let inherited = left.clone().inherited(&State::default(), &claim, &now);
        let sent = match (proves, &left) {
            (true, _) => Some(Sent::Nothing),
            (false, Left::MaybeSent { noted }) => Some(Sent::Maybe { noted: *noted }),
            (false, Left::NoNote) => Some(Sent::UNKNOWN),
            (false, Left::Going | Left::Answer(_)) => None,
        };
        match sent {
            Some(sent) => assert_eq!(inherited, Some(Event::ActorGone { attempt: Nonce(1), sent })),
            None => assert_eq!(inherited.is_some(), left != Left::Going),
        }
    }
}

#[test]
fn an_act_that_sent_nothing_leaves_its_token_as_it_found_it() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    assert_eq!(custody(&gone(&state, 1, Sent::Nothing)), &Custody::Settled);
    let noted = gone(&state, 1, Sent::Maybe { noted: Some(at(12)) });
    let doubt = Doubt { attempt: Nonce(1), claimed: at(10), noted: Some(at(12)), why: DoubtCause::ActorDied };
    assert_eq!(custody(&noted), &Custody::InDoubt(doubt.clone()));
    // What it set out to resolve is as open as before.
    let second = claimed(&noted, 60_000, 2, Cause::Challenged);
    assert_eq!(custody(&gone(&second, 2, Sent::Nothing)), &Custody::InDoubt(doubt));
    // Whoever was taken for one that had sent nothing settles nothing any more, unless it is a grant that nobody wants.
    let state = gone(&state, 1, Sent::Nothing);
    assert_eq!(settled(&state, 70, 1, Exchanged::Unknown).verdict, Verdict::Stale);
}

#[test]
fn the_same_of_a_token_that_no_entry_holds_any_more() {
    let state = removed(&claimed(&lasting(3_600_000), 10, 1, Cause::Asked));
    assert!(matches!(put_back(&state).entry("acme", "b").unwrap().grant().unwrap().custody, Custody::Rotating(_)));
    let free = gone(&state, 1, Sent::Nothing);
    assert_eq!(free.tokens, Vec::new(), "nothing stands against it");
    assert_eq!(entry(&put_back(&free), "b").grant().unwrap().custody, Custody::Settled);
    let doubted = put_back(&gone(&state, 1, Sent::Maybe { noted: Some(at(12)) }));
    let custody_of = &entry(&doubted, "b").grant().unwrap().custody;
    assert!(matches!(custody_of, Custody::InDoubt(doubt) if doubt.noted == Some(at(12))), "{custody_of:?}");
    // A doubt that it set out to resolve stands again, and so does the mark of a copy.
    let first = gone(&claimed(&lasting(3_600_000), 10, 1, Cause::Asked), 1, Sent::UNKNOWN);
    let again = gone(&removed(&claimed(&first, 60_000, 2, Cause::Challenged)), 2, Sent::Nothing);
    let again = put_back(&again);
    let custody_of = &entry(&again, "b").grant().unwrap().custody;
    assert!(matches!(custody_of, Custody::InDoubt(doubt) if doubt.attempt == Nonce(1)), "{custody_of:?}");
    let marks = Event::MarkShared(MarkShared { why: Shared::Copied, counted: 0 });
    let marked = gone(&after(&state, &at(30), &[marks]), 1, Sent::Nothing);
    assert_eq!(put_back(&marked).shared_of(&secret("rt-1")), Some(Shared::Copied));
}
