use super::*;
use crate::machine::rotation::{Cause, ClaimRotation};
use crate::machine::{Effect, Event, Refusal};
use crate::sample::{acme, at, claim, grant, label, named, stored};
use crate::state::origin::{Origin, Origins, Reach};
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

/// A claim on a grant that remembers this, by a row that reaches so far.
fn claimed(remembered: Option<Origins>, reach: Reach) -> Step {
    let mut state = stored([named("a", grant("at-1", Some("rt-1")))]);
    let slot = state.providers.get_mut(&acme()).unwrap();
    slot.entry_mut("a").unwrap().grant_mut().unwrap().origins = remembered;
    let want = ClaimRotation { reach: Some(Box::new(reach)), ..claim(&state, "a", 1, Cause::Asked) };
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
