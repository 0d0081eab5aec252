//! The figures of a pool: who rests for how long, who is dead, who is forgotten, and who is next. The figures are those of
//! report 8040's program.

use std::collections::BTreeMap;

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{Answer, Choice, CountUses, Report, SetStrategy, Strategy, Unusable, select};
use credlatch_core::put::{How, Put};
use credlatch_core::secret::{Fingerprint, Secret};
use credlatch_core::state::{Material, Slot, Source, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Verdict, apply};

const SECOND_MS: u64 = 1_000;
const NOW: Stamp = Stamp { wall_ms: 1_767_225_600_000, up_ms: 1_000_000, boot: 1 };

fn acme() -> ProviderId {
    ProviderId::try_from("acme".to_owned()).unwrap()
}

fn label(text: &str) -> Label {
    Label::try_from(text.to_owned()).unwrap()
}

fn later(ms: u64) -> Stamp {
    Stamp { wall_ms: NOW.wall_ms + ms, up_ms: NOW.up_ms + ms, boot: 1 }
}

fn at(state: &State, now: &Stamp, event: &Event) -> State {
    apply(state, now, event).state
}

/// A pool of keys by these labels.
fn pool(labels: &[&str]) -> State {
    labels.iter().zip(1..).fold(State::default(), |state, (text, number)| {
        let put = Put {
            provider: acme(),
            label: label(text),
            material: Material::ApiKey(Secret::try_from(format!("sk-{text}")).unwrap()),
            source: Source::Manual,
            fingerprint: Fingerprint([number; 8]),
            how: How::Named,
        };
        at(&state, &NOW, &Event::Put(put))
    })
}

fn report(state: &State, of: &str, answer: Answer) -> Report {
    let version = state.entry("acme", of).unwrap().version;
    Report { provider: acme(), label: label(of), version, answer, rest_ms: None, model: None, dead: None }
}

fn slot(state: &State) -> &Slot {
    state.slot("acme").unwrap()
}

fn chosen(state: &State, now: &Stamp, choice: &Choice<'_>) -> Option<String> {
    let at = select(slot(state), now, choice).ok()?;
    Some(slot(state).entries[at].label.to_string())
}

fn first(state: &State, now: &Stamp) -> Option<String> {
    chosen(state, now, &Choice { model: None, turn: 0 })
}

/// How long the first of a pool rests after this report.
fn rests_ms(labels: &[&str], change: impl Fn(Report) -> Report, answer: Answer) -> u64 {
    let state = pool(labels);
    let told = change(report(&state, labels[0], answer));
    let state = at(&state, &NOW, &Event::Report(told));
    let rest = state.entry("acme", labels[0]).unwrap().health.rest.unwrap();
    assert!(!rest.until.is_reached(&later(rest.until.left_ms(&NOW) - 1)), "not before");
    rest.until.left_ms(&NOW)
}

#[test]
fn each_cause_has_its_rest() {
    let two = ["a", "b"];
    assert_eq!(rests_ms(&two, |report| report, Answer::Unauthorized), 300 * SECOND_MS);
    assert_eq!(rests_ms(&two, |report| report, Answer::Limited), 3_600 * SECOND_MS);
    assert_eq!(rests_ms(&two, |report| report, Answer::Other), 3_600 * SECOND_MS);
    assert_eq!(rests_ms(&two, |report| report, Answer::Billing), 3_600 * SECOND_MS);
}

#[test]
fn failure_25_the_only_key_rests_a_minute_and_not_an_hour() {
    for answer in [Answer::Unauthorized, Answer::Limited, Answer::Other] {
        assert_eq!(rests_ms(&["only"], |report| report, answer), 60 * SECOND_MS);
    }
    assert_eq!(rests_ms(&["only"], |report| report, Answer::Billing), 3_600 * SECOND_MS, "waiting pays no bill");
}

#[test]
fn the_only_living_key_counts_as_the_only_one() {
    let state = pool(&["dead", "living"]);
    let dead = Report { dead: Some("token_revoked".to_owned()), ..report(&state, "dead", Answer::Unauthorized) };
    let state = at(&state, &NOW, &Event::Report(dead));
    let state = at(&state, &NOW, &Event::Report(report(&state, "living", Answer::Limited)));
    let rest = state.entry("acme", "living").unwrap().health.rest.unwrap();
    assert_eq!(rest.until.left_ms(&NOW), 60 * SECOND_MS);
}

