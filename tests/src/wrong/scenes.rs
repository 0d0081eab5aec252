//! For each wrong engine the small scenario in which its mistake shows.

use credlatch_core::pool::FailureKind;
use credlatch_core::rotation::Cause;

use crate::cases::{ACME, Act, MINIMAX, against, grant, key};
use crate::scenario::{Given, Scenario, Step, label, provider};
use crate::world::outside::Back;
use crate::world::server;

fn story(name: &str, steps: &[&[Step]]) -> Scenario {
    Scenario { given: vec![grant(ACME), key(ACME, "spare", "sk-spare")], ..Scenario::processes(name, steps) }
}

fn rotate(why: Cause) -> Step {
    Step::Rotate { provider: provider(ACME), label: label("default"), cause: why }
}

fn clear() -> Step {
    Step::Clear { provider: provider(ACME) }
}

fn set_other() -> Step {
    Step::Set { provider: provider(ACME), label: label("other"), secret: "sk-new".to_owned() }
}

fn login_again() -> Step {
    Step::SetGrant { provider: provider(ACME), label: label("default") }
}

pub(super) fn clear_and_read() -> Scenario {
    against(&[Act::Clear, Act::Read])
}

pub(super) fn drain_beside_a_reader() -> Scenario {
    let holder = [Step::Current { provider: provider(ACME) }, Step::Release];
    story("a drain beside a reader", &[&[clear(), Step::Drain], &holder]).as_threads()
}

pub(super) fn two_starts() -> Scenario {
    against(&[Act::Start, Act::Start])
}

pub(super) fn two_rotations() -> Scenario {
    against(&[Act::Rotate, Act::Rotate])
}

/// Its request is on the way when the first one dies; the second comes before the first one's time is up.
pub(super) fn a_request_without_its_sender() -> Scenario {
    let mut scenario = story("a request without its sender", &[&[rotate(Cause::Asked)], &[rotate(Cause::Challenged)]]);
    scenario.participants[0].dies_at = Some(11);
    scenario
}

/// Somebody stores a copy of the token that is in flight, and rotates what they stored.
pub(super) fn a_known_token_in_flight() -> Scenario {
    let known = Step::SetKnown { provider: provider(ACME), label: label("default"), of: label("default"), anew: false };
    let spare = Step::SetKnown { provider: provider(ACME), label: label("spare"), of: label("default"), anew: true };
    let rotate_spare = Step::Rotate { provider: provider(ACME), label: label("spare"), cause: Cause::Asked };
    story("a known token in flight", &[&[rotate(Cause::Asked)], &[known, spare, rotate(Cause::Asked), rotate_spare]])
}

/// The same where no boot is known, and somebody sets the wall clock two minutes ahead.
pub(super) fn a_doubt_and_a_wall_clock_that_leaps() -> Scenario {
    let second = [Step::SetWallClock { by_ms: 120_000 }, rotate(Cause::Challenged)];
    let mut scenario = story("a doubt and a wall clock that leaps", &[&[rotate(Cause::Asked)], &second]);
    scenario.participants[0].dies_at = Some(11);
    scenario.without_boot = true;
    scenario
}

pub(super) fn a_late_grant_beside_a_new_login() -> Scenario {
    let mut scenario = story("a late grant beside a new login", &[&[rotate(Cause::Asked)], &[login_again()]]);
    scenario.issuer.revokes_account = true;
    scenario
}

pub(super) fn a_late_rejection() -> Scenario {
    let mut scenario = story("a late rejection", &[&[rotate(Cause::Asked)], &[clear(), login_again()]]);
    scenario.issuer.answers = vec![server::Treatment::Reject];
    scenario
}

pub(super) fn a_late_report() -> Scenario {
    let reporter =
        [Step::Current { provider: provider(ACME) }, Step::Report { answer: FailureKind::Unauthorized, dead: false }];
    story("a late report", &[&reporter, &[clear(), login_again()]])
}

