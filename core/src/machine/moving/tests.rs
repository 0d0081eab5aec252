use super::*;
use crate::machine::rotation::Cause;
use crate::machine::{Step, Verdict, apply};
use crate::sample::{acme, act, after, at, claim, grant, key, label, named, secret, stored};
use crate::state::mark::Recognised;

const ROUTE: Route<'static> = Route { from: "file:///a", to: "file:///b" };

fn step(state: &State, step: MoveStep) -> Step {
    apply(state, &at(0), &Event::Move(step))
}

fn set_aside_as(id: u128, state: &State) -> Step {
    let actor = act(id).actor;
    step(state, MoveStep::SetAside(SetAside { id: Nonce(id), to: ROUTE.to.to_owned(), actor }))
}

fn received(id: u128, source: &State, target: &State) -> Step {
    let (from, state) = (ROUTE.from.to_owned(), source.clone());
    step(target, MoveStep::Receive(Box::new(Arrival { id: Nonce(id), from, state })))
}

fn login() -> State {
    stored([named("default", grant("at-1", Some("rt-1"))), named("spare", key("key-1"))])
}

/// Both stores once a move is through.
fn moved(id: u128, source: &State, target: &State) -> [State; 2] {
    let (mut source, mut target, actor) = (source.clone(), target.clone(), act(id).actor);
    for _ in 0..10 {
        let next = next(&source, &target, ROUTE).by(&source, &actor, None, |_| Ok::<_, ()>(false)).unwrap();
        let Some((side, made)) = next.clone().step(&source, ROUTE, &actor, || Nonce(id)) else {
            assert_eq!(next, Next::Finished);
            return [source, target];
        };
        let at = if side == Side::Source { &mut source } else { &mut target };
        let done = step(at, made);
        assert_eq!(done.verdict, Verdict::Done, "{next:?}");
        *at = done.state;
    }
    panic!("it goes round");
}

#[test]
fn all_of_it_is_in_the_other_store_then_and_nothing_in_the_first() {
    let [source, target] = moved(9, &login(), &State::default());
    assert!(source.providers.values().all(|slot| slot.entries.is_empty()));
    let refresh = |state: &State| state.entry("acme", "default")?.material.refresh().cloned();
    assert_eq!(refresh(&target), Some(secret("rt-1")));
    assert_eq!(target.entry("acme", "spare").unwrap().material, key("key-1"));
    assert!(!target.is_shared());
    let claimed = Event::ClaimRotation(claim(&target, "default", 1, Cause::Asked));
    assert_eq!(apply(&target, &at(0), &claimed).verdict, Verdict::Done);
    // Who stores the same login in the first store again presents it nowhere.
    let again = after(&source, &at(0), &[Event::Put(named("default", grant("at-1", Some("rt-1"))))]);
    assert_eq!(again.shared_of(&secret("rt-1")), Some(Shared::Copied));
}

#[test]
fn what_went_comes_home_again() {
    let [source, target] = moved(9, &login(), &State::default());
    let before = source.last_version;
    let there = State { moving: None, ..target };
    let [empty, home] = moved(10, &there, &source);
    assert!(empty.providers.values().all(|slot| slot.entries.is_empty()));
    assert!(!home.is_shared(), "{:?}", home.tokens);
    let entry = home.entry("acme", "default").unwrap();
    assert!(entry.version > before, "a late report of what was here once doesn't hit it");
    assert!(
        home.slot("acme")
            .unwrap()
            .cleared
            .iter()
            .all(|tombstone| { home.seek(entry.fingerprint).recognised(&tombstone.mark) != Recognised::Yes })
    );
}

#[test]
fn what_is_set_aside_or_has_arrived_is_neither_presented_nor_changed() {
    let aside = set_aside_as(1, &login()).state;
    let arrived = received(1, &aside, &State::default()).state;
    for (state, stage, other) in [(&aside, Stage::SetAside, ROUTE.to), (&arrived, Stage::Arrived, ROUTE.from)] {
        let under_way = Refusal::Move(Obstacle::UnderWay { stage, other: other.to_owned() });
        for event in [
            Event::ClaimRotation(claim(state, "default", 1, Cause::Asked)),
            Event::Put(named("third", key("key-3"))),
            Event::Clear(Clear::Provider(acme())),
        ] {
            let refused = apply(state, &at(0), &event);
            assert_eq!((refused.verdict, &refused.state), (Verdict::Refused(under_way.clone()), state));
        }
        // A program that knows no moves minds this alone.
        assert_eq!(state.shared_of(&secret("rt-1")), Some(Shared::Copied));
    }
}

