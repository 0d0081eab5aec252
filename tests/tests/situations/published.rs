//! Whoever takes what a process publishes may look at it after it was replaced: a drain waits for them too.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use credlatch_core::engine::{Chosen, Cleared, Live, NoToken};
use credlatch_core::law::Observation;
use credlatch_core::name::ProviderId;
use credlatch_core::pool::Choice;
use credlatch_tests::cases::a_drain_beside_a_holder;
use credlatch_tests::conduct::{Conduct, Process, RIGHT_SCRIPTED};
use credlatch_tests::run::situations::{Explorer, Mistake};
use credlatch_tests::world::scripted::Scripted;

const AT_ONCE: Explorer = Explorer { mistake: Some(Mistake::LooksAtOnce), ..Explorer::NEW };

#[test]
fn a_drain_waits_in_every_order_for_who_looks_at_what_was_replaced() {
    let scenario = a_drain_beside_a_holder();
    let found = Explorer::NEW.explore(&scenario, RIGHT_SCRIPTED);
    found.assert_whole(&scenario.name);
    assert!(found.seen.facts.contains(&Observation::Drained), "nothing was drained");
    let at_once = AT_ONCE.explore(&scenario, RIGHT_SCRIPTED).situations;
    super::orders::say(&format!("a drain: {} situations, {at_once} if readers look at once", found.situations));
    assert!(found.situations > at_once, "no reader looks later than it takes");
}

thread_local! {
    static HANDED_OUT: RefCell<Vec<Weak<Live>>> = const { RefCell::new(Vec::new()) };
}

/// Its drain waits for whoever was handed a credential, and for nobody who is about to take one out of what was published.
#[derive(Debug)]
struct HandedOut;

impl Conduct<Scripted> for HandedOut {
    fn current(&self, process: &Process<Scripted>, provider: &ProviderId) -> Result<Chosen, NoToken> {
        let chosen = process.engine.current(provider.as_str(), &Choice::default())?;
        HANDED_OUT.with_borrow_mut(|all| all.push(Arc::downgrade(&chosen.live)));
        Ok(chosen)
    }

    fn drain(&self, process: &Process<Scripted>, _: &Cleared) -> bool {
        let is_reading = !process.engine.readers().is_empty();
        !is_reading && HANDED_OUT.with_borrow(|all| all.iter().all(|live| live.strong_count() == 0))
    }
}

#[test]
fn a_drain_that_does_not_wait_for_who_looks_at_what_was_replaced_breaks_law_1_and_only_in_these_orders() {
    let broken = |explorer: Explorer| {
        explorer.explore(&a_drain_beside_a_holder(), &HandedOut).broken.map(|(broken, _)| broken.number)
    };
    assert_eq!(broken(Explorer::NEW), Some(1));
    assert_eq!(broken(AT_ONCE), None);
}
