//! Arbitrary scenarios, for the property tests.

use credlatch_core::flow::FlowKind;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{FailureKind, Strategy as Pooled};
use credlatch_core::rotation::Cause;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::{ACME, MINIMAX, grant, key};
use crate::moves::{Answered, Move, Progress, PutMaterial, Stride};
use crate::scenario::{Given, Participant, Scenario, Step, label, provider};
use crate::world::outside::Back;
use crate::world::server::{self, Manner};

/// Spans of time on both sides of every limit there is.
pub const SPANS_MS: &[u64] =
    &[1, 5_000, 14_999, 15_000, 30_000, 59_999, 60_000, 299_999, 300_000, 600_000, 900_000, 3_600_000, 86_400_000];

/// The steps of a move between stores.
const STRIDES: &[Stride] = &[
    Stride::SetAside,
    Stride::Resume,
    Stride::Rename,
    Stride::Receive,
    Stride::HandOver,
    Stride::Activate,
    Stride::LetGo,
    Stride::Conclude,
    Stride::Withdraw,
    Stride::Adopt,
    Stride::Recall,
];

/// A scenario of two to four participants in one to three processes. Most are about everything, or about one grant only; some
/// about one login, or about a pool of keys.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    let keys = select(&["one", "two"][..]).prop_map(|called| key(ACME, called, &format!("sk-{called}")));
    prop_oneof![
        3 => of_steps(step().boxed(), given().boxed()),
        4 => of_steps(about_one_grant().boxed(), Just(grant(ACME)).boxed()),
        1 => of_steps(about_one_login().boxed(), keys.clone().boxed()),
        1 => of_steps(about_a_pool().boxed(), keys.boxed()),
    ]
}

fn of_steps(step: BoxedStrategy<Step>, given: BoxedStrategy<Given>) -> impl Strategy<Value = Scenario> {
    let participants = vec(participant(step.clone()), 2..5);
    let without_boot = proptest::bool::weighted(0.25);
    (vec(given, 1..4), manner(), vec(step, 0..4), participants, vec((0..4_u32, 1..40_u32), 0..24), without_boot)
        .prop_map(|(given, issuer, before, participants, schedule, without_boot)| {
            let name = "an arbitrary history".to_owned();
            let mut labels = std::collections::BTreeSet::new();
            let given = given.into_iter().filter(|given| labels.insert(place(given))).collect();
            // A document that was damaged before anybody came leaves nothing to see.
            let before = before.into_iter().filter(|step| *step != Step::Tear).collect();
            let looks_at_once = false;
            Scenario { name, given, issuer, without_boot, before, participants, schedule, looks_at_once }
        })
}

fn place(given: &Given) -> (ProviderId, Label) {
    match given {
        Given::Key { provider, label, .. } | Given::Grant { provider, label, .. } => (provider.clone(), label.clone()),
    }
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        4 => Just(grant(ACME)),
        2 => Just(key(ACME, "spare", "sk-spare")),
        1 => Just(key(MINIMAX, "default", "sk-minimax")),
        1 => Just(Given::Grant { provider: provider(MINIMAX), label: label("spare"), lifetime_ms: 60_000 }),
    ]
}

fn manner() -> impl Strategy<Value = Manner> {
    use server::Treatment::{Grant, Lost, NotReached, Reject};
    let answer = prop_oneof![4 => Just(Grant), 1 => Just(Reject), 1 => Just(Lost), 1 => Just(NotReached)];
    let lifetime_ms = select(&[20_000, 600_000, 3_600_000][..]);
    (vec(answer, 0..3), 0..2_u32, any::<bool>(), 0..2_u32, any::<bool>(), lifetime_ms).prop_map(
        |(answers, waits, exchanges, prompts_fail, late_arrival, lifetime_ms)| Manner {
            answers,
            waits,
            exchanges,
            prompts_fail,
            late_arrival,
            lifetime_ms,
            ..Manner::default()
        },
    )
}

fn about_one_grant() -> impl Strategy<Value = Step> {
    let (provider, label) = (provider(ACME), label("default"));
    let rotate = |cause| Step::Rotate { provider: provider.clone(), label: label.clone(), cause };
    prop_oneof![
        4 => Just(rotate(Cause::Asked)),
        2 => Just(rotate(Cause::Challenged)),
        1 => Just(Step::Clear { provider: provider.clone() }),
        1 => Just(Step::SetGrant { provider: provider.clone(), label: label.clone() }),
        2 => (a_label(), any::<bool>()).prop_map(move |(label, anew)| Step::SetKnown {
            provider: provider.clone(),
            label,
            of: Label::default(),
            anew,
        }),
        1 => Just(Step::Read),
        1 => select(SPANS_MS).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Agree),
        2 => select(&[-3_600_000, 3_600_000_i64][..]).prop_map(|by_ms| Step::SetWallClock { by_ms }),
        1 => Just(Step::BackUp),
        1 => a_way_back().prop_map(|what| Step::BringBack { what }),
    ]
}