#[test]
fn a_time_that_the_provider_gives_comes_before_all() {
    for labels in [&["only"][..], &["a", "b"]] {
        for answer in [Answer::Unauthorized, Answer::Limited, Answer::Billing, Answer::Other] {
            assert_eq!(rests_ms(labels, |report| Report { rest_ms: Some(7_000), ..report }, answer), 7_000);
        }
    }
}

#[test]
fn failure_24_what_failed_is_not_handed_out_and_the_next_is() {
    let state = pool(&["a", "b"]);
    assert_eq!(first(&state, &NOW).as_deref(), Some("a"));
    let state = at(&state, &NOW, &Event::Report(report(&state, "a", Answer::Limited)));
    assert_eq!(first(&state, &NOW).as_deref(), Some("b"));
    let state = at(&state, &NOW, &Event::Report(report(&state, "b", Answer::Unauthorized)));
    let Err(Unusable::Resting(until)) = select(slot(&state), &NOW, &Choice { model: None, turn: 0 }) else {
        panic!("all rest")
    };
    assert!(until.left_ms(&NOW) > 0, "the answer says when");
    assert_eq!(first(&state, &later(3_600 * SECOND_MS)).as_deref(), Some("a"), "rest ends");
}

#[test]
fn a_limit_on_one_model_rests_that_model_alone() {
    let state = pool(&["a", "b"]);
    let limited = Report { model: Some("large".to_owned()), ..report(&state, "a", Answer::Limited) };
    let state = at(&state, &NOW, &Event::Report(limited));
    let of = |model| chosen(&state, &NOW, &Choice { model, turn: 0 });
    assert_eq!(of(Some("large")).as_deref(), Some("b"));
    assert_eq!(of(Some("small")).as_deref(), Some("a"));
    assert_eq!(of(None).as_deref(), Some("a"));
}

#[test]
fn a_dead_key_is_forgotten_after_a_day_and_a_new_one_is_forgiven() {
    let state = pool(&["a", "b"]);
    let dead = Report { dead: Some("invalid_token".to_owned()), ..report(&state, "a", Answer::Unauthorized) };
    let state = at(&state, &NOW, &Event::Report(dead));
    assert_eq!(first(&state, &later(10_000_000)).as_deref(), Some("b"), "no rest helps the dead");
    let day = 86_400 * SECOND_MS;
    assert_eq!(slot(&at(&state, &later(day - 1), &Event::Purge)).entries.len(), 2);
    assert_eq!(slot(&at(&state, &later(day), &Event::Purge)).entries.len(), 1);
    let again = pool(&["a"]).providers.remove("acme").unwrap().entries.remove(0);
    let put = Put {
        provider: acme(),
        label: again.label,
        material: again.material,
        source: again.source,
        fingerprint: again.fingerprint,
        how: How::Named,
    };
    assert_eq!(first(&at(&state, &NOW, &Event::Put(put)), &NOW).as_deref(), Some("a"), "setting it again forgives");
}

#[test]
fn each_strategy_chooses_as_its_name_says() {
    let state = pool(&["a", "b", "c"]);
    let with = |strategy| at(&state, &NOW, &Event::SetStrategy(SetStrategy { provider: acme(), strategy }));
    let turns = |state: &State, turns: std::ops::Range<u64>| -> Vec<String> {
        turns.filter_map(|turn| chosen(state, &NOW, &Choice { model: None, turn })).collect()
    };
    assert_eq!(turns(&with(Strategy::FillFirst), 0..3), ["a", "a", "a"]);
    assert_eq!(turns(&with(Strategy::RoundRobin), 0..4), ["a", "b", "c", "a"]);
    let random: std::collections::BTreeSet<_> = turns(&with(Strategy::Random), 0..64).into_iter().collect();
    assert_eq!(random.len(), 3, "each is drawn now and then");
    let uses = BTreeMap::from([(label("a"), 3), (label("b"), 1), (label("c"), 2)]);
    let counted = at(&with(Strategy::LeastUsed), &NOW, &Event::CountUses(CountUses { provider: acme(), uses }));
    assert_eq!(first(&counted, &NOW).as_deref(), Some("b"));
}

#[test]
fn a_report_of_an_older_version_rests_nobody() {
    let state = pool(&["a"]);
    let old = report(&state, "a", Answer::Limited);
    let state = at(&pool(&["a"]), &NOW, &Event::Report(Report { version: old.version + 1, ..old.clone() }));
    assert!(slot(&state).entries[0].health.is_clean());
    assert_eq!(apply(&state, &NOW, &Event::Report(Report { version: 0, ..old })).verdict, Verdict::Stale);
}
