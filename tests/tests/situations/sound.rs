//! The explorer is judged too: each mistake that it could be made with is noticed by the branches that it takes for known and
//! plays to their ends all the same, or by what it doesn't find.

use std::sync::Arc;

use credlatch_core::port::StoreError;
use credlatch_core::state::State;
use credlatch_tests::cases::{ACME, Act, against, beside};
use credlatch_tests::conduct::{Conduct, Process, RIGHT_SCRIPTED};
use credlatch_tests::run::exploration::Exploration;
use credlatch_tests::run::situations::{Explorer, Mistake, Order};
use credlatch_tests::run::staged::{Move, Staged};
use credlatch_tests::scenario::{Scenario, Step, label, provider};
use credlatch_tests::world::coroutine::Player;
use credlatch_tests::world::outside::Back;
use credlatch_tests::world::scripted::Scripted;
use credlatch_tests::world::server::Manner;
use credlatch_tests::world::situation::Blind;

use super::astray::goes_astray;

/// Every branch into what is taken for known is played to its end.
pub(super) const WATCHED: Explorer = Explorer { most: 20_000, one_in: 1, ..Explorer::NEW };

/// Whether a branch that was taken for known went or ended otherwise than any that was entered.
fn is_caught(explorer: Explorer, scenario: &Scenario) -> bool {
    let Exploration { ends, sampled, is_cut, has_strayed, .. } = explorer.explore(scenario, RIGHT_SCRIPTED);
    assert!(!is_cut && !sampled.is_empty(), "{} tells nothing", scenario.name);
    has_strayed || !sampled.is_subset(&ends)
}

/// The explorer as it is, in this scenario, is found without fault, and with this mistake it isn't.
pub(super) fn tells(mistaken: Explorer, scenario: &Scenario) {
    assert!(!is_caught(Explorer { mistake: None, ..mistaken }, scenario), "{}", scenario.name);
    assert!(is_caught(mistaken, scenario), "{}", scenario.name);
}

#[test]
fn no_branch_into_a_known_situation_ends_in_an_unknown_way() {
    for acts in [&[Act::Rotate, Act::Clear][..], &[Act::Start, Act::Set], &[Act::Clear, Act::Set, Act::Read]] {
        assert!(!is_caught(WATCHED, &against(acts)), "{acts:?}");
        assert!(!is_caught(WATCHED, &against(&acts[..2]).as_threads()), "{acts:?}");
        assert!(!is_caught(Explorer { dying: Some(0), ..WATCHED }, &against(acts)), "{acts:?}");
    }
}

#[test]
fn a_digest_without_what_was_read_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::Blind(Blind::ToStore)), ..WATCHED };
    tells(mistaken, &against(&[Act::Read, Act::Set]).as_threads());
    assert!(goes_astray(mistaken, &against(&[Act::Login, Act::Rotate]).as_threads(), 200) > 0);
}

#[test]
fn a_digest_without_what_the_issuer_said_is_noticed() {
    // Whoever comes first gets no code. The issuer's books don't say afterwards who that was.
    let issuer = Manner { prompts_fail: 1, ..Manner::default() };
    tells(
        Explorer { mistake: Some(Mistake::Blind(Blind::ToIssuer)), ..WATCHED },
        &Scenario { issuer, ..beside(&[Act::Start, Act::Start]) },
    );
}

#[test]
fn a_digest_without_signs_of_life_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::Blind(Blind::ToSigns)), ..WATCHED };
    tells(mistaken, &against(&[Act::Start, Act::Rotate]));
    assert!(goes_astray(mistaken, &against(&[Act::Cancel, Act::Clear]).as_threads(), 200) > 0);
}

#[test]
fn a_digest_without_what_those_did_outside_who_are_through_is_noticed() {
    // Whoever clears first revokes. The store doesn't tell afterwards who that was, when a third one has written; law 1 would know.
    let blind = Explorer { law: Some(4), mistake: Some(Mistake::Blind(Blind::ToDeeds)), ..WATCHED };
    tells(blind, &against(&[Act::Clear, Act::Clear, Act::Set]));
}

/// Whatever lies outside of the store and of its signs of life is part of a situation: with it another one is come to.
#[test]
fn a_backup_another_lock_file_and_an_agreement_are_part_of_a_situation() {
    let through = |before: &[Step], steps: &[Step]| {
        let scenario = Scenario {
            given: against(&[]).given,
            before: before.to_vec(),
            ..Scenario::processes("what lies outside", &[steps])
        };
        let mut players = vec![Player::default()];
        let mut staged = Staged::set(&scenario, RIGHT_SCRIPTED, &mut players, Explorer::default());
        while let Some(who) = staged.choices().first().copied() {
            staged.make(Move { who, dies: 0 });
        }
        let situation = staged.situation();
        staged.leave();
        situation
    };
    let nothing = through(&[], &[]);
    assert_eq!(nothing, through(&[], &[]));
    assert_ne!(nothing, through(&[], &[Step::BackUp]), "a backup");
    assert_ne!(nothing, through(&[], &[Step::Agree]), "an agreement");
    let brought_back = |what| through(&[Step::BackUp], &[Step::BringBack { what }]);
    assert_eq!(brought_back(Back::Document), brought_back(Back::Directory));
    assert_ne!(brought_back(Back::Directory), brought_back(Back::Copy), "another lock file");
}

