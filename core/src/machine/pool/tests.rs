//! Which entry a pool gives, and what an answer makes of one.

mod rests;

use crate::machine::Verdict;
use crate::machine::purge::DEAD_KEPT_MS;
use crate::state::State;
use crate::state::extra::Extra;
use crate::state::health::FailureKind;
use crate::state::strategy::Strategy;
use crate::state::time::Stamp;
use std::collections::BTreeMap;

use super::*;
use crate::apply;
use crate::machine::Event;
use crate::machine::put::{Put, PutMode};
use crate::state::name::{Label, ProviderId};
use crate::state::secret::Secret;
use crate::state::time::Expiry;
use crate::state::{Custody, Entry, Grant, Lost, Material, Source};

const DAY_MS: u64 = 86_400_000;

fn acme() -> ProviderId {
    ProviderId::new("acme").unwrap()
}

fn at(ms: u64) -> Stamp {
    Stamp { wall_ms: 1_800_000_000_000 + ms, up_ms: 1_000 + ms, boot: 7 }
}

fn put(label: &str, source: Source) -> Event {
    Event::Put(Put {
        provider: acme(),
        label: Label::new(label).unwrap(),
        material: Material::ApiKey(Secret::try_from(format!("key-{label}")).unwrap()),
        source,
        how: PutMode::Named,
    })
}

fn after(state: &State, now: &Stamp, events: &[Event]) -> State {
    events.iter().fold(state.clone(), |state, event| apply(&state, now, event).state)
}

/// A pool of three keys, stored in this order.
fn three() -> State {
    after(&State::default(), &at(0), &["a", "b", "c"].map(|label| put(label, Source::Manual)))
}

fn entry<'a>(state: &'a State, label: &str) -> &'a Entry {
    state.entry("acme", label).unwrap()
}

fn answered(state: &State, label: &str, answer: FailureKind) -> Report {
    let (provider, label) = (acme(), entry(state, label).label.clone());
    let version = entry(state, label.as_str()).version;
    Report { provider, label, version, answer, rest_ms: None, model: None, dead: None }
}

fn chosen(state: &State, now: &Stamp, choice: &Choice<'_>) -> Result<String, Unusable> {
    let slot = state.slot("acme").unwrap();
    select(slot, now, choice).map(|at| slot.entries[at].label.to_string())
}

#[test]
fn one_that_is_wanted_by_its_label_is_chosen_or_nothing_is() {
    let state = three();
    let wants = |label| Choice { label: Some(label), ..Choice::default() };
    assert_eq!(chosen(&state, &at(0), &wants("b")), Ok("b".to_owned()));
    assert_eq!(chosen(&state, &at(0), &wants("d")), Err(Unusable::Empty));
    let rests = after(&state, &at(0), &[Event::Report(answered(&state, "b", FailureKind::Limited))]);
    let until = entry(&rests, "b").health.rest.unwrap().until;
    assert_eq!(chosen(&rests, &at(0), &wants("b")), Err(Unusable::Resting(until)));
    let both = after(
        &rests,
        &at(0),
        &[Event::Report(Report { dead: Some("x".to_owned()), ..answered(&state, "a", FailureKind::Unauthorized) })],
    );
    assert_eq!(chosen(&both, &at(0), &wants("a")), Err(Unusable::SignIn), "another's rest is no answer");
}

fn first(state: &State, now: &Stamp) -> Result<String, Unusable> {
    chosen(state, now, &Choice::default())
}

fn with(state: &State, strategy: Strategy) -> State {
    after(state, &at(0), &[Event::SetStrategy(SetStrategy { provider: acme(), strategy })])
}

