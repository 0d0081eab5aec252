//! What whoever moves looks at, changes and remembers: places, the store, and what isn't a place.

use std::hash::Hash;
use std::sync::Arc;

use credlatch_core::engine::Live;
use credlatch_core::state::State;

use super::coroutine;
use super::digest::digest;
use super::followed::{Blind, Memory, Situation, Touch, settle, with};
use super::holds::{Holds, Part};
use super::mind::Mind;
use super::states::state_digest;
use super::still;

/// Whoever moves looks at something that isn't a place, and then at nothing else before it says what it found.
pub fn looks_at(thing: impl Hash) {
    let thing = digest(("thing", thing));
    if coroutine::owes_turn() && !still::is_still(thing) {
        settle();
    }
    if coroutine::owes_turn() {
        with(|now| now.who.map(|who| still::touches(thing, who, false)));
    } else {
        with(|now| now.touched.push(Touch::Look(thing)));
    }
}

/// Whoever moves is about to write this, with the uses that threads of its process counted in no turn.
pub(super) fn writes_uses(of: &Arc<State>) {
    let is_counting = |now: &mut Situation| now.who.is_some_and(|who| now.hands.is_counting(who));
    if with(is_counting).unwrap_or_default() {
        settle();
        with(|now| now.observe(state_digest(of)));
    }
}

/// Whoever moves found this there, where it has just looked. Whoever owes a turn still has looked at what nobody changes.
pub fn finds(what: impl Hash) {
    if !coroutine::owes_turn() {
        with(|now| now.observe(what));
    }
}

/// Something that isn't a place holds this now.
pub fn alter(thing: impl Hash, holds: impl Hash) {
    settle();
    with(|now| {
        let thing = digest(("thing", thing));
        if let Some(who) = now.who {
            still::touches(thing, who, true);
        }
        now.touches += 1;
        now.holds(thing, digest(holds));
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

/// Whether whoever moves takes no turn to look at a place, or to change it, because nobody can tell when that was.
pub(super) fn is_still(at: u128) -> bool {
    coroutine::is_playing() && with(|now| !now.own.contains(&at)).unwrap_or_default() && still::is_still(at)
}

/// Whoever moves touches such a place; if it changed it, that is what it held before and what it holds now. Where uses are counted in it
/// others may change it in no turn.
pub(super) fn touches_untold(at: u128, is_counted_in: bool, change: Option<(Holds, Holds)>) {
    with(|now| {
        let Some(who) = now.who else { return };
        let differs = |(before, after): &(Holds, Holds)| now.hands.can_tell(who, before, after);
        let is_counted = is_counted_in && now.hands.is_counting(who);
        still::touches(at, who, is_counted || change.as_ref().is_some_and(differs));
        if let Some((_, holds)) = change {
            match holds.part() {
                Some(_) => now.remembers(holds),
                None => drop(now.mind().map(|mind| mind.remembers(at, holds.told()))),
            }
        }
    });
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
    // Nobody else is at it meanwhile.
    with(|now| now.touch(Touch::Change(at), at));
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
    with(|now| {
        now.touch_uses();
        now.hand().map(|hand| hand.holds(record))
    });
}
