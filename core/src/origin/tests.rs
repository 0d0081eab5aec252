use super::*;
use crate::machine::{Effect, Event, Refusal};
use crate::rotation::Cause;
use crate::sample::{acme, at, claim, grant, label, named, stored};
use crate::{Step, apply};

fn origin(url: &str) -> Origin {
    Origin::of(url).unwrap()
}

fn origins(token: &str, revocation: &str) -> Origins {
    Origins { token: Origin::of(token), revocation: Origin::of(revocation) }
}

fn reach(token: &str, revocation: &str) -> Reach {
    let present = origins(token, revocation);
    Reach { usual: present.clone(), present, former: Vec::new(), ships: false, accepted: false }
}

const OLD: &str = "https://old.example/token";
const NEW: &str = "https://new.example/token";

#[test]
fn an_origin_is_scheme_host_and_port_in_one_spelling() {
    for (url, spelled) in [
        ("https://A.example/x?y", "https://a.example"),
        ("HTTPS://a.example:443", "https://a.example"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:5000/x", "http://[::1]:5000"),
    ] {
        assert_eq!(origin(url).as_str(), spelled);
        assert_eq!(origin(spelled), origin(url));
    }
    assert_eq!(Origin::of("not a url"), None);
    assert_ne!(origin("http://localhost"), origin("https://localhost"));
}

#[test]
fn every_combination_of_word_and_origin_is_judged_by_the_one_rule() {
    let places = [None, Origin::of(OLD), Origin::of(NEW)];
    for from in &places {
        for to in &places {
            for (ships, accepted, former) in
                [(false, false, false), (true, false, false), (true, false, true), (false, true, false)]
            {
                let reach = Reach {
                    present: Origins { token: to.clone(), revocation: None },
                    usual: Origins::default(),
                    former: if former { vec![origin(OLD)] } else { Vec::new() },
                    ships,
                    accepted,
                };
                let remembered = Origins { token: from.clone(), revocation: None };
                let sends_elsewhere = to.is_some() && from != to;
                let is_known = former && *from == Some(origin(OLD));
                let is_first = ships && from.is_none();
                let expected = !sends_elsewhere || accepted || is_known || is_first;
                assert_eq!(reach.admits_token(Some(&remembered)), expected, "{remembered:?} {reach:?}");
            }
        }
    }
}

#[test]
fn a_revocation_may_go_where_the_tokens_go_and_where_it_was_said_to_go() {
    let from = origins(OLD, "https://revoke.example");
    for (to, is_admitted) in [("https://revoke.example/x", true), (OLD, true), (NEW, false), ("", true)] {
        assert_eq!(reach(NEW, to).admits_revocation(Some(&from)), is_admitted, "{to}");
    }
}

/// A claim on a grant that remembers this, by a row that reaches so far.
fn claimed(remembered: Option<Origins>, reach: Reach) -> Step {
    let mut state = stored([named("a", grant("at-1", Some("rt-1")))]);
    let slot = state.providers.get_mut(&acme()).unwrap();
    slot.entry_mut("a").unwrap().grant_mut().unwrap().origins = remembered;
    let want = crate::rotation::ClaimRotation { reach: Some(Box::new(reach)), ..claim(&state, "a", 1, Cause::Asked) };
    apply(&state, &at(0), &Event::ClaimRotation(want))
}

fn remembered(step: &Step) -> Option<Origins> {
    step.state.entry("acme", "a").unwrap().grant().unwrap().origins.clone()
}

#[test]
fn a_refresh_token_is_not_presented_at_another_origin_until_a_person_says_so() {
    let from = origins(OLD, "");
    let refused = claimed(Some(from.clone()), reach(NEW, ""));
    assert_eq!(refused.verdict, Verdict::Refused(Refusal::Elsewhere(Origin::of(OLD))));
    assert!(refused.effects.is_empty());
    assert_eq!(remembered(&refused), Some(from.clone()));

    let accepted = claimed(Some(from.clone()), Reach { accepted: true, ..reach(NEW, "") });
    assert!(matches!(accepted.effects[..], [Effect::Refresh { .. }]));
    assert_eq!(remembered(&accepted), Some(origins(NEW, "")));

    let moved_house = Reach { ships: true, former: vec![origin(OLD)], ..reach(NEW, "") };
    assert_eq!(remembered(&claimed(Some(from), moved_house)), Some(origins(NEW, "")));
}

#[test]
fn a_revocation_endpoint_that_moved_alone_stops_no_rotation_and_is_not_remembered() {
    let from = origins(OLD, "https://revoke.example");
    let step = claimed(Some(from.clone()), reach(OLD, "https://evil.example/revoke"));
    assert_eq!(step.verdict, Verdict::Done);
    assert_eq!(remembered(&step), Some(from));
}

#[test]
fn a_grant_of_an_older_version_is_taken_to_come_from_the_row_that_ships() {
    let replaced = Reach { usual: origins(OLD, ""), ..reach(NEW, "") };
    assert_eq!(claimed(None, replaced).verdict, Verdict::Refused(Refusal::Elsewhere(Origin::of(OLD))));
    let step = claimed(None, reach(OLD, ""));
    assert_eq!((&step.verdict, remembered(&step)), (&Verdict::Done, Some(origins(OLD, ""))));
}

#[test]
fn where_a_grant_came_from_is_written_once() {
    let state = stored([named("a", grant("at-1", Some("rt-1")))]);
    let version = state.entry("acme", "a").unwrap().version;
    let event = |token: &str, version| {
        let origins = origins(token, "");
        Event::NameOrigins(NameOrigins { provider: acme(), label: label("a"), version, origins })
    };
    assert_eq!(apply(&state, &at(0), &event(OLD, version + 1)).verdict, Verdict::Stale);
    let named = apply(&state, &at(0), &event(OLD, version));
    assert_eq!((&named.verdict, remembered(&named)), (&Verdict::Done, Some(origins(OLD, ""))));
    let again = apply(&named.state, &at(0), &event(NEW, version));
    assert_eq!((&again.verdict, remembered(&again)), (&Verdict::Stale, Some(origins(OLD, ""))));
}
