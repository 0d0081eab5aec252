//! What is planned, chosen, printed and remembered: laws 10, 12, 13 and 15.

use super::*;
use crate::machine::clear::{Clear, Remove};
use crate::machine::pool::SetStrategy;
use crate::machine::put::{Put, PutMode};
use crate::sample::{grant, link};
use crate::state::custody::{Custody, Lost};
use crate::state::health::{Dead, FailureKind, Rest};
use crate::state::name::ProviderId;
use crate::state::strategy::Strategy;
use crate::state::{Entry, MAX_TOMBSTONES, Material, Slot, Source, Tombstone};

#[test]
fn law_10_a_planned_environment_carries_nothing_of_another() {
    let planned = |provider: &str, value: &str, foreign: &str| {
        let provider = ProviderId::new(provider).unwrap();
        let environment = vec![("A".to_owned(), "mine".to_owned()), ("B".to_owned(), value.to_owned())];
        [Fact::Planned { provider, environment, foreign: vec!["x-1".to_owned(), foreign.to_owned()] }]
    };
    keeps(10, &planned("minimax", "key-1", "sk-ant-oat01-x"));
    breaks(10, &planned("minimax", "sk-ant-oat01-x", "sk-ant-oat01-x"), "B carries what isn't minimax's");
    breaks(10, &planned("minimax", "Bearer sk-ant-oat01-x", "sk-ant-oat01-x"), "B carries");
    assert!(witnesses(10, &planned("minimax", "key-1", "sk-ant-oat01-x")));
    assert!(!witnesses(10, &planned("openai", "key-1", "sk-ant-oat01-x")));
    assert!(!witnesses(10, &planned("minimax", "key-1", "sk-ant-api03-x")));
}

#[test]
fn law_12_what_rests_is_dead_lost_or_suspended_is_not_chosen() {
    let rest = |entry: &mut Entry| {
        entry.health.rest = Some(Rest { until: at(0).plus_ms(100), cause: FailureKind::Limited });
    };
    let dead = |entry: &mut Entry| entry.health.dead = Some(Dead { at: at(0), reason: String::new() });
    let lost = |entry: &mut Entry| {
        let lost = Lost { at: at(0), code: String::new(), after_doubt: false };
        entry.grant_mut().unwrap().custody = Custody::Lost(lost);
    };
    let suspended = |entry: &mut Entry| match &mut entry.material {
        Material::Link(link) => link.suspended = true,
        other => panic!("{other:?}"),
    };
    let pool = |material: Material, change: &dyn Fn(&mut Entry)| {
        let mut state = stored([named("a", material)]);
        change(&mut state.slot_mut(&acme()).entries[0]);
        state
    };
    let chosen = |state: &State, ms: u64, place: Option<usize>, told_when: bool| {
        [Fact::Chosen { now: at(ms), state: shared(state), provider: acme(), at: place, told_when }]
    };
    for good in [key("key-1"), grant("at-1", None), link("ann")] {
        let state = pool(good, &|_| {});
        keeps(12, &chosen(&state, 1, Some(0), false));
        keeps(12, &chosen(&state, 1, None, false));
        breaks(12, &chosen(&state, 1, Some(1), false), "was chosen");
    }
    let finished = [pool(key("key-1"), &dead), pool(grant("at-1", None), &lost), pool(link("ann"), &suspended)];
    for state in &finished {
        breaks(12, &chosen(state, 1, Some(0), false), "was chosen");
        keeps(12, &chosen(state, 1, None, false));
        let mut resting_too = state.clone();
        rest(&mut resting_too.slot_mut(&acme()).entries[0]);
        keeps(12, &chosen(&resting_too, 1, None, false));
    }
    let resting = pool(key("key-1"), &rest);
    breaks(12, &chosen(&resting, 99, Some(0), false), "was chosen");
    keeps(12, &chosen(&resting, 100, Some(0), false));
    breaks(12, &chosen(&resting, 99, None, false), "didn't say until when");
    keeps(12, &chosen(&resting, 99, None, true));
    assert!(witnesses(12, &chosen(&resting, 99, None, true)));
    assert!(!witnesses(12, &chosen(&resting, 99, None, false)) && !witnesses(12, &chosen(&resting, 99, Some(0), true)));
}