#[test]
fn entries_stand_as_they_were_stored_whatever_source_they_come_from() {
    let sources = [Source::Env("ACME_API_KEY".to_owned()), Source::Manual, Source::Codex];
    let puts: Vec<_> = ["x", "y", "z"].into_iter().zip(sources).map(|(label, source)| put(label, source)).collect();
    let state = after(&State::default(), &at(0), &puts);
    assert_eq!(first(&state, &at(0)).unwrap(), "x");
    // The same label keeps its place, with another secret too.
    let replaced = Event::Put(Put {
        material: Material::ApiKey(Secret::try_from("another").unwrap()),
        ..match put("x", Source::Login) {
            Event::Put(put) => put,
            other => panic!("{other:?}"),
        }
    });
    let state = after(&state, &at(1), &[replaced]);
    let labels: Vec<_> = state.slot("acme").unwrap().entries.iter().map(|entry| entry.label.as_str()).collect();
    assert_eq!(labels, ["x", "y", "z"]);
}

#[test]
fn each_strategy_does_what_its_rule_says() {
    let state = three();
    let by_turns = |strategy, turns: std::ops::Range<u64>| -> Vec<String> {
        let state = with(&state, strategy);
        turns.map(|turn| chosen(&state, &at(0), &Choice { turn, ..Choice::default() }).unwrap()).collect()
    };
    assert_eq!(by_turns(Strategy::FillFirst, 0..3), ["a", "a", "a"]);
    assert_eq!(by_turns(Strategy::RoundRobin, 0..4), ["a", "b", "c", "a"]);
    let uses = BTreeMap::from([("a", 3), ("b", 1), ("c", 1)].map(|(label, uses)| (Label::new(label).unwrap(), uses)));
    let counted =
        after(&with(&state, Strategy::LeastUsed), &at(0), &[Event::CountUses(CountUses { provider: acme(), uses })]);
    assert_eq!(first(&counted, &at(0)).unwrap(), "b", "of equals the first");
    for strategy in Strategy::ALL {
        let written = format!("{strategy:?}");
        assert_eq!(strategy.as_str().replace('_', ""), written.to_lowercase());
        assert_eq!(
            strategy.is_steady(),
            by_turns(strategy, 0..9).windows(2).all(|pair| pair[0] == pair[1]),
            "{written}"
        );
    }
}

#[test]
fn a_constant_choice_is_the_choice_at_any_time_for_any_model_in_any_turn() {
    let fresh = three();
    let reported = |label, answer, model: Option<&str>| {
        let report = Report { model: model.map(str::to_owned), ..answered(&fresh, label, answer) };
        after(&fresh, &at(0), &[Event::Report(report)])
    };
    let lost = lost(login("a", Some("rt-1")));
    let alone = after(&State::default(), &at(0), &[put("a", Source::Manual)]);
    let constant = |state: &State| {
        let slot = state.slot("acme").unwrap();
        super::constant(slot).map(|place| slot.entries[place].label.to_string())
    };
    for (state, certain) in [
        (fresh.clone(), Some("a")),
        (reported("b", FailureKind::Limited, None), Some("a")),
        (login("a", Some("rt-1")), Some("a")),
        (login("a", None), None),
        (lost.clone(), Some("b")),
        (with(&lost, Strategy::RoundRobin), Some("b")),
        (reported("a", FailureKind::Limited, None), None),
        (reported("a", FailureKind::Limited, Some("big")), None),
        (with(&alone, Strategy::RoundRobin), Some("a")),
        (with(&alone, Strategy::LeastUsed), Some("a")),
        (with(&fresh, Strategy::RoundRobin), None),
        (with(&fresh, Strategy::Random), None),
        (with(&fresh, Strategy::LeastUsed), None),
    ] {
        assert_eq!(constant(&state).as_deref(), certain);
        let choices = [0, REST_LIMITED_MS, 1 << 50].into_iter().flat_map(|ms| {
            let of = move |(model, turn)| (ms, Choice { model, turn, ..Choice::default() });
            [(None, 0), (Some("big"), 1)].map(of)
        });
        for ((ms, choice), certain) in choices.filter_map(|choice| Some((choice, certain?))) {
            assert_eq!(chosen(&state, &at(ms), &choice).unwrap(), certain);
        }
    }
}

