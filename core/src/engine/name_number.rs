//! A provider's name as a number: a request finds its pool without a look at where the pools' names are.

use std::cmp::Ordering;

/// Up to [`NameNumber::WHOLE`] bytes of a name, the first of them highest, and below them how many it has: numbers stand in the
/// order of their names. Of longer names the order of the texts decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameNumber(u128);

impl NameNumber {
    /// Names of so many bytes are told apart by their numbers alone; nearly all are shorter.
    const WHOLE: usize = 15;

    pub(super) fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let length = bytes.len();
        if length > Self::WHOLE {
            let begin = bytes[..Self::WHOLE].iter().fold(0, |number, byte| number << 8 | u128::from(*byte));
            return Self(begin << 8 | u128::from(u8::MAX));
        }
        // Two halves that may overlap: where they do, they have the same bits.
        let down = 8 * (16 - length);
        let eight = bytes.first_chunk().zip(bytes.last_chunk());
        let eight = eight.map(|(begin, end)| {
            u128::from(u64::from_be_bytes(*begin)) << 64 | u128::from(u64::from_be_bytes(*end)) << down
        });
        let four = || bytes.first_chunk().zip(bytes.last_chunk());
        let four = || {
            four().map(|(begin, end)| {
                u128::from(u32::from_be_bytes(*begin)) << 96 | u128::from(u32::from_be_bytes(*end)) << down
            })
        };
        let few = || bytes.iter().rev().fold(0, |number, byte| number >> 8 | u128::from(*byte) << 120);
        Self(eight.or_else(four).unwrap_or_else(few) | length as u128)
    }

    /// How the name of this number stands to the one of the other; `texts` compares the names.
    #[inline]
    pub(super) fn order(self, other: Self, texts: impl FnOnce() -> Ordering) -> Ordering {
        let is_whole = self.0 & u128::from(u8::MAX) != u128::from(u8::MAX);
        let order = self.cmp(&other);
        if order.is_eq() && !is_whole { texts() } else { order }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(one: &str, other: &str) -> Ordering {
        NameNumber::new(one).order(NameNumber::new(other), || one.cmp(other))
    }

    proptest! {
        #[test]
        fn numbers_stand_in_the_order_of_their_names(one in "[ab\0-]{0,18}", other in "[ab\0-]{0,18}", end in "[ab\0]{0,2}") {
            let longer = format!("{one}{end}");
            for (one, other) in [(&one, &other), (&one, &longer), (&longer, &one)] {
                prop_assert_eq!(order(one, other), one.cmp(other), "{:?} {:?}", one, other);
            }
        }
    }

    #[test]
    fn names_of_each_length_are_told_from_their_neighbours() {
        let long = "abcdefghijklmnopqrst";
        for length in 0..long.len() {
            let name = &long[..length];
            assert_eq!(order(name, name), Ordering::Equal);
            for other in [&long[..length + 1], &format!("{name}a"), &format!("{name}z"), "", "b"] {
                assert_eq!(order(name, other), name.cmp(other), "{name} {other}");
                assert_eq!(order(other, name), other.cmp(name), "{other} {name}");
            }
        }
    }
}