#[test]
fn law_13_no_text_holds_a_secret() {
    let printed = |text: &str, secrets: &[&str]| {
        let secrets = secrets.iter().map(|text| (*text).to_owned()).collect();
        [Fact::Printed { text: text.to_owned(), secrets }]
    };
    keeps(13, &printed("a key", &["key-1"]));
    breaks(13, &printed("it is key-1.", &["key-0", "key-1"]), "holds a secret");
    assert!(witnesses(13, &printed("", &["key-1"])) && !witnesses(13, &printed("key-1", &[])));
}

fn from(source: Source, put: Put) -> Put {
    Put { source, ..put }
}

fn bulk(put: Put) -> Event {
    Event::Put(Put { how: PutMode::Bulk, ..put })
}

#[test]
fn law_15_an_import_of_what_was_cleared_changes_nothing() {
    let cleared = |put: Put| after(&stored([put]), &at(0), &[Event::Clear(Clear::Everything)]);
    let one_key = cleared(from(Source::Codex, named("a", key("key-1"))));
    let one_link = cleared(from(Source::Codex, named("a", link("ann"))));
    for (state, put, is_cleared) in [
        (&one_key, from(Source::Manual, named("b", key("key-1"))), true),
        (&one_key, from(Source::Codex, named("b", key("key-2"))), false),
        (&one_key, from(Source::Codex, named("b", link("bob"))), true),
        (&one_key, from(Source::ClaudeCode, named("b", link("bob"))), false),
        (&one_link, from(Source::Codex, named("b", key("key-2"))), true),
        (&one_link, from(Source::ClaudeCode, named("b", key("key-2"))), false),
    ] {
        let facts = [stepped(state, &bulk(put.clone()), &touched(state))];
        if is_cleared {
            breaks(15, &facts, "a cleared secret of acme came back");
        } else {
            keeps(15, &facts);
        }
        assert_eq!(witnesses(15, &facts), is_cleared, "{put:?}");
        keeps(15, &[stepped(state, &bulk(put.clone()), state)]);
        let by_name = [stepped(state, &Event::Put(put), &touched(state))];
        keeps(15, &by_name);
        assert!(!witnesses(15, &by_name));
    }
    assert!(!witnesses(15, &[stepped(&State::default(), &bulk(named("a", key("key-1"))), &State::default())]));
}

fn changed(state: &State, change: impl FnOnce(&mut Slot)) -> State {
    let mut state = state.clone();
    change(state.slot_mut(&acme()));
    state
}

