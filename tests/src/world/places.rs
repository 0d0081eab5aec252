//! What whoever moves looks at, changes and remembers: places, the store, and what isn't a place.

use std::hash::Hash;
use std::sync::Arc;

use credlatch_core::engine::Live;
use credlatch_core::state::State;

use super::digest::digest;
use super::followed::{Blind, Memory, Touch, with};
use super::holds::{Holds, Part};
use super::mind::Mind;

/// Whoever moves looks at something that isn't a place.
pub fn looks_at(thing: impl Hash) {
    with(|now| now.touched.push(Touch::Look(digest(("thing", thing)))));
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
pub(super) fn place(name: Option<u128>, holds: Holds) -> u128 {
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
        match holds.part() {
            Some(part) => {
                now.parts.insert(place, part);
                now.remembers(holds);
            }
            None => now.holds(place, holds.told().unwrap_or(place)),
        }
        place
    });
    made.unwrap_or_default()
}

/// Whoever moves looks at a place.
pub fn looks(at: u128, is_of: Blind) {
    with(|now| {
        now.touch(Touch::Look(at), at);
        if is_of == Blind::Nowhere || is_of != now.blind {
            let holds = now.holding(at);
            now.observe((at, holds));
        }
    });
}

/// Whoever moves looks at a place, and changes it. What its process has noted it is not told then, only that it was there.
pub(super) fn looks_to_change(at: u128, is_of: Blind) {
    if with(|now| now.parts.get(&at) == Some(&Part::Ledger)).unwrap_or_default() {
        glances(at);
        with(|now| now.observe(at));
    } else {
        looks(at, is_of);
    }
}

/// Whoever moves looks at a place, and is told of it what it observes by itself.
pub(super) fn glances(at: u128) {
    with(|now| {
        now.touches += 1;
        now.touch(Touch::Look(at), at);
    });
}

/// Whoever moves changed a place. Where it can't be told what it holds, that is told by how it came to be.
pub(super) fn changes(at: u128, holds: Holds) {
    with(|now| {
        now.touches += 1;
        if holds.part().is_some() {
            now.touch(Touch::Change(at), at);
            return now.remembers(holds);
        }
        let before = now.places.get(&at).copied();
        let by = now.mind().map(|mind| mind.observed());
        now.holds(at, holds.told().unwrap_or_else(|| digest((before, by))));
    });
}

/// The memory of whoever moves, who is alone in its process, holds this at that place.
pub(super) fn remembers(at: u128, holds: Holds) {
    with(|now| {
        if now.blind == Blind::ToMemory {
            return;
        }
        match holds.part() {
            Some(_) => now.remembers(holds),
            None => drop(now.mind().map(|mind| mind.remembers(at, holds.told()))),
        }
    });
}

/// Whoever moves has read this word, if one is believed.
pub(super) fn takes_word(word: Option<u64>) {
    with(|now| match now.memory {
        _ if now.blind == Blind::ToStore => now.touches += 1,
        Memory::Changes => now.observe(word),
        Memory::Content => {
            now.observe("a word");
            if let Some(hand) = now.hand() {
                hand.takes_word(word);
            }
        }
    });
}

/// Whoever moves sees this document, or has put it there.
pub(super) fn takes_document(state: &Arc<State>, id: Option<u64>) {
    with(|now| {
        now.hands.stands(state, id);
        now.hand().map(|hand| hand.takes(state, id))
    });
}

/// Whoever moves looks at what is published in its process, and takes it if it isn't old.
pub(super) fn takes_published(state: &Arc<State>, id: Option<u64>) {
    with(|now| {
        let is_taken = now.who.is_some_and(|who| now.hands.may_find(who, id));
        now.hand().filter(|_| is_taken).map(|hand| hand.takes(state, id))
    });
}

/// What is there of states that somebody in this process may still come up with.
pub fn may_see(process: u32) -> Vec<Arc<State>> {
    with(|now| now.hands.states(process).map(|one| Arc::clone(&one.state)).collect()).unwrap_or_default()
}

/// Whoever moves holds this record from now on, or none.
pub fn holds_record(record: Option<&Arc<Live>>) {
    with(|now| now.hand().map(|hand| hand.holds(record)));
}
