//! What is known of a play, as digests: what everything shared holds, and what each participant has observed so far.
//!
//! The code of a participant between two accesses to something shared is deterministic, and has no other input than what it
//! observes. So what it will do is a function of what it has observed. Here that is a digest, which grows by each observation. The
//! engine says what of that makes no difference any more ([`keep_only`]): then it is forgotten, but for what the memory of the process
//! holds. One that is through does nothing more, so that of it only what it did outside is kept. That is why what a place holds is told
//! by what is in it, and by nobody's way there.
//!
//! Nothing is kept unless somebody explores, and then for each thread of the system by itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use super::digest::digest;
use super::mind::Mind;
use super::states;

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
    /// What makes a difference of what participants have observed before.
    ToKept,
    /// What the memory of a process holds that has one thread.
    ToMemory,
}

/// By what the memory of processes is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// By how it came to be.
    #[default]
    Changes,
    /// By what is in it, where each reader counts, because somebody waits for their end.
    Readers,
    /// By what is in it.
    Content,
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
    minds: Vec<Mind>,
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
    blind: Blind,
    memory: Memory,
}

thread_local! {
    static NOW: RefCell<Option<Situation>> = const { RefCell::new(None) };
}

fn with<R>(look: impl FnOnce(&mut Situation) -> R) -> Option<R> {
    NOW.with(|now| now.borrow_mut().as_mut().map(look))
}

/// From here on what happens on this thread is followed, until [`forget`].
pub fn follow(participants: usize, blind: Blind, memory: Memory) {
    let minds = (0..participants).map(Mind::new).collect();
    let situation = Situation { minds, blind, memory, ..Situation::default() };
    NOW.with(|now| *now.borrow_mut() = Some(situation));
    states::keep();
}

/// Whether anything is followed.
pub fn is_followed() -> bool {
    NOW.with(|now| now.borrow().is_some())
}

/// Nothing is followed any more.
pub fn forget() {
    NOW.with(|now| *now.borrow_mut() = None);
    states::forget();
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
        now.mind().map(|mind| mind.acts(&format!("{what:?}")))
    });
}

/// How often anything was touched that somebody else could look at or change, or that tells its future to whoever touches it.
pub fn touches() -> u64 {
    with(|now| now.touches).unwrap_or_default()
}

/// What whoever moves has observed so far.
pub fn observed() -> u128 {
    with(|now| now.mind().map(|mind| mind.observed())).flatten().unwrap_or_default()
}

/// Of what whoever moves has observed since then only this makes a difference to what it does.
pub fn keep_only(since: u128, what: impl Hash) {
    with(|now| {
        let what = if now.blind == Blind::ToKept { 0 } else { digest(what) };
        now.mind().map(|mind| mind.keeps_only(since, what))
    });
}

/// Whoever moves draws a nonce.
pub fn draws() {
    with(|now| now.mind().map(Mind::draws));
}

/// The memory of whoever moves, who is alone in its process, holds this at that place.
pub fn remembers(at: u128, holds: Option<u128>) {
    with(|now| {
        let is_blind = now.blind == Blind::ToMemory;
        now.mind().filter(|_| !is_blind).map(|mind| mind.remembers(at, holds))
    });
}

/// By what the memory of processes is told apart.
pub fn memory() -> Memory {
    with(|now| now.memory).unwrap_or_default()
}

/// Whoever moves is through. What it has observed matters to nobody, unless it leaves a memory to other threads of its process.
pub fn is_through(is_alone: bool) {
    with(|now| {
        let is_blind = now.blind == Blind::ToDeeds;
        match now.mind() {
            Some(mind) if is_alone => mind.ends(if is_blind { 0 } else { mind.deeds() }),
            _ => now.observe("through"),
        }
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
            Some(_) => {
                now.touches += 1;
                let place = now.mind().map(Mind::makes_place).unwrap_or_default();
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
        let by = now.mind().map(|mind| mind.observed());
        now.touches += 1;
        now.holds(at, holds.unwrap_or_else(|| digest((before, by))));
    });
}

/// The situation: what is shared, and what everybody has observed.
pub fn now() -> u128 {
    with(|now| digest((now.sum, &now.minds))).unwrap_or_default()
}

impl Situation {
    fn observe(&mut self, what: impl Hash) {
        self.touches += 1;
        if let Some(mind) = self.mind() {
            mind.observes(what);
        }
    }

    /// That of whoever moves.
    fn mind(&mut self) -> Option<&mut Mind> {
        self.minds.get_mut(self.who?)
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