#[test]
fn law_15_what_is_cleared_has_its_tombstone_and_tombstones_stay() {
    let other = ProviderId::new("other").unwrap();
    let before = stored([from(Source::Codex, named("a", key("key-1"))), named("b", key("key-2"))]);
    let forgotten = changed(&before, |slot| slot.entries.clear());
    let remove = |provider: &ProviderId| Event::Remove(Remove { provider: provider.clone(), label: label("a") });
    let wishes = [Event::Clear(Clear::Everything), Event::Clear(Clear::Provider(acme())), remove(&acme())];
    for wish in &wishes {
        breaks(15, &[stepped(&before, wish, &forgotten)], "acme/a was cleared and is not remembered");
        keeps(15, &[stepped(&before, wish, &after(&before, &at(0), &[Event::Clear(Clear::Everything)]))]);
        keeps(15, &[stepped(&before, wish, &before)]);
    }
    for no_wish in [Event::Purge, Event::Clear(Clear::Provider(other.clone())), remove(&other)] {
        keeps(15, &[stepped(&before, &no_wish, &forgotten)]);
    }
    // A tombstone of another secret, or of another source, is another's.
    let cleared = after(&before, &at(0), &[Event::Clear(Clear::Everything)]);
    let mislabelled = changed(&cleared, |slot| slot.cleared[0].source = Source::ClaudeCode);
    let mistaken = changed(&cleared, |slot| slot.cleared[0].mark = crate::sample::print("key-9").into());
    for wrong in [&mislabelled, &mistaken] {
        breaks(15, &[stepped(&before, &wishes[0], wrong)], "is not remembered");
    }
    let opened = changed(&cleared, |slot| drop(slot.cleared.pop()));
    breaks(15, &[stepped(&cleared, &Event::Purge, &opened)], "acme forgot what was cleared");
    keeps(15, &[stepped(&cleared, &Event::Put(named("b", key("key-2"))), &opened)]);
    keeps(15, &[stepped(&cleared, &Event::Purge, &cleared)]);
    // Where there are as many as are kept, the oldest give way.
    let many = |count: usize| {
        changed(&cleared, |slot| {
            let one = slot.cleared[0].clone();
            let tombstone = |n| Tombstone { mark: crate::sample::print(&format!("{n}")).into(), ..one.clone() };
            slot.cleared = (0..count).map(tombstone).collect();
        })
    };
    keeps(15, &[stepped(&cleared, &Event::Purge, &many(MAX_TOMBSTONES))]);
    breaks(15, &[stepped(&cleared, &Event::Purge, &many(MAX_TOMBSTONES - 1))], "acme forgot what was cleared");
}

#[test]
fn law_12_in_a_pool_that_is_used_in_turn_a_request_is_one_turn() {
    let two = stored([named("a", key("key-1")), named("b", key("key-2"))]);
    let turns = SetStrategy { provider: acme(), strategy: Strategy::RoundRobin };
    let in_turn = after(&two, &at(0), &[Event::SetStrategy(turns)]);
    let draw_by = |who, state: &State, got: Option<&str>| {
        let began = Fact::DrawBegan { who, process: 1, provider: acme(), now: at(1), state: shared(state) };
        [began, Fact::DrawEnded { who, now: at(2), label: got.map(label) }]
    };
    let draw = |state: &State, got| draw_by(1, state, got);
    let says = "one after the other, got b";
    breaks(12, &[draw(&in_turn, Some("b")), draw(&in_turn, Some("b"))].concat(), says);
    keeps(12, &[draw(&in_turn, Some("b")), draw(&in_turn, Some("a"))].concat());
    keeps(12, &[draw(&two, Some("a")), draw(&two, Some("a"))].concat());
    // One got nothing between; there is no other; the pool was another; somebody else draws, or changes something.
    keeps(12, &[draw(&in_turn, Some("b")), draw(&in_turn, None), draw(&in_turn, Some("b"))].concat());
    let one = after(&in_turn, &at(0), &[Event::Remove(Remove { provider: acme(), label: label("a") })]);
    keeps(12, &[draw(&one, Some("b")), draw(&one, Some("b"))].concat());
    keeps(12, &[draw(&in_turn, Some("b")), draw(&one, Some("b"))].concat());
    keeps(12, &[draw(&in_turn, Some("b")), draw_by(2, &in_turn, Some("b"))].concat());
    let changed = [stepped_by(2, &in_turn, &Event::Purge, &one, Verdict::Done)];
    let (first, second) = (draw(&in_turn, Some("b")), draw(&in_turn, Some("b")));
    keeps(12, &[&first[..], &changed, &second].concat());
    let same = [stepped_by(2, &in_turn, &Event::Purge, &in_turn, Verdict::Nothing)];
    breaks(12, &[&first[..], &same, &second].concat(), says);
    // What has ended and can't be renewed is no turn that anybody waits for.
    let bare = after(&in_turn, &at(0), &[Event::Put(named("a", grant("at-1", None)))]);
    keeps(12, &[draw(&bare, Some("b")), draw(&bare, Some("b"))].concat());
}
