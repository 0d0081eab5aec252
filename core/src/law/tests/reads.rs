//! What readers and disks show: laws 1, 7, 8 and 16.

use super::*;
use crate::machine::clear::Clear;

fn shown(who: Who, state: &State) -> Fact {
    Fact::Shown { who, state: shared(state) }
}

fn read(who: Who, saw: &State) -> Fact {
    Fact::ReadEnded { who, saw: shared(saw) }
}

fn generation(state: &State, generation: u64) -> State {
    State { generation, ..state.clone() }
}

/// Of acme, the entries with these labels.
fn only(state: &State, labels: &[&str]) -> State {
    let mut state = state.clone();
    state.slot_mut(&acme()).entries.retain(|entry| labels.contains(&entry.label.as_str()));
    state
}

#[test]
fn law_1_all_of_what_a_clear_removes_is_seen_or_none() {
    let there = generation(&stored(["a", "b", "c"].map(|name| named(name, key(&format!("key-{name}"))))), 1);
    let began = Fact::ClearBegan { who: 1, provider: acme() };
    let ended = Fact::ClearEnded { who: 1 };
    let clears =
        |before: &State, after: &State| stepped_by(1, before, &Event::Clear(Clear::Everything), after, Verdict::Done);
    // A clear of a and b; c was gone before.
    let before = only(&there, &["a", "b"]);
    let none = generation(&only(&there, &[]), 3);
    let seen = |labels: &[&str], at| read(2, &generation(&only(&there, labels), at));
    let clear = [began.clone(), clears(&before, &none), shown(1, &none), ended.clone()];
    let with = |facts: &[Fact], more: Fact| facts.iter().cloned().chain([more]).collect::<Vec<_>>();
    breaks(1, &with(&clear, seen(&["a"], 3)), "without");
    breaks(1, &with(&clear, seen(&["b", "c"], 4)), "without");
    for (labels, at) in [(&[][..], 3), (&["a", "b"], 3), (&["a"], 2), (&["c"], 3)] {
        keeps(1, &with(&clear, seen(labels, at)));
    }
    // It doesn't matter that the clear is over, or not, by the time of the read; one that showed nothing removed nothing.
    breaks(1, &with(&clear[..3], seen(&["a"], 3)), "without");
    keeps(1, &with(&clear[..2], seen(&["a"], 3)));
    // A neighbour's removal during the clear is no part of it, and what a neighbour shows isn't what the clear removes.
    let removal = stepped_by(2, &there, &Event::Purge, &before, Verdict::Done);
    let beside = [began.clone(), removal, clears(&before, &none), shown(1, &none), ended.clone()];
    keeps(1, &with(&beside, seen(&["a", "b"], 3)));
    breaks(1, &with(&beside, seen(&["a"], 3)), "without");
    let other = shown(2, &generation(&there, 2));
    let between = [began.clone(), clears(&before, &none), other, shown(1, &none), ended.clone()];
    keeps(1, &with(&between, seen(&["a"], 2)));
    // What the clearing call wrote before, as part of something else, isn't the clear's first write.
    let earlier = [began, shown(1, &generation(&before, 2)), clears(&before, &none), shown(1, &none), ended];
    keeps(1, &with(&earlier, seen(&["a"], 2)));
}

#[test]
fn law_1_a_drain_tells_the_truth() {
    let held = |process, version, holds| Fact::Held { who: 1, process, version, holds };
    let drained = Fact::Drained { process: 1, versions: vec![7, 8] };
    let facts = |before: &[Fact], after: &[Fact]| [before, std::slice::from_ref(&drained), after].concat();
    keeps(1, &facts(&[held(1, 8, true), held(1, 8, false)], &[]));
    keeps(1, &facts(&[held(2, 8, true), held(1, 9, true)], &[held(2, 7, true), held(1, 9, true)]));
    breaks(1, &facts(&[held(1, 8, true)], &[]), "version 8 was still held");
    breaks(1, &facts(&[held(1, 8, true), held(1, 8, true), held(1, 8, false)], &[]), "version 8 was still held");
    breaks(1, &facts(&[], &[held(1, 7, true)]), "version 7 was handed out after its drain");
}

