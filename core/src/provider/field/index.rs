//! Where the words of the field's text are: a hash table that the compiler makes, with open addressing.

use super::TEXT;

/// A power of two, and some three times as many as there are words.
const SLOTS: usize = 4096;
/// No place: the text is shorter.
const EMPTY: u16 = u16::MAX;

/// For each slot, where a word begins whose hash leads there or to a slot just before it.
static INDEX: [u16; SLOTS] = index();

/// Where this word stands: as an id, an alias or in a clause, in the order of the text.
pub(super) fn places(word: &str) -> impl Iterator<Item = usize> {
    let first = hash(word.as_bytes(), 0, word.len());
    let slots = (0..SLOTS).map(move |step| INDEX[(first + step) % SLOTS]).take_while(|place| *place != EMPTY);
    slots.map(usize::from).filter(move |place| {
        let rest = &TEXT.as_bytes()[*place..];
        rest.starts_with(word.as_bytes()) && rest.get(word.len()).is_none_or(|byte| is_end(*byte))
    })
}

/// How many slots are looked at for a word.
#[cfg(test)]
pub(super) fn steps(word: &str) -> usize {
    let first = hash(word.as_bytes(), 0, word.len());
    (0..SLOTS).take_while(|step| INDEX[(first + step) % SLOTS] != EMPTY).count()
}

/// FNV-1a of a part of some bytes, as a slot.
const fn hash(bytes: &[u8], from: usize, to: usize) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = from;
    while at < to {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 15)) as usize % SLOTS
}

const fn is_end(byte: u8) -> bool {
    matches!(byte, b' ' | b';' | b'*' | b'\n')
}

/// Enters every word of two letters or more, but those that say what a clause is about: they would crowd a few slots.
#[allow(clippy::cast_possible_truncation)] // A place fits 16 bits, as is asserted.
const fn index() -> [u16; SLOTS] {
    let text = TEXT.as_bytes();
    assert!(text.len() < EMPTY as usize, "a place must fit 16 bits");
    let mut slots = [EMPTY; SLOTS];
    let mut at = 0;
    while at < text.len() {
        let from = at;
        while at < text.len() && !is_end(text[at]) {
            at += 1;
        }
        let begins_a_clause = from >= 2 && text[from - 2] == b';';
        if at - from > 1 && !begins_a_clause {
            let mut slot = hash(text, from, at);
            while slots[slot] != EMPTY {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = from as u16;
        }
        at += 1;
    }
    slots
}