#[test]
fn who_takes_the_source_back_uses_it_and_the_target_forgets_what_arrived() {
    let aside = set_aside_as(1, &login()).state;
    let arrived = received(1, &aside, &State::default()).state;
    let back = apply(&aside, &at(0), &Event::AdoptCopy).state;
    assert!(back.moving.is_none() && !back.is_shared());
    assert_eq!(next(&back, &arrived, ROUTE), Next::Withdraw(Nonce(1)));
    let withdrawn = step(&arrived, MoveStep::Withdraw(Nonce(1))).state;
    assert!(is_vacant(&withdrawn) && withdrawn.moving.as_ref().unwrap().is(Nonce(1), Stage::Withdrawn));
    assert_eq!(next(&back, &withdrawn, ROUTE), Next::SetAside(None));
}

#[test]
fn what_has_arrived_can_be_forgotten_and_nothing_is_revoked() {
    let aside = set_aside_as(1, &login()).state;
    let arrived = received(1, &aside, &State::default()).state;
    let forgotten = apply(&arrived, &at(0), &Event::Clear(Clear::Everything));
    assert_eq!((forgotten.verdict, forgotten.effects.len()), (Verdict::Done, 0));
    assert!(is_vacant(&forgotten.state) && forgotten.state.moving.as_ref().unwrap().is(Nonce(1), Stage::Withdrawn));
    // It says that it never used it, so that it may come anew.
    assert_eq!(next(&aside, &forgotten.state, ROUTE), Next::Receive(Nonce(1)));
    assert_eq!(received(1, &aside, &forgotten.state).verdict, Verdict::Done);
    // What was handed over is sent by another name.
    let over = step(&aside, MoveStep::HandOver(Nonce(1))).state;
    assert_eq!(next(&over, &forgotten.state, ROUTE), Next::Recall(Nonce(1)));
    let (_, recall) = Next::Recall(Nonce(1)).step(&over, ROUTE, &act(1).actor, || Nonce(7)).unwrap();
    let recalled = step(&over, recall.clone()).state;
    assert!(recalled.moving.as_ref().unwrap().is(Nonce(7), Stage::SetAside));
    assert_eq!(step(&recalled, recall).verdict, Verdict::Stale);
    assert_eq!(received(7, &recalled, &forgotten.state).verdict, Verdict::Done);
}

fn handed_over() -> [State; 2] {
    let aside = set_aside_as(1, &login()).state;
    let arrived = received(1, &aside, &State::default()).state;
    assert_eq!(next(&aside, &arrived, ROUTE), Next::HandOver(Nonce(1)));
    [step(&aside, MoveStep::HandOver(Nonce(1))).state, arrived]
}

#[test]
fn what_was_handed_over_is_never_sent_again() {
    let [over, arrived] = handed_over();
    assert_eq!(next(&over, &arrived, ROUTE), Next::Activate(Nonce(1)));
    // Another directory stands there, or it moved on.
    let moved_on = State { moving: Some(begun(Nonce(2), Stage::Gone, "file:///c")), ..State::default() };
    for there in [State::default(), moved_on] {
        assert_eq!(next(&over, &there, ROUTE), Next::Stopped(Obstacle::HandedOver));
    }
    let active = step(&arrived, MoveStep::Activate(Nonce(1))).state;
    assert_eq!(next(&over, &active, ROUTE), Next::LetGo(Nonce(1)));
}

#[test]
fn what_was_handed_over_can_be_forgotten_and_nothing_is_revoked() {
    let [over, arrived] = handed_over();
    let cleared = apply(&over, &at(0), &Event::Clear(Clear::Everything));
    assert_eq!((cleared.verdict, cleared.effects.len()), (Verdict::Done, 0));
    assert!(is_vacant(&cleared.state) && cleared.state.moving.as_ref().unwrap().is(Nonce(1), Stage::Gone));
    let active = step(&arrived, MoveStep::Activate(Nonce(1))).state;
    assert_eq!(next(&cleared.state, &active, ROUTE), Next::Conclude(Nonce(1)));
}

#[test]
fn a_store_that_was_copied_or_rolled_back_meanwhile_goes_on_only_when_a_person_says_so() {
    let marks = Event::MarkShared(crate::machine::shared::MarkShared { why: Shared::RolledBack, counted: 0 });
    let marked = |state: &State| after(state, &at(0), std::slice::from_ref(&marks));
    let [over, arrived] = handed_over();
    let aside = set_aside_as(1, &login()).state;
    let stopped = Next::Stopped(Obstacle::TargetShared(Shared::RolledBack));
    assert_eq!(next(&over, &marked(&arrived), ROUTE), stopped);
    assert_eq!(next(&aside, &marked(&arrived), ROUTE), stopped);
    for there in [State::default(), arrived.clone()] {
        assert_eq!(next(&marked(&aside), &there, ROUTE), Next::Stopped(Obstacle::Shared(Shared::RolledBack)));
    }
    // A target that is used takes it from the source all the same.
    let active = step(&arrived, MoveStep::Activate(Nonce(1))).state;
    assert_eq!(next(&marked(&aside), &active, ROUTE), Next::LetGo(Nonce(1)));
    let adopted = after(&marked(&arrived), &at(0), &[Event::AdoptCopy]);
    assert_eq!(adopted.moving.as_ref().map(|moving| (moving.stage, moving.shared)), Some((Stage::Active, None)));
}