#[test]
fn law_1_is_witnessed_where_a_read_and_a_clear_overlap() {
    let clear = Fact::ClearBegan { who: 1, provider: acme() };
    let cleared = Fact::ClearEnded { who: 1 };
    let (reads, saw) = (Fact::ReadBegan { who: 2 }, read(2, &State::default()));
    let (refused, died) = (Fact::Refused { who: 2 }, |who| Fact::Died { who });
    assert!(witnesses(1, &[clear.clone(), reads.clone()]));
    assert!(witnesses(1, &[reads.clone(), clear.clone()]));
    for facts in [
        vec![clear.clone(), cleared, reads.clone()],
        vec![clear.clone(), died(1), reads.clone()],
        vec![reads.clone(), saw, clear.clone()],
        vec![reads.clone(), refused, clear.clone()],
        vec![reads.clone(), died(2), clear.clone()],
        vec![clear],
        vec![reads],
    ] {
        assert!(!witnesses(1, &facts), "{facts:?}");
    }
}

#[test]
fn law_7_readers_see_what_was_committed_and_never_go_back() {
    let one = generation(&stored([named("a", key("key-1"))]), 1);
    let two = generation(&stored([named("a", key("key-2"))]), 2);
    let began = |who| Fact::ReadBegan { who };
    let returned = |generation| Fact::Returned { who: 9, generation };
    let both = [shown(9, &one), shown(9, &two)];
    let then = |more: &[Fact]| [&both[..], more].concat();
    keeps(7, &then(&[began(1), read(1, &one), began(1), read(1, &one), began(1), read(1, &two)]));
    keeps(7, &[began(1), read(1, &State::default())]);
    breaks(7, &then(&[read(1, &generation(&one, 2))]), "never committed");
    breaks(7, &then(&[read(1, &two), read(1, &one)]), "generation 1 after generation 2");
    keeps(7, &then(&[read(1, &two), read(2, &one)]));
    breaks(7, &then(&[returned(2), returned(1), began(1), read(1, &one)]), "generation 1 after generation 2");
    keeps(7, &then(&[began(1), returned(2), read(1, &one)]));
    keeps(7, &then(&[began(1), returned(2), began(2), read(1, &one)]));
    breaks(7, &then(&[returned(2), read(1, &one)]), "generation 1 after generation 2");
    // Who has seen more than was returned doesn't go back to it.
    breaks(7, &then(&[returned(1), read(1, &two), began(1), read(1, &one)]), "generation 1 after generation 2");
    assert!(witnesses(7, &[read(1, &one), read(1, &two)]));
    assert!(!witnesses(7, &[read(1, &one), read(2, &two)]) && !witnesses(7, &[read(1, &one), read(1, &one)]));
}

#[test]
fn law_8_a_pass_is_one_write_and_disks_only_go_forward() {
    let state = |n| generation(&State::default(), n);
    let (begins, ends) = (|pass| Fact::PassBegan { who: 1, pass }, Fact::PassEnded { who: 1 });
    breaks(8, &[begins(2), shown(1, &state(1)), shown(1, &state(2))], "more than one write");
    keeps(8, &[begins(2), shown(1, &state(1)), shown(2, &state(2))]);
    keeps(8, &[begins(2), shown(1, &state(1)), ends.clone(), shown(1, &state(2))]);
    keeps(8, &[begins(2), shown(1, &state(1)), begins(2), shown(1, &state(2))]);
    breaks(8, &[shown(1, &state(2)), shown(2, &state(1))], "generation 1 after 2");
    breaks(8, &[shown(1, &state(2)), shown(2, &state(2))], "generation 2 after 2");
    for look in [Fact::ReadBegan { who: 2 }, read(2, &state(1))] {
        assert!(witnesses(8, &[begins(2), look.clone()]));
        assert!(!witnesses(8, &[begins(1), look.clone()]) && !witnesses(8, &[begins(2), ends.clone(), look]));
    }
}

#[test]
fn law_16_what_cannot_be_read_is_neither_empty_nor_overwritten() {
    let (empty, some) = (State::default(), generation(&State::default(), 1));
    let began = |who| Fact::ReadBegan { who };
    breaks(16, &[Fact::Damaged, shown(1, &some)], "overwritten");
    breaks(16, &[Fact::Damaged, began(1), read(1, &empty)], "taken for empty");
    keeps(16, &[shown(1, &some), began(1), read(1, &empty)]);
    keeps(16, &[shown(1, &some), Fact::Damaged, began(1), read(1, &some)]);
    keeps(16, &[began(1), Fact::Damaged, began(2), read(1, &empty)]);
    let refused = Fact::Refused { who: 1 };
    assert!(witnesses(16, &[Fact::Damaged, refused.clone()]));
    assert!(!witnesses(16, &[refused, Fact::Damaged]) && !witnesses(16, &[Fact::Damaged]));
}
