//! A provider's name as a number: a request finds its pool without a look at where the pools' names are.

use std::cmp::Ordering;

/// Up to [`NameNumber::WHOLE`] bytes of a name, the first of them highest, and below them how many it has: numbers stand in the
/// order of their names. Of longer names the order of the texts decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameNumber(u64, u64);

impl NameNumber {
    /// Names of so many bytes are told apart by their numbers alone; nearly all are shorter.
    const WHOLE: usize = 15;
    /// How many bytes a longer name is said to have.
    const LONGER: u64 = 0xff;

    #[inline]
    pub(super) fn new(name: &str) -> Self {
        let (bytes, length) = (name.as_bytes(), name.len() as u64);
        match (bytes.first_chunk(), bytes.last_chunk()) {
            // The end overlaps the beginning, and what does is shifted out.
            (Some(begin), Some(end)) if bytes.len() <= Self::WHOLE => {
                let end = u64::from_be_bytes(*end) << 8 << (8 * (15 - length));
                Self(u64::from_be_bytes(*begin), end | length)
            }
            (Some(begin), _) => Self(u64::from_be_bytes(*begin), few(&bytes[8..Self::WHOLE]) | Self::LONGER),
            _ => Self(few(bytes), length),
        }
    }

    /// How the name of this number stands to the one of the other; `texts` compares the names.
    #[inline]
    pub(super) fn order(self, other: Self, texts: impl FnOnce() -> Ordering) -> Ordering {
        let is_whole = self.1 & Self::LONGER != Self::LONGER;
        let order = self.cmp(&other);
        if order.is_eq() && !is_whole { texts() } else { order }
    }
}

/// Fewer than eight bytes, the first of them highest.
fn few(bytes: &[u8]) -> u64 {
    let four = bytes.first_chunk().zip(bytes.last_chunk());
    // Where the halves overlap, they have the same bits.
    let four = four.map(|(begin, end)| {
        u64::from(u32::from_be_bytes(*begin)) << 32 | u64::from(u32::from_be_bytes(*end)) << (8 * (8 - bytes.len()))
    });
    four.unwrap_or_else(|| bytes.iter().rev().fold(0, |number, byte| number >> 8 | u64::from(*byte) << 56))
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
            for other in [&long[..=length], &format!("{name}a"), &format!("{name}z"), "", "b"] {
                assert_eq!(order(name, other), name.cmp(other), "{name} {other}");
                assert_eq!(order(other, name), other.cmp(name), "{other} {name}");
            }
        }
    }
}