pub(super) fn a_cancelled_login() -> Scenario {
    let login = [Step::Login { provider: provider(ACME) }, Step::Poll];
    story("a cancelled login", &[&login, &[Step::Cancel { provider: provider(ACME) }]])
}

pub(super) fn readers_beside_a_set() -> Scenario {
    against(&[Act::Read, Act::Set])
}

pub(super) fn a_pass_and_an_observer() -> Scenario {
    let keys = ["one", "two", "three"].map(|name| (label(name), format!("sk-{name}"))).to_vec();
    let import = [Step::Import { provider: provider(ACME), keys }];
    story("a pass and an observer", &[&import, &[Step::Read, Step::Read]])
}

pub(super) fn a_look_at_an_ended_login() -> Scenario {
    let ended = vec![Step::Login { provider: provider(ACME) }, Step::Cancel { provider: provider(ACME) }];
    let looks = [Step::Wait { ms: 299_999 }, Step::Purge, Step::Wait { ms: 1 }, Step::Purge];
    Scenario { before: ended, ..story("a look at an ended login", &[&looks, &[Step::Read]]) }
}

pub(super) fn a_wall_clock_that_leaps() -> Scenario {
    let ended = vec![Step::Login { provider: provider(ACME) }, Step::Cancel { provider: provider(ACME) }];
    let leaps = [
        Step::SetWallClock { by_ms: 86_400_000 * 3_650 },
        Step::Purge,
        Step::SetWallClock { by_ms: -86_400_000 * 3_650 },
        Step::Purge,
    ];
    Scenario { before: ended, ..story("a wall clock that leaps", &[&leaps, &[Step::Read]]) }
}

pub(super) fn two_children() -> Scenario {
    let plan = |of: &str| [Step::Plan { provider: provider(of) }];
    Scenario {
        given: vec![key(ACME, "default", "sk-acme"), key(MINIMAX, "default", "sk-minimax")],
        ..Scenario::processes("two children", &[&plan(ACME), &plan(MINIMAX)])
    }
    .as_threads()
}

pub(super) fn a_failure_in_a_pool() -> Scenario {
    let use_it = Step::Current { provider: provider(ACME) };
    let fails = Step::Report { answer: FailureKind::Limited, dead: false };
    let user = [use_it.clone(), fails.clone(), use_it.clone(), fails, use_it];
    Scenario {
        given: vec![key(ACME, "one", "sk-one"), key(ACME, "two", "sk-two"), key(MINIMAX, "default", "sk-minimax")],
        ..Scenario::processes("a failure in a pool", &[&user, &[Step::Read]])
    }
}

pub(super) fn a_status() -> Scenario {
    story("a status", &[&[Step::Print], &[Step::Login { provider: provider(ACME) }]])
}

pub(super) fn an_import_after_a_clear() -> Scenario {
    let keys = vec![(label("spare"), "sk-spare".to_owned())];
    let import = [Step::Import { provider: provider(ACME), keys }];
    Scenario { before: vec![clear()], ..story("an import after a clear", &[&import, &[Step::Read]]) }
}

pub(super) fn a_torn_document() -> Scenario {
    story("a torn document", &[&[Step::Tear, set_other()], &[Step::Read]])
}

/// The second process claims, is stopped while the first waits for minutes, wakes, sends and dies.
pub(super) fn a_stopped_process() -> Scenario {
    let patient = [Step::Wait { ms: 300_000 }, rotate(Cause::Challenged)];
    let mut scenario = story("a stopped process", &[&[rotate(Cause::Asked)], &patient]);
    scenario.participants[0].dies_at = Some(10);
    scenario
}

/// The second process doesn't find the first one in its process table, and waits out what would have to be waited out if
/// the first one were dead.
pub(super) fn a_process_table_that_lies() -> Scenario {
    let patient = [rotate(Cause::Challenged), Step::Wait { ms: 60_000 }, rotate(Cause::Challenged)];
    let mut scenario = story("a process table that lies", &[&[rotate(Cause::Asked)], &patient]);
    scenario.participants[1].is_elsewhere = true;
    scenario
}