#[test]
fn by_chance_every_entry_comes_and_none_in_a_fixed_turn() {
    let state = with(&three(), Strategy::Random);
    let picks: Vec<_> =
        (0..300).map(|turn| chosen(&state, &at(0), &Choice { turn, ..Choice::default() }).unwrap()).collect();
    for label in ["a", "b", "c"] {
        let share = picks.iter().filter(|pick| *pick == label).count();
        assert!((60..=140).contains(&share), "{label} came {share} times of 300");
    }
    let again = picks.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(again > 50, "the same twice in a row only {again} times: these are turns");
}

#[test]
fn what_is_dead_stays_dead_with_its_reason_until_it_is_set_anew() {
    let state = three();
    let report = Report { dead: Some("token_revoked".to_owned()), ..answered(&state, "a", FailureKind::Unauthorized) };
    let state = after(&state, &at(0), &[Event::Report(report)]);
    assert!(
        matches!(entry(&state, "a").eligibility(&at(9), None), Eligibility::Dead(dead) if dead.reason == "token_revoked")
    );
    assert_eq!(first(&state, &at(REST_LIMITED_MS * 10)).unwrap(), "b");
    let state = after(&state, &at(9), &[put("a", Source::Manual)]);
    assert_eq!(first(&state, &at(9)).unwrap(), "a");
}

#[test]
fn a_dead_entry_is_forgotten_after_a_day_if_a_person_set_it() {
    let state = after(&three(), &at(0), &[put("l", Source::Login), put("e", Source::Env("ACME_API_KEY".to_owned()))]);
    let dead =
        |label| Report { dead: Some("token_revoked".to_owned()), ..answered(&state, label, FailureKind::Unauthorized) };
    let state = after(&state, &at(0), &["a", "l", "e"].map(|label| Event::Report(dead(label))));
    let left = |ms| -> Vec<String> {
        let state = after(&state, &at(ms), &[Event::Purge]);
        state.slot("acme").unwrap().entries.iter().map(|entry| entry.label.to_string()).collect()
    };
    assert_eq!(left(DAY_MS - 1), ["a", "b", "c", "l", "e"]);
    assert_eq!(left(DAY_MS), ["b", "c", "l", "e"]);
}

#[test]
fn where_nothing_can_be_used_the_answer_says_when_or_why() {
    let state = three();
    let limited =
        |state: &State, label, ms| Report { rest_ms: Some(ms), ..answered(state, label, FailureKind::Limited) };
    let all = after(
        &state,
        &at(0),
        &[("a", 300), ("b", 100), ("c", 200)].map(|(label, ms)| Event::Report(limited(&state, label, ms))),
    );
    assert_eq!(first(&all, &at(0)), Err(Unusable::Resting(at(0).plus_ms(100))));
    let dead = |label| Report { dead: Some("x".to_owned()), ..answered(&state, label, FailureKind::Other) };
    let none = after(&state, &at(0), &["a", "b", "c"].map(|label| Event::Report(dead(label))));
    assert_eq!(first(&none, &at(0)), Err(Unusable::SignIn));
    let empty = with(&State::default(), Strategy::Random);
    assert_eq!(first(&empty, &at(0)), Err(Unusable::Empty));
}

#[test]
fn the_figures_are_those_of_the_program_that_report_8040_is_about() {
    let figures_ms = [REST_UNAUTHORIZED_MS, REST_LIMITED_MS, REST_SOLE_MS, DEAD_KEPT_MS];
    assert_eq!(figures_ms, [300, 3_600, 60, 86_400].map(|secs| secs * 1_000));
}