#[test]
fn only_who_set_it_aside_takes_it_back_by_itself() {
    let aside = set_aside_as(1, &login()).state;
    let other = step(&aside, MoveStep::TakeBack(Nonce(1), act(2).actor));
    assert_eq!((other.verdict, &other.state), (Verdict::Stale, &aside));
    let back = step(&aside, MoveStep::TakeBack(Nonce(1), act(1).actor)).state;
    assert!(back.moving.is_none() && !back.is_shared());
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_changes() {
    let obstacle = |state: &State| match set_aside_as(1, state).verdict {
        Verdict::Refused(Refusal::Move(why)) => why,
        other => panic!("{other:?}"),
    };
    let rotating = after(&login(), &at(0), &[Event::ClaimRotation(claim(&login(), "default", 1, Cause::Asked))]);
    assert_eq!(obstacle(&rotating), Obstacle::AtWork { pid: 1 });
    let gone = Event::ActorGone { attempt: Nonce(1), sent: crate::machine::Sent::UNKNOWN };
    let doubted = after(&rotating, &at(0), &[gone]);
    assert_eq!(obstacle(&doubted), Obstacle::InDoubt(acme(), label("default")));
    assert_eq!(obstacle(&State::default()), Obstacle::Empty);
    let marks = crate::machine::shared::MarkShared { why: Shared::RolledBack, counted: 0 };
    assert_eq!(obstacle(&after(&login(), &at(0), &[Event::MarkShared(marks)])), Obstacle::Shared(Shared::RolledBack));
    let aside = set_aside_as(1, &login()).state;
    let occupied = received(1, &aside, &stored([named("other", key("key-2"))]));
    assert_eq!(occupied.verdict, Verdict::Refused(Refusal::Move(Obstacle::Occupied)));
    assert_eq!(next(&aside, &aside, ROUTE), Next::Stopped(Obstacle::Same));
    let elsewhere = Route { to: "file:///c", ..ROUTE };
    let under_way = Obstacle::UnderWay { stage: Stage::SetAside, other: ROUTE.to.to_owned() };
    assert_eq!(next(&aside, &State::default(), elsewhere), Next::Stopped(under_way));
}

#[test]
fn a_step_that_comes_late_changes_nothing() {
    let [source, target] = moved(9, &login(), &State::default());
    for late in [MoveStep::Activate(Nonce(9)), MoveStep::Withdraw(Nonce(9)), MoveStep::Conclude(Nonce(9))] {
        let done = step(&target, late);
        assert_eq!((done.verdict, &done.state), (Verdict::Stale, &target));
    }
    assert_eq!(received(9, &login(), &target).verdict, Verdict::Stale);
    let late = step(&source, MoveStep::LetGo(Nonce(9), ROUTE.to.to_owned()));
    assert_eq!((late.verdict, &late.state), (Verdict::Stale, &source));
}

#[test]
fn what_an_older_version_stored_in_the_source_meanwhile_stays_there() {
    let mut aside = set_aside_as(1, &login()).state;
    let moving = aside.moving.take();
    let mut aside = after(&aside, &at(0), &[Event::Put(named("late", key("key-9")))]);
    aside.moving = moving;
    let let_go = step(&aside, MoveStep::LetGo(Nonce(1), ROUTE.to.to_owned())).state;
    let left: Vec<_> = let_go.slot("acme").unwrap().entries.iter().map(|entry| entry.label.as_str()).collect();
    assert_eq!(left, ["late"]);
}

#[test]
fn what_a_move_left_is_written_and_read_back() {
    let aside = set_aside_as(1, &login()).state;
    let text = serde_json::to_string(&aside).unwrap();
    assert!(
        text.contains(r#""moving":{"id":"#) && text.contains(r#""stage":"set_aside","other":"file:///b""#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<State>(&text).unwrap().moving, aside.moving);
}

#[test]
fn a_store_whose_move_was_cut_off_is_used_again_only_where_the_other_one_does_not_use_it() {
    let aside = set_aside_as(1, &login()).state;
    let [over, arrived] = handed_over();
    let active = step(&arrived, MoveStep::Activate(Nonce(1))).state;
    let withdrawn = step(&arrived, MoveStep::Withdraw(Nonce(1))).state;
    let gone = step(&over, MoveStep::LetGo(Nonce(1), ROUTE.to.to_owned())).state;
    let marks = Event::MarkShared(crate::machine::shared::MarkShared { why: Shared::Copied, counted: 0 });
    let marked = |state: &State| after(state, &at(0), std::slice::from_ref(&marks));
    // What another move left there, and a login that came by itself, say nothing of this one.
    let other = received(2, &set_aside_as(2, &login()).state, &State::default()).state;
    let next = |here: &State, there: Option<&State>| adoption(here, there, &act(1).actor);
    let refused = |why| Some(Adoption::Refused(why));
    let back = |stage| Some(Adoption::Last(MoveStep::Adopt(Nonce(1), stage, act(1).actor)));
    for there in
        [None, Some(&State::default()), Some(&arrived), Some(&marked(&arrived)), Some(&withdrawn), Some(&other)]
    {
        assert_eq!(next(&aside, there), back(Stage::SetAside), "what was not handed over nobody has used");
    }
    assert_eq!(next(&over, Some(&arrived)), Some(Adoption::There(MoveStep::Withdraw(Nonce(1)))));
    assert_eq!(next(&over, Some(&withdrawn)), back(Stage::HandedOver));
    for source in [&aside, &over] {
        assert_eq!(next(source, Some(&active)), refused(Answer::Used));
        assert_eq!(next(&marked(source), Some(&withdrawn)), refused(Answer::Unknown), "it is a copy");
    }
    for there in [&State::default(), &marked(&arrived), &marked(&withdrawn), &other, &login(), &gone] {
        assert_eq!(next(&over, Some(there)), refused(Answer::Unknown));
    }
    assert_eq!(next(&over, None), refused(Answer::Unread));
    assert_eq!(next(&arrived, Some(&aside)), Some(Adoption::There(MoveStep::HandOver(Nonce(1)))));
    for source in [&over, &gone] {
        assert_eq!(next(&arrived, Some(source)), Some(Adoption::Last(MoveStep::Activate(Nonce(1)))));
        assert_eq!(next(&marked(&arrived), Some(source)), refused(Answer::Unknown), "it is a copy");
    }
    assert_eq!(next(&arrived, Some(&login())), refused(Answer::Used), "it was taken back there");
    assert_eq!(next(&arrived, Some(&State::default())), refused(Answer::Unknown));
    assert_eq!(next(&arrived, None), refused(Answer::Unread));
    for through in [&login(), &active, &gone, &withdrawn] {
        assert_eq!(next(through, Some(&State::default())), None, "it waits for nothing");
    }
}

#[test]
fn what_a_program_that_knows_no_moves_was_told_to_use_is_used() {
    let aside = set_aside_as(1, &login()).state;
    let arrived = received(1, &aside, &State::default()).state;
    let as_before = |state: &State| {
        let adopted = apply(&State { moving: None, ..state.clone() }, &at(0), &Event::AdoptCopy).state;
        State { moving: state.moving.clone(), ..adopted }
    };
    let next = |here: &State, there: &State| adoption(here, Some(there), &act(1).actor);
    assert_eq!(next(&aside, &as_before(&arrived)), Some(Adoption::Refused(Answer::Used)));
    assert_eq!(next(&arrived, &as_before(&aside)), Some(Adoption::Refused(Answer::Used)));
}

#[test]
fn whoever_takes_the_source_back_does_it_in_the_place_of_who_moved_it() {
    let [over, arrived] = handed_over();
    let withdrawn = step(&arrived, MoveStep::Withdraw(Nonce(1))).state;
    let resume = MoveStep::Resume(Resume::of(over.moving.as_ref().unwrap(), &act(2).actor));
    for there in [&arrived, &withdrawn] {
        assert_eq!(adoption(&over, Some(there), &act(2).actor), Some(Adoption::Here(resume.clone())));
    }
    let other = step(&over, MoveStep::Adopt(Nonce(1), Stage::HandedOver, act(2).actor));
    assert_eq!((other.verdict, &other.state), (Verdict::Stale, &over));
    let resumed = step(&over, resume.clone()).state;
    assert_eq!(step(&resumed, resume).verdict, Verdict::Stale, "somebody else has gone on since");
    let late = step(&resumed, MoveStep::Adopt(Nonce(1), Stage::SetAside, act(2).actor));
    assert_eq!((late.verdict, &late.state), (Verdict::Stale, &resumed), "it was handed over meanwhile");
    let back = step(&resumed, MoveStep::Adopt(Nonce(1), Stage::HandedOver, act(2).actor)).state;
    assert!(back.moving.is_none() && !back.is_shared());
}