#[test]
fn a_participant_that_is_not_woken_is_noticed() {
    tells(Explorer { mistake: Some(Mistake::NeverWakes), ..WATCHED }, &one_between_two());
}

/// Somebody stores one key between two of another's, who waits for the lock meanwhile.
pub(super) fn one_between_two() -> Scenario {
    let set =
        |called: &str| Step::Set { provider: provider(ACME), label: label(called), secret: format!("sk-{called}") };
    let (two, one) = ([Step::Read, set("one"), set("two")], [Step::Read, set("between")]);
    Scenario { given: against(&[]).given, ..Scenario::processes("one between two", &[&two, &one]) }
}

/// Whatever it could know, it reads what was there at the start; and it takes two turns for that.
#[derive(Debug)]
struct Stale;

impl Conduct<Scripted> for Stale {
    fn read(&self, process: &Process<Scripted>) -> Result<Arc<State>, StoreError> {
        process.world.pass(0);
        process.world.pass(0);
        Ok(Arc::clone(&process.world.start))
    }
}

#[test]
fn laws_that_forget_are_noticed() {
    let set = Step::Set { provider: provider(ACME), label: label("other"), secret: "sk-new".to_owned() };
    let scenario = Scenario { given: against(&[]).given, ..Scenario::processes("stale", &[&[Step::Read], &[set]]) };
    let broken = |explorer: Explorer| explorer.explore(&scenario, &Stale).broken.map(|(broken, _)| broken.number);
    assert_eq!(broken(Explorer { law: Some(7), ..WATCHED }), Some(7), "a read that began after the commit returned");
    // A read that began before is allowed to; it leads to the same world.
    assert_eq!(broken(Explorer { law: Some(7), mistake: Some(Mistake::ForgetsLaws), ..WATCHED }), None);
}

#[test]
fn an_exploration_that_reaches_its_bound_says_so() {
    let found = Explorer { most: 20, ..WATCHED }.explore(&against(&[Act::Rotate, Act::Rotate]), RIGHT_SCRIPTED);
    assert!(found.is_cut);
}

/// Whoever comes when nobody can tell it comes first: that leaves orders out, and no end.
#[test]
fn orders_of_coming_that_nobody_can_tell_are_one() {
    let acts = [
        &[Act::Set, Act::Set, Act::Set][..],
        &[Act::Login, Act::Purge, Act::Set],
        &[Act::Clear, Act::Set, Act::Read],
        &[Act::Rotate, Act::Clear, Act::Set],
    ];
    // Threads that store come to a group, and that shows.
    let threads = acts[1..].iter().map(|acts| beside(&acts[..2]).as_threads());
    for scenario in acts.iter().map(|acts| against(acts)).chain(threads) {
        let [one, all] =
            [true, false].map(|gathers| Explorer { gathers, ..WATCHED }.explore(&scenario, RIGHT_SCRIPTED));
        assert_eq!(one.ends, all.ends, "{}", scenario.name);
        assert!(one.situations < all.situations, "{}: {} and {}", scenario.name, one.situations, all.situations);
        super::orders::say(&format!("{}: {} situations instead of {}", scenario.name, one.situations, all.situations));
    }
}

/// A reader's coming is told by law 7: what it must see at least hangs on when it began.
#[test]
fn an_explorer_in_which_all_have_come_at_first_is_noticed() {
    let set = Step::Set { provider: provider(ACME), label: label("other"), secret: "sk-new".to_owned() };
    let scenario = Scenario { given: against(&[]).given, ..Scenario::processes("stale", &[&[Step::Read], &[set]]) };
    let broken = |explorer: Explorer| explorer.explore(&scenario, &Stale).broken.map(|(broken, _)| broken.number);
    assert_eq!(broken(Explorer { gathers: false, ..WATCHED }), Some(7));
    assert_eq!(broken(WATCHED), Some(7));
    assert_eq!(broken(Explorer { mistake: Some(Mistake::GathersAll), ..WATCHED }), None);
}

/// A scenario ends alike whether all turns are taken, or some are left out. Returns how many situations it has without them and with them;
/// nothing if that are too many.
pub(super) fn assert_leaves_out_no_end(
    scenario: &Scenario,
    explorer: Explorer,
    with_all: Explorer,
) -> Option<[usize; 2]> {
    let all = with_all.explore(scenario, RIGHT_SCRIPTED);
    if all.is_cut {
        return None;
    }
    let less = explorer.explore(scenario, RIGHT_SCRIPTED);
    less.assert_whole(&scenario.name);
    all.assert_whole(&scenario.name);
    assert_eq!(less.ends, all.ends, "{}", scenario.name);
    Some([less.situations, all.situations])
}

/// Those go on at once who have locked the store, or not.
pub(super) fn assert_going_on_adds_nothing(scenario: &Scenario, explorer: Explorer) -> Option<[usize; 2]> {
    assert_leaves_out_no_end(scenario, explorer, Explorer { goes_on: false, ..explorer })
}

