//! Which row has a name. Each request names its provider, so that is found without a look at the other rows.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Provider;
use crate::state::name::ProviderId;

/// The place of a row, by its id and by each alias.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(HashMap<ProviderId, usize, BuildHasherDefault<Ends>>);

impl Names {
    /// Those of rows in which no name stands twice.
    pub(super) fn new(rows: &[Provider]) -> Self {
        let names = |(place, row): (usize, &Provider)| {
            std::iter::once(&row.id).chain(&row.aliases).map(|name| (name.clone(), place)).collect::<Vec<_>>()
        };
        Self(rows.iter().enumerate().flat_map(names).collect())
    }

    /// Where the row is that has exactly this id or alias.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// Makes a number of how a name begins and ends, which tells nearly all of them apart. Nobody but the user chooses what is in a
/// table, so names that come out alike on purpose cost nobody else anything.
#[derive(Default)]
struct Ends(u64);

impl Hasher for Ends {
    fn write(&mut self, bytes: &[u8]) {
        // An odd number near the golden ratio: what differs anywhere differs in the upper bits then.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let eight = bytes.first_chunk().zip(bytes.last_chunk());
        let eight = eight.map(|(begin, end)| u64::from_le_bytes(*begin) ^ u64::from_le_bytes(*end).rotate_left(29));
        let four = || bytes.first_chunk().zip(bytes.last_chunk());
        let four = || four().map(|(begin, end)| both(u32::from_le_bytes(*begin), u32::from_le_bytes(*end)));
        let few = || bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let word = eight.or_else(four).unwrap_or_else(few);
        self.0 = (word ^ bytes.len() as u64).wrapping_mul(SPREAD);
    }

    fn write_u8(&mut self, _end_of_text: u8) {}

    fn finish(&self) -> u64 {
        // The map looks at the lowest bits and at the highest ones.
        self.0.rotate_left(32)
    }
}

fn both(one: u32, other: u32) -> u64 {
    u64::from(one) << 32 | u64::from(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Table, TableFile};

    #[test]
    fn each_name_of_each_row_finds_its_row_and_no_other_name_does() {
        let file: TableFile = serde_json::from_str(crate::provider::BUILT_IN_JSON).unwrap();
        let (names, table) = (Names::new(&file.providers), Table::of_checked(file.providers.clone()));
        for (place, row) in file.providers.iter().enumerate() {
            for name in std::iter::once(&row.id).chain(&row.aliases) {
                assert_eq!(names.place(name.as_str()), Some(place));
                assert_eq!(table.resolve(name.as_str()).unwrap().id, row.id);
            }
        }
        for text in ["", "a", "abc", "anthropi", "anthropicc", "no-such-provider-at-all"] {
            assert_eq!(names.place(text), None, "{text}");
        }
    }
}
