//! Pairs and triples of acts in every order, and with a death before every operation.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use credlatch_tests::cases::{Act, against};
use credlatch_tests::conduct::Right;
use credlatch_tests::explored::{Group, LONG_GROUPS, MOST, PART_GROUPS, SHORT_GROUPS, Sum, whole};
use credlatch_tests::run::situations::Explorer;
use credlatch_tests::scenario::Scenario;

/// The counts are the result, so they are said where the test harness doesn't swallow them.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn short(name: &str) -> Sum {
    let group = SHORT_GROUPS.iter().find(|group| group.name == name).expect("a group of this name");
    let began = Instant::now();
    let sum = whole(group);
    say(&format!("{} {:.1?}", sum.line(name), began.elapsed()));
    sum
}

/// The sum saw the witnesses of these laws.
fn assert_witnesses(sum: &Sum, laws: &[u8]) {
    for law in laws {
        assert!(sum.seen.witnessed.contains_key(law), "nothing was a witness of law {law}");
    }
}

#[test]
fn pairs_of_processes_in_every_order() {
    assert_witnesses(&short("pairs of processes"), &[1, 2, 4, 7]);
}

#[test]
fn pairs_of_threads_in_every_order() {
    assert_witnesses(&short("pairs of threads"), &[1, 2, 7]);
}

#[test]
fn pairs_of_processes_of_which_one_dies_anywhere() {
    assert_witnesses(&short("pairs of processes, one dies"), &[1, 2, 3]);
}

#[test]
fn triples_of_processes_in_every_order() {
    assert_witnesses(&short("triples of processes with a login"), &[2]);
    assert_witnesses(&short("triples of processes with a reader"), &[1, 7]);
}

/// Two workers share the scenarios of a group but for those that are left out. Returns the names of those that have more situations
/// than this.
fn long(group: &Group, workers: usize, most: usize, is_left_out: impl Fn(&Scenario) -> bool) -> Vec<String> {
    let scenarios: Vec<_> = group.scenarios().into_iter().filter(|one| !is_left_out(one)).collect();
    let next = AtomicUsize::new(0);
    let (sum, cut, began) = (Mutex::new(Sum::default()), Mutex::new(Vec::new()), Instant::now());
    let work = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let began = Instant::now();
            let found = group.explore(scenario, most);
            let mut one = Sum::default();
            one.add(&found);
            say(&format!("{} {:.1?}", one.line(&scenario.name), began.elapsed()));
            if found.is_cut && found.broken.is_none() {
                cut.lock().unwrap().push(name(group, scenario));
                continue;
            }
            found.assert_whole(&scenario.name);
            sum.lock().unwrap().add(&found);
        }
    };
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    say(&format!("{} {:.1?}", sum.lock().unwrap().line(group.name), began.elapsed()));
    cut.into_inner().unwrap()
}

/// By what a list calls a scenario of a group.
fn name(group: &Group, scenario: &Scenario) -> String {
    format!("{}: {}", group.name, scenario.name)
}

/// The group that `CREDLATCH_GROUP` names, or all of these.
fn chosen(groups: &'static [Group]) -> impl Iterator<Item = &'static Group> {
    let alone = std::env::var("CREDLATCH_GROUP").ok();
    groups.iter().filter(move |group| alone.as_ref().is_none_or(|name| group.name == *name))
}

/// What has more situations than its group may have, by name.
fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string("tests/situations/beyond.txt").expect("the list");
    text.lines().map(str::to_owned).collect()
}

/// For half an hour. What has more situations than its group may have stands on a list and is left out; all else has to be gone through.
/// `CREDLATCH_KEEP=1` tries what is on the list too, and writes it anew.
#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn a_part_in_every_order() {
    let keeps = std::env::var_os("CREDLATCH_KEEP").is_some();
    let mut listed = listed();
    let all: BTreeSet<_> =
        PART_GROUPS.iter().flat_map(|group| group.scenarios().into_iter().map(|one| name(group, &one))).collect();
    let unknown: Vec<_> = listed.difference(&all).collect();
    assert!(keeps || unknown.is_empty(), "on the list is what there isn't: {unknown:#?}");
    for group in chosen(PART_GROUPS) {
        let beyond = long(group, 2, group.few, |one| !keeps && listed.contains(&name(group, one)));
        assert!(keeps || beyond.is_empty(), "more than {} situations, and not on the list: {beyond:#?}", group.few);
        if keeps {
            listed.retain(|line| all.contains(line) && !line.starts_with(&format!("{}: ", group.name)));
            listed.extend(beyond);
            let lines: Vec<_> = listed.iter().map(String::as_str).chain([""]).collect();
            std::fs::write("tests/situations/beyond.txt", lines.join("\n")).unwrap();
        }
    }
    say(&format!("{} scenarios have too many situations: tests/tests/situations/beyond.txt", listed.len()));
}