/// Whoever has locked the store goes on at once: that leaves orders out, and no end.
#[test]
fn orders_in_which_somebody_moves_after_another_has_locked_the_store_end_as_others_do() {
    let acts = [&[Act::Set, Act::Set, Act::Set][..], &[Act::Rotate, Act::Clear], &[Act::Start, Act::Purge, Act::Clear]];
    for acts in acts {
        let scenario = against(acts);
        let [less, all] = assert_going_on_adds_nothing(&scenario, Explorer::NEW).expect("few situations");
        assert!(less < all, "{}: {less} and {all}", scenario.name);
        super::orders::say(&format!("{}: {less} situations instead of {all}", scenario.name));
        assert_going_on_adds_nothing(&scenario, Explorer { dying: Some(0), ..Explorer::NEW });
        assert_going_on_adds_nothing(&beside(&acts[..2]), Explorer::NEW);
    }
}

#[test]
fn an_explorer_in_which_everybody_makes_two_moves_at_once_is_noticed() {
    let mistaken = Explorer { mistake: Some(Mistake::GoesOnAlways), ..WATCHED };
    let ends = |explorer: Explorer| explorer.explore(&against(&[Act::Rotate, Act::Clear]), RIGHT_SCRIPTED).ends;
    assert_ne!(ends(mistaken), ends(WATCHED), "it finds all ends");
}

/// What is explored in the quickest order, with one order of what commutes, is what is explored breadth first, in every order. Returns
/// how many moves that takes so and so; nothing if that are too many.
pub(super) fn assert_quickest_finds_all(scenario: &Scenario, explorer: Explorer) -> Option<[usize; 2]> {
    let all = Explorer { order: Order::FewestMoves, ..explorer }.explore(scenario, RIGHT_SCRIPTED);
    if all.is_cut {
        return None;
    }
    // One that found more would be as wrong as one that finds less.
    let quick = Explorer { most: explorer.most * 2, ..explorer }.explore(scenario, RIGHT_SCRIPTED);
    quick.assert_whole(&scenario.name);
    all.assert_whole(&scenario.name);
    assert_eq!((quick.situations, quick.ends), (all.situations, all.ends), "{}", scenario.name);
    Some([quick.transitions, all.transitions])
}

#[test]
fn the_quickest_order_leaves_out_no_situation() {
    let mut sum = [0, 0];
    let acts =
        [&[Act::Set, Act::Clear, Act::Read][..], &[Act::Rotate, Act::Clear], &[Act::Start, Act::Purge, Act::Clear]];
    let processes = acts.iter().flat_map(|acts| [against(acts), beside(&acts[..2])]);
    for scenario in processes.chain([against(&[Act::Clear, Act::Set]).as_threads()]) {
        for dying in [None, Some(0)] {
            let moves =
                assert_quickest_finds_all(&scenario, Explorer { dying, ..Explorer::NEW }).expect("few situations");
            sum = [sum[0] + moves[0], sum[1] + moves[1]];
        }
    }
    assert!(sum[0] < sum[1], "{sum:?}");
    super::orders::say(&format!("{} moves instead of {}", sum[0], sum[1]));
}

/// What an explorer finds with this mistake isn't all there is: it is noticed by the situations that are missing.
fn misses(mistake: Mistake, scenario: &Scenario) {
    let situations = |explorer: Explorer| explorer.explore(scenario, RIGHT_SCRIPTED).situations;
    let all = situations(Explorer { order: Order::FewestMoves, ..Explorer::NEW });
    assert_eq!(situations(Explorer::NEW), all, "{}", scenario.name);
    let found = situations(Explorer { mistake: Some(mistake), ..Explorer::NEW });
    assert!(found < all, "{}: {mistake:?} finds {found} of {all} situations", scenario.name);
}

#[test]
fn an_explorer_that_turns_back_too_soon_is_noticed() {
    misses(Mistake::TurnsBack, &against(&[Act::Rotate, Act::Clear]));
}

#[test]
fn an_explorer_that_takes_all_moves_for_such_that_commute_is_noticed() {
    misses(Mistake::CommutesAlways, &against(&[Act::Rotate, Act::Clear]));
}

#[test]
fn an_explorer_for_which_facts_commute_is_noticed() {
    misses(Mistake::CommutesTelling, &against(&[Act::Cancel, Act::Challenge]));
}

/// Uses are counted beside the seam, in no turn. Whoever commits writes down those that it finds when it loads, so that what it is about
/// to write belongs to what it has observed.
#[test]
fn a_use_that_a_commit_takes_or_misses_makes_another_situation() {
    let use_it = [Step::Current { provider: provider(ACME) }];
    let set = Step::Set { provider: provider(ACME), label: label("other"), secret: "sk-new".to_owned() };
    let scenario =
        Scenario { given: against(&[]).given, ..Scenario::processes("a use beside a commit", &[&use_it, &[set]]) };
    assert!(!is_caught(WATCHED, &scenario.as_threads()));
}
