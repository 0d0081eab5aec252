//! Histories that nobody lived: what the checks must accept, what they must reject, and whether they agree.

use std::collections::BTreeMap;

use credlatch_core::apply;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;

use crate::chance::Chance;
use crate::generations;
use crate::line::{Call, Heard, Held, Line, Reply, Seen, View, What};
use crate::operations::{event, operations};
use crate::search::{search, try_all};
use crate::spec::Product;
use crate::verdict::judge;

const POOL: &str = "pool";

fn began(who: u32, call: Call) -> Line {
    Line { who, what: What::Began(call) }
}

fn ended(who: u32, reply: Reply) -> Line {
    Line { who, what: What::Ended(reply) }
}

fn killed(who: u32) -> [Line; 2] {
    [Line { who, what: What::Killing }, Line { who, what: What::Reaped }]
}

fn set(label: &str, value: &str) -> Call {
    Call::Set { provider: POOL.to_owned(), label: label.to_owned(), value: value.to_owned() }
}

fn clear() -> Call {
    Call::Clear { provider: POOL.to_owned() }
}

/// A look at a pool of keys: label, version and value.
fn seen(generation: u64, last_version: u64, keys: &[(&str, u64, &str)]) -> Reply {
    let entries = keys.iter().map(|(label, version, value)| Seen {
        provider: POOL.to_owned(),
        label: (*label).to_owned(),
        version: *version,
        value: (*value).to_owned(),
        refresh: None,
        custody: Held::Key,
    });
    Reply::Seen(View { generation, last_version, entries: entries.collect() })
}

/// One after the other, by one worker.
fn in_turn(who: u32, calls: &[(Call, Reply)]) -> Vec<Line> {
    calls.iter().flat_map(|(call, reply)| [began(who, call.clone()), ended(who, reply.clone())]).collect()
}

fn rules(lines: &[Line]) -> Vec<String> {
    judge(lines).err().unwrap_or_default().into_iter().map(|found| found.rule).collect()
}

fn two_keys() -> Vec<Line> {
    in_turn(1, &[(set("left", "one"), Reply::Stored), (set("right", "two"), Reply::Stored)])
}

/// Whether who died sent anything is known to nobody, so what comes to nothing after it leaves a doubt, or none.
#[test]
fn a_claim_after_a_death_leaves_a_doubt_or_none_where_nothing_comes_of_it() {
    let rotate = || Call::Rotate { provider: "bolt".to_owned() };
    let login = Call::Login { provider: "bolt".to_owned(), access: "at-1-0".to_owned(), refresh: "rt-1-0".to_owned() };
    let failed = Reply::Failed { kind: "unreachable".to_owned(), why: String::new() };
    for (custody, is_explained) in [(Held::Settled, true), (Held::InDoubt, true), (Held::Lost, false)] {
        let bolt = Seen {
            provider: "bolt".to_owned(),
            label: "default".to_owned(),
            version: 1,
            value: "at-1-0".to_owned(),
            refresh: Some("rt-1-0".to_owned()),
            custody,
        };
        // The login, the claim of who died, the other's claim, and its end.
        let view = View { generation: 4, last_version: 1, entries: vec![bolt] };
        let mut lines = in_turn(1, &[(login.clone(), Reply::Stored)]);
        lines.extend([began(2, rotate()), began(3, rotate())]);
        lines.extend(killed(3));
        lines.extend(
            [What::Presenting("rt-1-0".to_owned()), What::Answered(Heard::Later)].map(|what| Line { who: 2, what }),
        );
        lines.push(ended(2, failed.clone()));
        lines.extend(in_turn(2, &[(Call::Status, Reply::Seen(view))]));
        assert_eq!(!rules(&lines).iter().any(|rule| rule == "linearizable"), is_explained, "{custody:?}");
    }
}

#[test]
fn a_look_during_a_write_may_see_either() {
    for reply in [seen(0, 0, &[]), seen(1, 1, &[("left", 1, "one")])] {
        let lines = [began(1, set("left", "one")), began(2, Call::Status), ended(2, reply), ended(1, Reply::Stored)];
        assert!(rules(&lines).is_empty());
    }
}

#[test]
fn a_write_that_was_cut_off_happened_or_not_but_not_after_the_death() {
    let there = seen(1, 1, &[("left", 1, "one")]);
    let cut = || [vec![began(1, set("left", "one"))], killed(1).to_vec()].concat();
    for reply in [seen(0, 0, &[]), there.clone()] {
        assert!(rules(&[cut(), in_turn(2, &[(Call::Status, reply)])].concat()).is_empty());
    }
    let late = [cut(), in_turn(2, &[(Call::Status, seen(0, 0, &[])), (Call::Status, there)])].concat();
    assert_eq!(rules(&late), ["linearizable"]);
}

#[test]
fn a_stale_read_is_rejected() {
    let stale = in_turn(2, &[(Call::Status, seen(1, 1, &[("left", 1, "one")]))]);
    assert_eq!(rules(&[two_keys(), stale].concat()), ["linearizable"]);
}

#[test]
fn a_lost_update_is_rejected() {
    let lost = in_turn(2, &[(Call::Status, seen(1, 1, &[("right", 1, "two")]))]);
    assert_eq!(rules(&[two_keys(), lost].concat()), ["linearizable"]);
}

#[test]
fn a_value_that_nobody_wrote_is_rejected() {
    let made_up = in_turn(2, &[(Call::Status, seen(2, 2, &[("left", 1, "one"), ("right", 2, "three")]))]);
    assert_eq!(rules(&[two_keys(), made_up].concat()), ["generations", "linearizable"]);
}

