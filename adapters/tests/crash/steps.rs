//! What the machine of the core did, as the engines of this thread saw it.

use std::cell::{Cell, RefCell};

use credlatch_core::law::{Fact, Stepped, Who};
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

thread_local! {
    static STEPS: RefCell<Vec<Fact>> = const { RefCell::new(Vec::new()) };
    static WHO: Cell<Option<Who>> = const { Cell::new(None) };
}

/// Notes a step; the laws judge it with everything else.
pub(crate) fn note(before: &State, now: &Stamp, event: &Event, step: &Step) {
    let Some(who) = WHO.get() else { return };
    let stepped = Stepped {
        who,
        now: *now,
        before: before.clone(),
        event: event.clone(),
        after: step.state.clone(),
        verdict: step.verdict.clone(),
    };
    STEPS.with_borrow_mut(|steps| steps.push(Fact::Stepped(Box::new(stepped))));
}

/// From now on this one takes them, or nobody wants to know.
pub(crate) fn by(who: Option<Who>) {
    WHO.set(who);
    STEPS.take();
}

/// The steps since the last call.
pub(crate) fn take() -> Vec<Fact> {
    STEPS.take()
}
