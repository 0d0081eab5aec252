//! What is known of a play, as digests: what everything shared holds, and what each participant has observed so far.
//!
//! The code of a participant between two accesses to something shared is deterministic, and has no other input than what it
//! observes. So what it will do is a function of what it has observed. Here that is a digest, which grows by each
//! observation and forgets none; one that is through does nothing more, so that of it only what it did outside is kept. That is why
//! what a place holds is told by what is in it, and by nobody's way there.
//!
//! Nothing is kept unless somebody explores, and then for each thread of the system by itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use credlatch_core::state::State;
use siphasher::sip128::{Hasher128, SipHasher13};

/// What is left out of a digest: only to see that such a mistake is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blind {
    /// Nothing.
    #[default]
    Nowhere,
    /// What participants observe of the store: its word, and its documents.
    ToStore,
    /// What participants observe of the issuer.
    ToIssuer,
    /// What participants observe of signs of life.
    ToSigns,
    /// What those did outside who are through.
    ToDeeds,
}

/// Something shared that a move looked at, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It looked at this.
    Look(u128),
    /// It changed this.
    Change(u128),
}

#[derive(Default)]
struct Situation {
    /// Who moves; nobody while the stage is set.
    who: Option<usize>,
    observed: Vec<u128>,
    /// What each participant did outside.
    deeds: Vec<u128>,
    /// What each place holds, by the place.
    places: BTreeMap<u128, u128>,
    /// The sum of what distinguishes the places, so that it needn't be made anew.
    sum: u128,
    made: u64,
    /// How often anybody looked at something, changed something or did something outside. To make a place that is found by its name
    /// alone is none of these: nobody knows the name.
    touches: u64,
    /// What the last move touched, but for what lies in the memory of its process alone.
    touched: Vec<Touch>,
    /// What the last move took its turn for.
    access: Option<&'static str>,
    /// The places in the memory of whoever made them.
    own: BTreeSet<u128>,
    /// Who has the store's lock.
    locker: Option<usize>,
    /// Whether a clock has gone on while somebody moved.
    has_time_passed: bool,
    /// The digest of each state, by where that lies.
    states: BTreeMap<usize, (Arc<State>, u128)>,
    blind: Blind,
}

thread_local! {
    static NOW: RefCell<Option<Situation>> = const { RefCell::new(None) };
}

/// A digest of 128 bits.
pub fn digest(of: impl Hash) -> u128 {
    let mut hasher = SipHasher13::new();
    of.hash(&mut hasher);
    hasher.finish128().as_u128()
}

/// A digest of whatever is fed to a hasher.
pub fn digest_fed(feed: impl FnOnce(&mut dyn Hasher)) -> u128 {
    let mut hasher = SipHasher13::new();
    feed(&mut hasher);
    hasher.finish128().as_u128()
}

/// What tells states apart: all that a document has. It is made once for each state that a play makes.
pub fn state_digest(state: &Arc<State>) -> u128 {
    let made = || digest(serde_json::to_vec(state).unwrap_or_default());
    let known = |now: &mut Situation| {
        let place = Arc::as_ptr(state).addr();
        // The state is kept too, so that no other one comes to lie at its place.
        now.states.entry(place).or_insert_with(|| (Arc::clone(state), made())).1
    };
    with(known).unwrap_or_else(made)
}

fn with<R>(look: impl FnOnce(&mut Situation) -> R) -> Option<R> {
    NOW.with(|now| now.borrow_mut().as_mut().map(look))
}

/// From here on what happens on this thread is followed, until [`forget`].
pub fn follow(participants: usize, blind: Blind) {
    let (observed, deeds) = (vec![0; participants], vec![0; participants]);
    NOW.with(|now| *now.borrow_mut() = Some(Situation { observed, deeds, blind, ..Situation::default() }));
}

/// Nothing is followed any more.
pub fn forget() {
    NOW.with(|now| *now.borrow_mut() = None);
}

/// This participant moves, or nobody.
pub fn moves(who: Option<usize>) {
    with(|now| now.who = who);
}

/// A move begins, which has touched nothing yet.
pub fn begins() {
    with(|now| {
        now.touched.clear();
        now.access = None;
    });
}

/// Whoever moves takes a turn for something of this kind.
pub fn accesses(kind: &'static str) {
    with(|now| now.access = now.access.or(Some(kind)));
}

/// What the last move took its first turn for; nothing if it only came.
pub fn access() -> &'static str {
    with(|now| now.access).flatten().unwrap_or("nothing shared")
}

/// What was touched since the last move began.
pub fn touched(mut each: impl FnMut(&Touch)) {
    with(|now| now.touched.iter().for_each(&mut each));
}

