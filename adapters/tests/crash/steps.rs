//! What the machine of the core did, as the engines of this thread saw it.

use std::cell::{Cell, RefCell};

use credlatch_core::law::{Fact, Stepped, Who};
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

thread_local! {
    static STEPS: RefCell<Vec<Fact>> = const { RefCell::new(Vec::new()) };
    static WHO: Cell<Who> = const { Cell::new(0) };
}

/// Notes a step; the laws judge it with everything else.
pub(crate) fn note(before: &State, now: &Stamp, event: &Event, step: &Step) {
    let stepped = Stepped {
        who: WHO.get(),
        now: *now,
        before: before.clone(),
        event: event.clone(),
        after: step.state.clone(),
        verdict: step.verdict.clone(),
    };
    STEPS.with_borrow_mut(|steps| steps.push(Fact::Stepped(Box::new(stepped))));
}

/// From now on this one takes them.
pub(crate) fn by(who: Who) {
    WHO.set(who);
    STEPS.take();
}

/// The steps since the last call.
pub(crate) fn take() -> Vec<Fact> {
    STEPS.take()
}
