//! What is asked of states again and again, made once for each state that a play makes which is followed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use credlatch_core::engine::acts;
use credlatch_core::state::{Nonce, State};

use super::digest::digest;

/// What a state has.
pub(super) struct About {
    /// What tells it apart.
    digest: u128,
    /// The acts that a process watches which sees it.
    pub(super) acts: Vec<Nonce>,
    /// The names of those who have claims in it.
    pub(super) claimants: Vec<Nonce>,
}

/// By where a state lies. The state is kept too, so that no other one comes to lie at its place.
type Known = HashMap<usize, (Arc<State>, Rc<About>)>;

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// What tells states apart: all that a document has.
pub fn state_digest(state: &Arc<State>) -> u128 {
    let kept = |known: &mut Known| about_kept(known, state).digest;
    KNOWN.with(|known| known.borrow_mut().as_mut().map(kept)).unwrap_or_else(|| made(state))
}

/// What this state has.
pub(super) fn about(state: &Arc<State>) -> Rc<About> {
    let kept = |known: &mut Known| Rc::clone(about_kept(known, state));
    KNOWN.with(|known| known.borrow_mut().as_mut().map(kept)).unwrap_or_else(|| Rc::new(look(state)))
}

/// From here on what is made is kept, until [`forget`].
pub(super) fn keep() {
    KNOWN.with(|known| *known.borrow_mut() = Some(Known::new()));
}

/// The states of that play are known no more.
pub(super) fn forget() {
    KNOWN.with(|known| *known.borrow_mut() = None);
}

fn about_kept<'a>(known: &'a mut Known, state: &Arc<State>) -> &'a Rc<About> {
    let look = || (Arc::clone(state), Rc::new(look(state)));
    &known.entry(Arc::as_ptr(state).addr()).or_insert_with(look).1
}

fn look(state: &Arc<State>) -> About {
    let claimants = state.claims().map(|claim| claim.actor.name).collect();
    About { digest: made(state), acts: acts(state).collect(), claimants }
}

fn made(state: &State) -> u128 {
    digest(serde_json::to_vec(state).unwrap_or_default())
}