#[test]
fn what_was_passed_over_for_a_request_is_not_chosen_for_it_again() {
    let state = three();
    let version = |label| entry(&state, label).version;
    let after = |passed: &[u64]| chosen(&state, &at(0), &Choice { passed, ..Choice::default() });
    assert_eq!(after(&[version("a")]).unwrap(), "b");
    assert_eq!(after(&[version("b"), version("a")]).unwrap(), "c");
    assert_eq!(after(&[version("a"), version("b"), version("c")]), Err(Unusable::SignIn));
    let rested = after_rest(&state, "c");
    let left = chosen(&rested, &at(0), &Choice { passed: &[version("a"), version("b")], ..Choice::default() });
    assert_eq!(left, Err(Unusable::Resting(at(0).plus_ms(100))), "it is worth a wait");
}

fn after_rest(state: &State, label: &str) -> State {
    let report = Report { rest_ms: Some(100), ..answered(state, label, FailureKind::Limited) };
    after(state, &at(0), &[Event::Report(report)])
}

/// A login whose token ends after a second, before a key.
fn login(label: &str, refresh: Option<&str>) -> State {
    let secret = |text: &str| Secret::try_from(text).unwrap();
    let grant = Grant {
        access: secret("at-1"),
        refresh: refresh.map(secret),
        expiry: Expiry::After(at(0).plus_ms(1000)),
        issued: at(0),
        scopes: Vec::new(),
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra: Extra::default(),
    };
    let Event::Put(key) = put(label, Source::Login) else { panic!("a put") };
    let login = Event::Put(Put { material: Material::Oauth(Box::new(grant)), ..key });
    after(&State::default(), &at(0), &[login, put("b", Source::Manual)])
}

fn lost(mut state: State) -> State {
    let slot = state.providers.get_mut(&acme()).unwrap();
    let Material::Oauth(grant) = &mut slot.entries[0].material else { panic!("a login") };
    grant.custody = Custody::Lost(Lost { at: at(0), code: "invalid_grant".to_owned(), after_doubt: false });
    state
}

#[test]
fn a_token_that_ended_is_chosen_only_if_something_renews_it() {
    let with = |refresh| login("a", refresh);
    let picks = |state: &State| [first(state, &at(999)).unwrap(), first(state, &at(1000)).unwrap()];
    assert_eq!(picks(&with(Some("rt-1"))), ["a", "a"]);
    assert_eq!(picks(&with(None)), ["a", "b"]);
    assert_eq!(entry(&with(None), "a").eligibility(&at(1000), None), Eligibility::Ended);
}

#[test]
fn limits_on_models_that_are_over_are_forgotten_and_others_stay() {
    let state = three();
    let limit = |state: &State, model: &str, ms, rest_ms| {
        let report = Report {
            model: Some(model.to_owned()),
            rest_ms: Some(rest_ms),
            ..answered(state, "a", FailureKind::Limited)
        };
        after(state, &at(ms), &[Event::Report(report)])
    };
    let state = limit(&limit(&state, "short", 0, 10), "long", 0, 100);
    let state = limit(&state, "new", 10, 100);
    assert_eq!(entry(&state, "a").health.models.keys().collect::<Vec<_>>(), ["long", "new"]);
}

#[test]
fn uses_are_added_up_and_none_is_no_news() {
    let state = three();
    let count = |state: &State, label: &str, uses| {
        let uses = BTreeMap::from([(Label::new(label).unwrap(), uses)]);
        apply(state, &at(0), &Event::CountUses(CountUses { provider: acme(), uses }))
    };
    let counted = count(&count(&state, "a", 2).state, "a", 3);
    assert_eq!((counted.verdict, entry(&counted.state, "a").health.uses), (Verdict::Done, 5));
    assert_eq!(entry(&counted.state, "b").health.uses, 0);
    assert_eq!(count(&state, "a", 0).verdict, Verdict::Nothing);
    assert_eq!(count(&state, "gone", 9).verdict, Verdict::Nothing);
    assert_eq!(count(&State::default(), "a", 9).verdict, Verdict::Stale);
}
