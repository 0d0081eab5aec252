//! A provider's pool of entries. Each event makes a copy of the state, and of a pool of a hundred entries it changes one: so
//! copies share the entries that nobody has changed.

use std::fmt;
use std::iter::Map;
use std::ops::{Index, IndexMut};
use std::slice;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::entry::Entry;

/// Entries in the order in which they are used. Whoever changes one copies it first if another pool shares it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Entries(Vec<Arc<Entry>>);

/// The pool of a provider of which nothing is known.
pub(super) static NONE: Entries = Entries(Vec::new());

impl Entries {
    /// Each entry, in order.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// Each entry, to change it: all are copied that it comes to. To change some, ask for those ([`Entries::which_mut`]).
    pub fn iter_mut(&mut self) -> <&mut Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// Those entries that are such, to change them.
    pub fn which_mut(&mut self, is_such: impl Fn(&Entry) -> bool) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut().filter(move |entry| is_such(entry)).map(Arc::make_mut)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first one, if there is any.
    pub fn first(&self) -> Option<&Entry> {
        self.get(0)
    }

    /// The one at a place, counted from 0.
    pub fn get(&self, place: usize) -> Option<&Entry> {
        self.0.get(place).map(Arc::as_ref)
    }

    /// Adds one at the end.
    pub fn push(&mut self, entry: Entry) {
        self.0.push(Arc::new(entry));
    }

    /// Takes one out; those behind it move up.
    ///
    /// # Panics
    /// There is none at that place.
    pub fn remove(&mut self, place: usize) -> Entry {
        Arc::unwrap_or_clone(self.0.remove(place))
    }

    /// Takes those out that are such.
    pub fn extract(&mut self, is_such: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.0.extract_if(.., |entry| is_such(entry)).map(Arc::unwrap_or_clone).collect()
    }

    /// Keeps those that are such.
    pub fn retain(&mut self, is_such: impl Fn(&Entry) -> bool) {
        self.0.retain(|entry| is_such(entry));
    }

    /// Takes all of them out.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl PartialEq for Entries {
    /// What is shared is equal without a look at it.
    fn eq(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&Arc<Entry>, &Arc<Entry>)| Arc::ptr_eq(one, other) || one == other;
        self.len() == other.len() && self.0.iter().zip(&other.0).all(is_same)
    }
}

impl Index<usize> for Entries {
    type Output = Entry;

    fn index(&self, place: usize) -> &Entry {
        &self.0[place]
    }
}

impl IndexMut<usize> for Entries {
    fn index_mut(&mut self, place: usize) -> &mut Entry {
        Arc::make_mut(&mut self.0[place])
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a Entry;
    type IntoIter = Map<slice::Iter<'a, Arc<Entry>>, fn(&'a Arc<Entry>) -> &'a Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(Arc::as_ref)
    }
}

impl<'a> IntoIterator for &'a mut Entries {
    type Item = &'a mut Entry;
    type IntoIter = Map<slice::IterMut<'a, Arc<Entry>>, fn(&'a mut Arc<Entry>) -> &'a mut Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut().map(Arc::make_mut)
    }
}

impl IntoIterator for Entries {
    type Item = Entry;
    type IntoIter = Map<std::vec::IntoIter<Arc<Entry>>, fn(Arc<Entry>) -> Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(Arc::unwrap_or_clone)
    }
}

impl FromIterator<Entry> for Entries {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        Self(entries.into_iter().map(Arc::new).collect())
    }
}

impl Extend<Entry> for Entries {
    fn extend<T: IntoIterator<Item = Entry>>(&mut self, entries: T) {
        self.0.extend(entries.into_iter().map(Arc::new));
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of entries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
                let mut entries = Entries::default();
                // One after the other: nobody makes a list of entries first, and then moves them.
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_seq(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{acme, key, named, stored};

    fn pool() -> Entries {
        stored([named("a", key("key-1")), named("b", key("key-2"))]).pool(acme().as_str()).clone()
    }

    fn is_shared(one: &Entries, other: &Entries, place: usize) -> bool {
        std::ptr::eq(&raw const one[place], &raw const other[place])
    }

    #[test]
    fn a_copy_shares_what_nobody_changed_and_whoever_changes_one_changes_it_for_himself() {
        let one = pool();
        let mut other = one.clone();
        assert!(is_shared(&one, &other, 0) && is_shared(&one, &other, 1));
        other.which_mut(|entry| entry.label.as_str() == "b").for_each(|entry| entry.version = 9);
        assert!(is_shared(&one, &other, 0) && !is_shared(&one, &other, 1));
        assert_eq!((one[1].version, other[1].version), (2, 9));
        assert_ne!(one, other);
        other[1].version = 2;
        assert_eq!(one, other, "what is not shared is compared");
    }

    #[test]
    fn what_is_taken_out_is_kept_by_who_has_a_copy() {
        let one = pool();
        let mut other = one.clone();
        assert_eq!(other.extract(|entry| entry.version == 1), [one[0].clone()]);
        assert_eq!(other.remove(0), one[1]);
        assert!(other.is_empty() && other.first().is_none());
        other.extend(one.clone());
        other.retain(|entry| entry.version == 2);
        assert_eq!((one.len(), other.len()), (2, 1));
        other.clear();
        assert_eq!((other.len(), one.into_iter().count()), (0, 2));
    }
}