/// Whoever moves looks at something that isn't a place.
pub fn looks_at(thing: impl Hash) {
    with(|now| now.touched.push(Touch::Look(digest(("thing", thing)))));
}

/// Whoever moves observes this.
pub fn observe(what: impl Hash) {
    with(|now| now.observe(what));
}

/// The issuer told this to whoever moves. What else it has in its books nobody can see.
pub fn is_told(what: &impl std::fmt::Debug) {
    with(|now| {
        if now.blind != Blind::ToIssuer {
            now.observe(format!("{what:?}"));
        }
    });
}

/// Whoever moves did this outside.
pub fn acts(what: &impl std::fmt::Debug) {
    with(|now| {
        now.touches += 1;
        if let Some(who) = now.who {
            now.deeds[who] = digest((now.deeds[who], format!("{what:?}")));
        }
    });
}

/// How often anything was touched that somebody else could look at or change, or that tells its future to whoever touches it.
pub fn touches() -> u64 {
    with(|now| now.touches).unwrap_or_default()
}

/// Whoever moves is through. What it has observed matters to nobody, unless it leaves a memory to other threads of its process.
pub fn is_through(is_alone: bool) {
    with(|now| match now.who {
        Some(who) if is_alone => {
            let deeds = if now.blind == Blind::ToDeeds { 0 } else { now.deeds[who] };
            now.observed[who] = digest(("through", deeds));
        }
        _ => now.observe("through"),
    });
}

/// Whoever moves has the store's lock from now on, or nobody has.
pub fn locks(is_locked: bool) {
    with(|now| now.locker = now.who.filter(|_| is_locked));
}

/// Whether this participant has the store's lock.
pub fn has_locked(who: usize) -> bool {
    with(|now| now.locker == Some(who)).unwrap_or_default()
}

/// A clock goes on.
pub fn time_passes() {
    with(|now| now.has_time_passed |= now.who.is_some());
}

/// Whether a clock has gone on while somebody moved.
pub fn has_time_passed() -> bool {
    with(|now| now.has_time_passed).unwrap_or_default()
}

/// Something that isn't a place holds this now.
pub fn alter(thing: impl Hash, holds: impl Hash) {
    with(|now| {
        now.touches += 1;
        now.holds(digest(("thing", thing)), digest(holds));
    });
}

/// A new place that holds this; what it holds may be told by what whoever made it had observed. One that others find by a name
/// is called by that.
pub fn place(name: Option<u128>, holds: Option<u128>) -> u128 {
    let made = with(|now| {
        now.made += 1;
        let place = match now.who {
            _ if name.is_some() => digest(("named", name)),
            // Two places that one participant makes without a look between them are told apart by this.
            Some(who) => {
                now.observe("makes a place");
                let place = digest(("made", now.observed[who]));
                now.own.insert(place);
                place
            }
            None => digest(("set", now.made)),
        };
        now.holds(place, holds.unwrap_or(place));
        place
    });
    made.unwrap_or_default()
}

/// Whoever moves looks at a place.
pub fn looks(at: u128, is_of: Blind) {
    with(|now| {
        now.touch(Touch::Look(at), at);
        if is_of == Blind::Nowhere || is_of != now.blind {
            let holds = now.places.get(&at).copied();
            now.observe((at, holds));
        }
    });
}

/// Whoever moves changed a place. Where it can't be told what it holds, that is told by how it came to be.
pub fn changes(at: u128, holds: Option<u128>) {
    with(|now| {
        let before = now.places.get(&at).copied();
        let by = now.who.map(|who| now.observed[who]);
        now.touches += 1;
        now.holds(at, holds.unwrap_or_else(|| digest((before, by))));
    });
}

/// The situation: what is shared, and what everybody has observed.
pub fn now() -> u128 {
    with(|now| digest((now.sum, &now.observed))).unwrap_or_default()
}

impl Situation {
    fn observe(&mut self, what: impl Hash) {
        self.touches += 1;
        if let Some(who) = self.who {
            self.observed[who] = digest((self.observed[who], what));
        }
    }

    fn touch(&mut self, touch: Touch, place: u128) {
        if !self.own.contains(&place) {
            self.touched.push(touch);
        }
    }

    fn holds(&mut self, place: u128, holds: u128) {
        let before = self.places.insert(place, holds);
        // Who leaves it as it was has looked at it.
        self.touch(if before == Some(holds) { Touch::Look(place) } else { Touch::Change(place) }, place);
        if let Some(before) = before {
            self.sum = self.sum.wrapping_sub(digest((place, before)));
        }
        self.sum = self.sum.wrapping_add(digest((place, holds)));
    }
}