fn about_one_login() -> impl Strategy<Value = Step> {
    let provider = provider(ACME);
    prop_oneof![
        4 => Just(Step::Login { provider: provider.clone() }),
        4 => Just(Step::Poll),
        1 => Just(Step::Await),
        2 => Just(Step::Cancel { provider: provider.clone() }),
        1 => Just(Step::Clear { provider }),
        1 => Just(Step::Purge),
        1 => Just(Step::Read),
        1 => select(SPANS_MS).prop_map(|ms| Step::Wait { ms }),
    ]
}

fn about_a_pool() -> impl Strategy<Value = Step> {
    let provider = provider(ACME);
    prop_oneof![
        6 => Just(Step::Current { provider: provider.clone() }),
        5 => (an_answer(), proptest::bool::weighted(0.1)).prop_map(|(answer, dead)| Step::Report { answer, dead }),
        1 => Just(Step::Set { provider, label: label("one"), secret: "sk-three".to_owned() }),
        1 => Just(Step::Purge),
        1 => select(SPANS_MS).prop_map(|ms| Step::Wait { ms }),
    ]
}

fn a_way_back() -> impl Strategy<Value = Back> {
    select(&[Back::Document, Back::Directory, Back::Copy][..])
}

fn participant(step: BoxedStrategy<Step>) -> impl Strategy<Value = Participant> {
    let dies_at = prop_oneof![2 => Just(None), 1 => option::of(1..50_u32)];
    let seldom = || proptest::bool::weighted(0.1);
    (0..3_u32, vec(step, 1..7), dies_at, any::<bool>(), seldom(), seldom()).prop_map(
        |(process, steps, dies_at, is_elsewhere, has_moved_row, is_older)| Participant {
            process,
            steps,
            dies_at,
            is_elsewhere,
            has_moved_row,
            is_older,
        },
    )
}

/// A provider: mostly the same one, so that the participants meet.
pub fn a_provider() -> impl Strategy<Value = ProviderId> {
    prop_oneof![3 => Just(provider(ACME)), 1 => Just(provider(MINIMAX))]
}

/// A label.
pub fn a_label() -> impl Strategy<Value = Label> {
    prop_oneof![2 => Just(label("default")), 1 => Just(label("spare"))]
}

fn a_secret() -> impl Strategy<Value = String> {
    select(&["sk-spare", "sk-one", "sk-two"][..]).prop_map(str::to_owned)
}

/// What a provider answers.
pub fn an_answer() -> impl Strategy<Value = FailureKind> {
    select(&[FailureKind::Unauthorized, FailureKind::Limited, FailureKind::Billing, FailureKind::Other][..])
}

fn step() -> impl Strategy<Value = Step> {
    let why = || select(&[Cause::Due, Cause::Challenged, Cause::Asked][..]);
    let wall = select(&[-315_360_000_000, -3_600_000, 3_600_000, 315_360_000_000_i64][..]);
    prop_oneof![
        2 => (a_provider(), a_label(), a_secret())
            .prop_map(|(provider, label, secret)| Step::Set { provider, label, secret }),
        2 => (a_provider(), a_label()).prop_map(|(provider, label)| Step::SetGrant { provider, label }),
        2 => (a_provider(), a_label(), a_label(), any::<bool>())
            .prop_map(|(provider, label, of, anew)| Step::SetKnown { provider, label, of, anew }),
        2 => (a_provider(), vec((a_label(), a_secret()), 1..3))
            .prop_map(|(provider, keys)| Step::Import { provider, keys }),
        3 => a_provider().prop_map(|provider| Step::Login { provider }),
        3 => Just(Step::Poll),
        1 => Just(Step::Await),
        1 => a_provider().prop_map(|provider| Step::Cancel { provider }),
        3 => a_provider().prop_map(|provider| Step::Clear { provider }),
        1 => Just(Step::ClearAll),
        2 => a_provider().prop_map(|provider| Step::TakeTurns { provider }),
        1 => Just(Step::Drain),
        1 => (a_provider(), a_label()).prop_map(|(provider, label)| Step::Remove { provider, label }),
        6 => (a_provider(), a_label(), why())
            .prop_map(|(provider, label, cause)| Step::Rotate { provider, label, cause }),
        2 => a_provider().prop_map(|provider| Step::Token { provider }),
        3 => a_provider().prop_map(|provider| Step::Current { provider }),
        1 => Just(Step::Release),
        3 => (an_answer(), any::<bool>()).prop_map(|(answer, dead)| Step::Report { answer, dead }),
        1 => Just(Step::Purge),
        4 => Just(Step::Read),
        3 => select(SPANS_MS).prop_map(|ms| Step::Wait { ms }),
        1 => wall.prop_map(|by_ms| Step::SetWallClock { by_ms }),
        1 => a_provider().prop_map(|provider| Step::Plan { provider }),
        1 => Just(Step::Print),
        1 => Just(Step::Key),
        1 => Just(Step::Tear),
        1 => Just(Step::BackUp),
        1 => a_way_back().prop_map(|what| Step::BringBack { what }),
    ]
}

