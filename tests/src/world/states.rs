//! What tells states apart, made once for each state that a play makes which is followed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::state::State;

use super::digest::digest;

/// By where a state lies. The state is kept too, so that no other one comes to lie at its place.
type Known = BTreeMap<usize, (Arc<State>, u128)>;

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// What tells states apart: all that a document has.
pub fn state_digest(state: &Arc<State>) -> u128 {
    let made = || digest(serde_json::to_vec(state).unwrap_or_default());
    let kept =
        |known: &mut Known| known.entry(Arc::as_ptr(state).addr()).or_insert_with(|| (Arc::clone(state), made())).1;
    KNOWN.with(|known| known.borrow_mut().as_mut().map(kept)).unwrap_or_else(made)
}

/// From here on what is made is kept, until [`forget`].
pub(super) fn keep() {
    KNOWN.with(|known| *known.borrow_mut() = Some(Known::new()));
}

/// The states of that play are known no more.
pub(super) fn forget() {
    KNOWN.with(|known| *known.borrow_mut() = None);
}