/// One entry has ended, and the other is good: each is to have its turn, the first after it was renewed.
pub(super) fn a_pool_in_turn_with_a_spent_entry() -> Scenario {
    let spent = Given::Grant { provider: provider(ACME), label: label("default"), lifetime_ms: 60_000 };
    let request = Step::Token { provider: provider(ACME) };
    let user = [request.clone(), request.clone(), request];
    Scenario {
        given: vec![spent, key(ACME, "spare", "sk-spare")],
        before: vec![Step::TakeTurns { provider: provider(ACME) }, Step::Wait { ms: 60_000 }],
        ..Scenario::processes("a pool in turn with a spent entry", &[&user, &[Step::Read]])
    }
}

/// The first process reads a row that moved since the grant came.
pub(super) fn a_row_that_moved() -> Scenario {
    let mut scenario = story("a row that moved", &[&[rotate(Cause::Asked)], &[Step::Read]]);
    scenario.participants[0].has_moved_row = true;
    scenario
}

/// Somebody puts yesterday's document back, whose token was rotated since.
pub(super) fn a_backup_that_is_put_back() -> Scenario {
    let restores = [Step::BringBack { what: Back::Document }, rotate(Cause::Asked)];
    let scenario = story("a backup that is put back", &[&restores, &[Step::Read]]);
    Scenario { before: vec![Step::BackUp, rotate(Cause::Asked)], ..scenario }
}

/// The first process dies in the middle of writing down what the issuer granted.
pub(super) fn a_death_while_an_answer_is_written() -> Scenario {
    let mut scenario =
        story("a death while an answer is written", &[&[rotate(Cause::Asked)], &[rotate(Cause::Challenged)]]);
    scenario.participants[0].dies_at = Some(14);
    scenario
}

/// Two grants are rotated; the answer to one is written down, and its actor dies, while the other is on its way.
pub(super) fn two_rotations_and_an_answer() -> Scenario {
    let other = Step::Rotate { provider: provider(ACME), label: label("other"), cause: Cause::Asked };
    let set = Step::Set { provider: provider(ACME), label: label("spare"), secret: "sk-new".to_owned() };
    let mut scenario = story("two rotations and an answer", &[&[rotate(Cause::Asked)], &[other], &[set]]);
    scenario.given.push(Given::Grant { provider: provider(ACME), label: label("other"), lifetime_ms: 3_600_000 });
    scenario.participants[0].dies_at = Some(15);
    scenario
}

/// The first process dies when its request was answered.
pub(super) fn a_death_before_the_answer() -> Scenario {
    let mut scenario = story("a death before the answer", &[&[rotate(Cause::Asked)], &[rotate(Cause::Challenged)]]);
    scenario.participants[0].dies_at = Some(9);
    scenario
}

/// The first process is of a version that writes no notes, and its request is on the way when it dies.
pub(super) fn a_request_of_an_older_version() -> Scenario {
    let mut scenario = story("a request of an older version", &[&[rotate(Cause::Asked)], &[rotate(Cause::Challenged)]]);
    scenario.participants[0].dies_at = Some(10);
    scenario.participants[0].is_older = true;
    scenario
}

/// One stores what is there already, and the other a new key.
pub(super) fn two_threads_that_store() -> Scenario {
    let same = Step::Set { provider: provider(ACME), label: label("spare"), secret: "sk-spare".to_owned() };
    story("two threads that store", &[&[same], &[set_other()]]).as_threads()
}

/// One stores a token that was rotated since, which is refused; the other a new key.
pub(super) fn a_thread_that_stores_beside_one_that_is_refused() -> Scenario {
    let spent = Step::SetKnown { provider: provider(ACME), label: label("spare"), of: label("default"), anew: true };
    let scenario = story("a thread that stores beside one that is refused", &[&[spent], &[set_other()]]);
    Scenario { before: vec![rotate(Cause::Asked)], ..scenario.as_threads() }
}