/// Moves of the machine alone; one history in five is about one grant and the clocks, and one about one grant in flight, with
/// which it begins.
pub fn moves() -> impl Strategy<Value = Vec<Move>> {
    let put = Move::Put { provider: provider(ACME), label: Label::default(), what: PutMaterial::Grant(1), bulk: false };
    let in_flight = vec(a_move_in_flight(), 3..24).prop_map(move |mut moves| {
        moves.insert(0, put.clone());
        moves
    });
    prop_oneof![3 => vec(a_move(), 1..40), 1 => vec(a_move_of_one_grant(), 1..40), 1 => in_flight]
}

fn a_move_in_flight() -> impl Strategy<Value = Move> {
    let (provider, label) = (provider(ACME), Label::default());
    let put = Move::Put { provider: provider.clone(), label: label.clone(), what: PutMaterial::Grant(1), bulk: false };
    let (of, called) = (provider.clone(), label.clone());
    let claim = move |cause, way| Move::Claim { provider: of.clone(), label: called.clone(), cause, way };
    let outcome =
        prop_oneof![2 => Just(Answered::Unknown), 1 => Just(Answered::Granted), 1 => Just(Answered::NotConsumed)];
    prop_oneof![
        1 => Just(claim(Cause::Asked, Progress::Noted)),
        3 => a_way().prop_map(move |way| claim(Cause::Challenged, way)),
        2 => Just(Move::Die { late: 0 }),
        1 => Just(Move::WriteDown { late: 0 }),
        1 => Just(Move::Inherit { late: 0 }),
        2 => outcome.prop_map(|outcome| Move::Settle { late: 0, outcome }),
        3 => select(&[1, 14_999, 15_000, 29_999, 30_000, 60_000, 300_000][..]).prop_map(|ms| Move::Wait { ms }),
        1 => Just(put),
        1 => Just(Move::Remove { provider: provider.clone(), label: label.clone() }),
        1 => Just(Move::Reboot),
        1 => Just(Move::Mark),
    ]
}

fn a_way() -> impl Strategy<Value = Progress> {
    prop_oneof![3 => Just(Progress::Noted), 1 => Just(Progress::Unsent), 1 => Just(Progress::Older)]
}

