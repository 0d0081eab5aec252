//! Acts whose signs of life are leases: nothing is sent that another took over, and nothing is taken over that may be under way.

use std::sync::Arc;
use std::time::Duration;

use credlatch::Profile;
use credlatch::etcd::port::Cluster;
use credlatch::store::{ActGuard, ActId};
use proptest::prelude::*;

use super::wrong::{Wrong, WrongCluster};
use super::{fresh, home, right};
use crate::model::{Member, Model};

/// What is done next with acts.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// This machine begins an act, if it has none.
    Begin(usize),
    /// It is about to send its request.
    Send(usize),
    /// Its process lives and says so.
    Beat(usize),
    /// It ends its act.
    End(usize),
    /// It looks whether the other's act goes on.
    Look(usize),
    /// So many seconds pass, for everybody.
    Pass(u64),
    /// The cluster answers nobody, or everybody again.
    Away(bool),
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let moment = prop_oneof![
        3 => (0..2_usize).prop_map(Moment::Begin),
        4 => (0..2_usize).prop_map(Moment::Send),
        1 => (0..2_usize).prop_map(Moment::Beat),
        1 => (0..2_usize).prop_map(Moment::End),
        4 => (0..2_usize).prop_map(Moment::Look),
        4 => (1..90_u64).prop_map(Moment::Pass),
        1 => any::<bool>().prop_map(Moment::Away),
    ];
    prop::collection::vec(moment, 1..40)
}

/// How long a request may be under way after its first byte left, in seconds.
const UNDER_WAY: u64 = 60;

/// What became of acts: requests that were sent, those that were kept back, and acts that others took for over.
#[derive(Clone, Copy, Debug, Default)]
struct Acted {
    sent: usize,
    kept_back: usize,
    taken_over: usize,
}

/// Plays moments. Wrong is a machine that sends what another has taken over, and one that takes over what is under way.
fn act(moments: &[Moment], way: &dyn Fn(Member) -> Arc<dyn Cluster>) -> Result<Acted, String> {
    struct Going {
        id: ActId,
        guard: Box<dyn ActGuard>,
        until: u64,
        is_taken_over: bool,
    }
    let (model, folder) = (Model::new(&fresh("of acts")), tempfile::tempdir().unwrap());
    let stores = [0, 1].map(|at| {
        let member = Member(Arc::clone(&model), at.to_string());
        home(way(member), &folder.path().join(at.to_string())).store(&Profile::default()).unwrap()
    });
    let (mut going, mut now, mut acted, mut next) = ([None::<Going>, None], 0, Acted::default(), 1);
    for moment in moments {
        match *moment {
            Moment::Begin(at) if going[at].is_none() => {
                let id = ActId(next);
                next += 1;
                let begun = stores[at].begin_act(id, 1).ok();
                going[at] = begun.map(|guard| Going { id, guard, until: 0, is_taken_over: false });
            }
            Moment::Send(at) => {
                let Some(act) = &mut going[at] else { continue };
                if act.guard.note(b"note").is_err() {
                    acted.kept_back += 1;
                    continue;
                }
                if act.is_taken_over {
                    return Err(format!("machine {at} sent what another has taken over"));
                }
                (acted.sent, act.until) = (acted.sent + 1, now + UNDER_WAY);
            }
            Moment::Beat(at) if going[at].is_some() => model.beat_all(),
            Moment::End(at) => going[at] = None,
            Moment::Look(at) => {
                let Some(act) = &mut going[1 - at] else { continue };
                let Ok(None) = stores[at].act(act.id) else { continue };
                if now < act.until {
                    return Err(format!(
                        "machine {at} takes an act for over that is under way for {} s",
                        act.until - now
                    ));
                }
                (acted.taken_over, act.is_taken_over) = (acted.taken_over + 1, true);
            }
            Moment::Pass(seconds) => {
                now += seconds;
                model.pass(Duration::from_secs(seconds));
            }
            Moment::Away(is_away) => model.away(is_away),
            Moment::Begin(_) | Moment::Beat(_) => {}
        }
    }
    Ok(acted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_that_another_took_over_and_nothing_under_way_is_taken_over(moments in moments()) {
        let acted = act(&moments, &right);
        prop_assert!(acted.is_ok(), "{acted:?}");
    }
}

#[test]
fn arbitrary_moments_come_to_everything_and_find_machines_that_trust_a_lease() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let all: Vec<_> = (0..1000).map(|_| moments().new_tree(&mut runner).unwrap().current()).collect();
    let acted: Vec<_> = all[..120].iter().map(|moments| act(moments, &right).unwrap()).collect();
    let sum = |of: fn(&Acted) -> usize| acted.iter().map(of).sum::<usize>();
    let (sent, kept_back, taken_over) =
        (sum(|acted| acted.sent), sum(|acted| acted.kept_back), sum(|acted| acted.taken_over));
    assert!(
        sent > 30 && kept_back > 30 && taken_over > 5,
        "{sent} sent, {kept_back} kept back, {taken_over} taken over"
    );
    for wrong in [Wrong::LeaseIsAFence, Wrong::SendsInTheTail, Wrong::AgeIsDeath] {
        let way = |member| Arc::new(WrongCluster::new(member, wrong)) as Arc<dyn Cluster>;
        assert!(all.iter().any(|moments| act(moments, &way).is_err()), "{wrong:?} breaks nothing");
    }
}
