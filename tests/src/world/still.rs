//! Places in the memory of a process that are looked at and changed without a turn, because nobody can tell when that was: nobody changes
//! what they hold, or one participant alone touches them. Which these are is assumed of all at first, and learned on the way: where it
//! was wrong the exploration begins anew.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is known of a place.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Who has touched it, as bits.
    touched_by: u64,
    has_changed: bool,
}

impl Known {
    fn is_still(self) -> bool {
        !self.has_changed || self.touched_by.is_power_of_two()
    }
}

#[derive(Default)]
struct Assumed {
    known: BTreeMap<u128, Known>,
    is_mistaken: bool,
    /// Whether nothing takes a turn whatever is known: only to see that such a mistake is noticed.
    skips_all: bool,
}

thread_local! {
    static ASSUMED: RefCell<Option<Assumed>> = const { RefCell::new(None) };
}

fn with<R>(look: impl FnOnce(&mut Assumed) -> R) -> Option<R> {
    ASSUMED.with(|assumed| assumed.borrow_mut().as_mut().map(look))
}

/// From here on places are taken for still on this thread until they are known not to be, or none is.
pub fn assume(is_assumed: bool, skips_all: bool) {
    let assumed = is_assumed.then(|| Assumed { skips_all, ..Assumed::default() });
    ASSUMED.with(|place| *place.borrow_mut() = assumed);
}

/// Whether any place is taken for still.
pub(super) fn is_assumed() -> bool {
    with(|_| ()).is_some()
}

/// Whether this place takes no turn.
pub(super) fn is_still(place: u128) -> bool {
    let is_known = |assumed: &mut Assumed| assumed.known.get(&place).is_none_or(|known| known.is_still());
    with(|assumed| assumed.skips_all || is_known(assumed)).unwrap_or_default()
}

/// This one touched a place without a turn, and changed what can be told of it, or didn't.
pub(super) fn touches(place: u128, who: usize, is_change: bool) {
    with(|assumed| {
        let known = assumed.known.entry(place).or_default();
        let was_still = known.is_still();
        known.touched_by |= 1 << who;
        known.has_changed |= is_change;
        assumed.is_mistaken |= was_still && !known.is_still() && !assumed.skips_all;
    });
}

/// Whether a place that was taken for still isn't.
pub fn is_mistaken() -> bool {
    with(|assumed| assumed.is_mistaken).unwrap_or_default()
}

/// The same, and from here on that is known.
pub fn was_mistaken() -> bool {
    with(|assumed| std::mem::take(&mut assumed.is_mistaken)).unwrap_or_default()
}