#[test]
fn a_half_cleared_pool_is_rejected() {
    let all = Reply::Cleared { generation: 3, labels: vec!["left".to_owned(), "right".to_owned()] };
    let half = seen(3, 2, &[("right", 2, "two")]);
    let clearing = [began(1, clear()), began(2, Call::Status), ended(2, half), ended(1, all.clone())];
    assert_eq!(rules(&[two_keys(), clearing.to_vec()].concat()), ["linearizable"]);
    let whole = [began(1, clear()), began(2, Call::Status), ended(2, seen(3, 2, &[])), ended(1, all)];
    assert!(rules(&[two_keys(), whole.to_vec()].concat()).is_empty());
}

#[test]
fn a_generation_that_goes_back_is_rejected() {
    let new = seen(2, 2, &[("left", 1, "one"), ("right", 2, "two")]);
    let back = in_turn(2, &[(Call::Status, new), (Call::Status, seen(1, 1, &[("left", 1, "one")]))]);
    assert_eq!(rules(&[two_keys(), back].concat()), ["generations", "linearizable"]);
}

#[test]
fn a_newcomer_that_would_have_had_to_wait_is_rejected() {
    let busy = Reply::Failed { kind: "busy".to_owned(), why: String::new() };
    assert_eq!(rules(&in_turn(1, &[(set("left", "one"), busy)])), ["linearizable"]);
}

/// What a worker of a made-up history is at.
enum At {
    Idle,
    Began(Call),
    /// It has happened, and this is what will be told of it.
    Happened(Reply),
}

/// A short history that is right: each operation happens at one moment between its begin and its end.
fn right(chance: &mut Chance) -> Vec<Line> {
    let mut state = State::default();
    let mut workers: BTreeMap<u32, At> = (1..=3).map(|who| (who, At::Idle)).collect();
    let mut lines = Vec::new();
    let mut begun = 0;
    while begun < 7 || workers.values().any(|at| !matches!(at, At::Idle)) {
        let who = 1 + u32::try_from(chance.below(3)).unwrap();
        let next = match workers.remove(&who).unwrap() {
            At::Idle if begun == 7 => At::Idle,
            At::Idle => {
                begun += 1;
                let call = made_up_call(chance, begun);
                lines.push(began(who, call.clone()));
                At::Began(call)
            }
            At::Began(call) => At::Happened(happen(&mut state, &call)),
            At::Happened(reply) => {
                lines.push(ended(who, reply));
                At::Idle
            }
        };
        workers.insert(who, next);
    }
    lines
}

fn made_up_call(chance: &mut Chance, number: u64) -> Call {
    let label = *chance.pick(&["left", "right"]);
    match chance.below(6) {
        0 | 1 => set(label, &format!("value-{number}")),
        2 => clear(),
        3 => Call::Remove { provider: POOL.to_owned(), label: label.to_owned() },
        _ => Call::Status,
    }
}

fn happen(state: &mut State, call: &Call) -> Reply {
    let Some(event) = event(call) else { return Reply::Seen(View::of(state)) };
    let mut after = apply(state, &Stamp::default(), &event).state;
    after.generation += u64::from(after != *state);
    let before = View::of(&std::mem::replace(state, after));
    let after = View::of(state);
    let gone = before.entries.iter().filter(|seen| after.entry(&seen.provider, &seen.label).is_none());
    let labels: Vec<String> = gone.map(|seen| seen.label.clone()).collect();
    match call {
        Call::Set { .. } => Reply::Stored,
        Call::Remove { .. } if labels.is_empty() => {
            Reply::Failed { kind: "no_credential".to_owned(), why: String::new() }
        }
        _ => Reply::Cleared { generation: after.generation, labels },
    }
}

/// Tells somebody what somebody else was told.
fn confuse(chance: &mut Chance, lines: &mut [Line]) {
    let told = |line: &&Line| matches!(line.what, What::Ended(Reply::Seen(_) | Reply::Cleared { .. }));
    let replies: Vec<What> = lines.iter().filter(told).map(|line| line.what.clone()).collect();
    if replies.is_empty() {
        return;
    }
    let reply = chance.pick(&replies).clone();
    let same = |line: &Line| std::mem::discriminant(&line.what) == std::mem::discriminant(&reply) && told(&line);
    let places: Vec<usize> = (0..lines.len()).filter(|at| same(&lines[*at])).collect();
    let at = *chance.pick(&places);
    lines[at].what = reply;
}

#[test]
fn the_search_agrees_with_trying_every_order_and_with_generations() {
    let (mut accepted, mut rejected, mut by_generations) = (0, 0, 0);
    for seed in 0..2_000 {
        let mut chance = Chance::new(seed);
        let mut lines = right(&mut chance);
        assert!(rules(&lines).is_empty(), "seed {seed}: {:?}", rules(&lines));
        confuse(&mut chance, &mut lines);
        let (product, ops) = operations(&lines);
        let all: Vec<usize> = (0..ops.len()).collect();
        let has_order = try_all(&Product::default(), &State::default(), &ops, &all);
        assert_eq!(search(&product, State::default(), &ops).is_ok(), has_order, "seed {seed}: {lines:?}");
        let fits = generations::check(&lines).is_ok();
        assert!(fits || !has_order, "seed {seed}: {lines:?}");
        accepted += u32::from(has_order);
        rejected += u32::from(!has_order);
        by_generations += u32::from(!fits);
    }
    assert!(accepted > 100 && rejected > 100 && by_generations > 100, "{accepted} {rejected} {by_generations}");
}