fn a_move_of_one_grant() -> impl Strategy<Value = Move> {
    let (provider, label) = (provider(ACME), label("default"));
    let (of, called) = (provider.clone(), label.clone());
    let claim = move |(cause, way)| Move::Claim { provider: of.clone(), label: called.clone(), cause, way };
    let (of, called) = (provider.clone(), label.clone());
    let watched = move |cause| Move::ClaimWatched { provider: of.clone(), label: called.clone(), cause };
    let why = || select(&[Cause::Due, Cause::Challenged, Cause::Asked][..]);
    let wall = select(&[-3_600_000, 3_600_000, 315_360_000_000_i64][..]);
    prop_oneof![
        2 => Just(Move::Put { provider: provider.clone(), label: label.clone(), what: PutMaterial::Grant(0), bulk: false }),
        4 => (why(), a_way()).prop_map(claim),
        2 => why().prop_map(watched),
        2 => Just(Move::Settle { late: 0, outcome: Answered::Unknown }),
        1 => Just(Move::Settle { late: 0, outcome: Answered::NotConsumed }),
        2 => Just(Move::Die { late: 0 }),
        3 => select(SPANS_MS).prop_map(|ms| Move::Wait { ms }),
        1 => wall.prop_map(|by_ms| Move::SetWallClock { by_ms }),
        1 => Just(Move::Reboot),
        1 => any::<bool>().prop_map(|known| Move::Boot { known }),
        1 => (an_answer(), any::<bool>()).prop_map(move |(answer, model)| Move::Report {
            provider: provider.clone(),
            label: label.clone(),
            older: 0,
            answer,
            model,
            dead: false,
        }),
        1 => (0..3_u64).prop_map(|turn| Move::Choose { provider: crate::scenario::provider(ACME), turn }),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    let place = || (a_provider(), a_label());
    let late = || prop_oneof![5 => Just(0_usize), 2 => 1..4_usize];
    let why = || select(&[Cause::Due, Cause::Challenged, Cause::Asked][..]);
    let kind = prop_oneof![3 => Just(FlowKind::Device), 1 => Just(FlowKind::Loopback), 1 => Just(FlowKind::Link)];
    let what = prop_oneof![
        (0..3_u8).prop_map(PutMaterial::Key),
        (0..3_u8).prop_map(PutMaterial::Grant),
        (0..2_u8).prop_map(PutMaterial::Link)
    ];
    let outcome = select(&[Answered::Granted, Answered::Rejected, Answered::NotConsumed, Answered::Unknown][..]);
    let strategy = select(&[Pooled::FillFirst, Pooled::RoundRobin, Pooled::Random, Pooled::LeastUsed][..]);
    let wall = select(&[-315_360_000_000, -3_600_000, 3_600_000, 315_360_000_000_i64][..]);
    let putting = prop_oneof![
        4 => (place(), what, any::<bool>())
            .prop_map(|((provider, label), what, bulk)| Move::Put { provider, label, what, bulk }),
        1 => place().prop_map(|(provider, label)| Move::Suspend { provider, label }),
        1 => place().prop_map(|(provider, label)| Move::Remove { provider, label }),
        1 => option::weighted(0.8, a_provider()).prop_map(|provider| Move::Clear { provider }),
        2 => (place(), why(), a_way())
            .prop_map(|((provider, label), cause, way)| Move::Claim { provider, label, cause, way }),
        1 => Just(Move::Key),
        1 => (place(), why()).prop_map(|((provider, label), cause)| Move::ClaimWatched { provider, label, cause }),
        3 => (late(), outcome).prop_map(|(late, outcome)| Move::Settle { late, outcome }),
    ];
    let flowing = prop_oneof![
        3 => (place(), kind).prop_map(|((provider, label), kind)| Move::Start { provider, label, kind }),
        3 => (late(), select(SPANS_MS)).prop_map(|(late, expires_in_ms)| Move::Prompted { late, expires_in_ms }),
        1 => late().prop_map(|late| Move::SlowDown { late }),
        1 => late().prop_map(|late| Move::ClaimCode { late }),
        2 => late().prop_map(|late| Move::Succeed { late }),
        1 => (late(), any::<bool>()).prop_map(|(late, expired)| Move::Fail { late, expired }),
        1 => late().prop_map(|late| Move::Cancel { late }),
        1 => late().prop_map(|late| Move::Adopt { late }),
        2 => late().prop_map(|late| Move::Die { late }),
        1 => late().prop_map(|late| Move::WriteDown { late }),
        2 => late().prop_map(|late| Move::Inherit { late }),
    ];
    let using = prop_oneof![
        4 => (place(), 0..2_u64, an_answer(), any::<bool>(), proptest::bool::weighted(0.2)).prop_map(
            |((provider, label), older, answer, model, dead)| Move::Report { provider, label, older, answer, model, dead }
        ),
        1 => (a_provider(), strategy).prop_map(|(provider, strategy)| Move::SetStrategy { provider, strategy }),
        1 => (0..2_u8, 0..2_u8).prop_map(|(file, key)| Move::OweRewrite { file, key }),
        1 => (0..2_u8, 0..2_u8).prop_map(|(file, key)| Move::RewriteDone { file, key }),
        2 => Just(Move::Purge),
        1 => (0..2_u8, any::<bool>()).prop_map(|(name, allowed)| Move::Allow { name, allowed }),
        3 => (a_provider(), 0..3_u64).prop_map(|(provider, turn)| Move::Choose { provider, turn }),
        4 => select(SPANS_MS).prop_map(|ms| Move::Wait { ms }),
        1 => wall.prop_map(|by_ms| Move::SetWallClock { by_ms }),
        1 => Just(Move::Reboot),
        1 => any::<bool>().prop_map(|known| Move::Boot { known }),
        1 => Just(Move::Mark),
        1 => Just(Move::AdoptCopy),
        2 => (select(STRIDES), 0..2_u8).prop_map(|(step, id)| Move::Step { step, id }),
    ];
    prop_oneof![putting, flowing, using]
}