/// For minutes: among 1.4 million situations a branch went astray once, because what nobody could tell was told.
#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn a_part_that_went_astray_once() {
    let scenario = against(&[Act::Challenge, Act::Challenge, Act::Rotate]).as_threads();
    Explorer::NEW.explore(&scenario, &Right).assert_whole(&scenario.name);
}

/// What the moves of three big scenarios take their turns for: with every order of them, how many of these lead to what is known, and
/// with one order of those that commute.
#[test]
#[ignore = "for a minute: `.ci/long` runs it"]
fn what_multiplies_situations() {
    let scenarios = [
        against(&[Act::Login, Act::Adopt]),
        against(&[Act::Rotate, Act::Clear, Act::Read]),
        against(&[Act::Start, Act::Read]).as_threads(),
    ];
    for scenario in scenarios {
        let of = |sleeps| Explorer { sleeps, ..Explorer::NEW }.explore(&scenario, &Right);
        let [all, less] = [of(false), of(true)];
        less.assert_whole(&scenario.name);
        assert_eq!((all.situations, &all.ends), (less.situations, &less.ends));
        say(&format!("{}: {} situations", scenario.name, all.situations));
        for (kind, [made, known]) in &all.accesses {
            let [made_then, _] = less.accesses.get(kind).copied().unwrap_or_default();
            say(&format!("| {kind} | {made} | {known} | {made_then} |"));
        }
    }
}

/// Pairs of more situations than this are not compared.
const COMPARED: usize = 3_000;

/// Going on at once leaves out no end, nor do accesses without a turn, and the quickest order no situation, of any pair that has few
/// situations without them.
#[test]
#[ignore = "for minutes: `.ci/long` runs it"]
fn going_on_at_once_and_the_quickest_order_leave_out_nothing_of_any_pair() {
    let (mut less, mut all, mut moves, mut skipped) = (0, 0, [0, 0], [0, 0]);
    for group in LONG_GROUPS.iter().filter(|group| group.acts == 2) {
        for scenario in group.scenarios() {
            let explorer = Explorer { dying: group.dies.then_some(0), most: COMPARED, ..Explorer::NEW };
            if let Some([one, other]) = super::sound::assert_going_on_adds_nothing(&scenario, explorer) {
                (less, all) = (less + one, all + other);
            }
            if group.threads
                && let Some([one, other]) = super::untold::assert_skipping_adds_nothing(&scenario, explorer)
            {
                skipped = [skipped[0] + one, skipped[1] + other];
            }
            if let Some([one, other]) = super::sound::assert_quickest_finds_all(&scenario, explorer) {
                moves = [moves[0] + one, moves[1] + other];
            }
        }
        say(&format!("{}: {less} situations instead of {all} by now, {skipped:?}, and {moves:?} moves", group.name));
    }
}

/// For hours. `CREDLATCH_GROUP` names one group that is explored alone, `CREDLATCH_SITUATIONS` how many of one scenario are too many, and
/// with `CREDLATCH_BEYOND=1` only what is on the list is explored. What has too many is named, and fails the run at its end.
#[test]
#[ignore = "for hours: see docs/record.md"]
fn everything_in_every_order() {
    let most =
        std::env::var("CREDLATCH_SITUATIONS").map_or(MOST / 2, |most| most.parse().expect("a number of situations"));
    let listed = std::env::var_os("CREDLATCH_BEYOND").map(|_| listed());
    let is_left_out =
        |group: &Group, one: &Scenario| listed.as_ref().is_some_and(|all| !all.contains(&name(group, one)));
    let cut: Vec<_> =
        chosen(LONG_GROUPS).flat_map(|group| long(group, 2, most, |one| is_left_out(group, one))).collect();
    assert!(cut.is_empty(), "too many situations:\n{}", cut.join("\n"));
}
