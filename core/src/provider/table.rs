//! Rows that were checked together, and how a name finds its row.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::names::Names;
use super::{BadTable, Provider, check, field, sniff};
use crate::state::name::ProviderId;
use crate::state::origin::{Origin, Reach};

/// The providers that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Every latch of a process has the rows that ship, once.
    pub(super) rows: Arc<Vec<Provider>>,
    names: Arc<Names>,
    /// Rows that a user's file replaced: their variables and prefixes still mark credentials.
    replaced: Vec<Provider>,
    /// Which rows a user's file brought.
    pub(super) brought: BTreeSet<ProviderId>,
    /// Whether the field is known, too. A row that is here goes before one of the field.
    pub(super) has_field: bool,
}

/// A row that a user's file put in the place of one that ships.
#[derive(Clone, Copy, Debug)]
pub struct Replaced<'a> {
    /// The row in use.
    pub row: &'a Provider,
    /// The row that ships.
    pub shipped: &'a Provider,
}

impl Replaced<'_> {
    /// The origins that the row in use names and the one that ships doesn't. A row that ships without any host, as `custom`
    /// does, is there to be filled in, and nothing moves then.
    pub fn new_origins(&self) -> BTreeSet<Origin> {
        let shipped = self.shipped.origins();
        if shipped.is_empty() { BTreeSet::new() } else { &self.row.origins() - &shipped }
    }
}

/// No provider has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownProvider {
    /// What was asked for; absent if it is blank, can't be a name, or might be a secret in the wrong place.
    pub asked: Option<ProviderId>,
    /// The id or alias that is spelled most like it.
    pub nearest: Option<ProviderId>,
    /// The ids of the rows in use but for the field's.
    pub known: Vec<ProviderId>,
    /// How many more the field has.
    pub more: usize,
}

impl Table {
    /// Checks rows and makes them a table.
    ///
    /// # Errors
    /// Says which row breaks which rule.
    pub fn new(rows: Vec<Provider>) -> Result<Self, BadTable> {
        check::rows(&rows)?;
        Ok(Self::of_checked(rows))
    }

    /// Makes rows a table that were checked before, as those that ship are by a test: each command begins with them.
    pub fn of_checked(rows: Vec<Provider>) -> Self {
        let names = Arc::new(Names::new(&rows));
        Self { rows: Arc::new(rows), names, replaced: Vec::new(), brought: BTreeSet::new(), has_field: false }
    }

    /// Knows the field, too: the providers that ship beside the well-known ones. Whatever a row of this table says or is
    /// called, now or after a merge, goes before the field.
    #[must_use]
    pub fn with_field(self) -> Self {
        Self { has_field: true, ..self }
    }

    /// Adds a user's rows; one with a known id replaces that row as a whole.
    ///
    /// # Errors
    /// Says which row breaks which rule, alone or together with the rows that are here.
    pub fn merge(mut self, user: Vec<Provider>) -> Result<Self, BadTable> {
        check::rows(&user)?;
        for mut row in user {
            // Only what ships is believed about where it was before.
            row.oauth.iter_mut().for_each(|oauth| oauth.former_origins.clear());
            self.brought.insert(row.id.clone());
            let rows = Arc::make_mut(&mut self.rows);
            match rows.iter_mut().find(|old| old.id == row.id) {
                Some(old) => self.replaced.push(std::mem::replace(old, row)),
                None => rows.push(row),
            }
        }
        check::rows(&self.rows)?;
        self.names = Arc::new(Names::new(&self.rows));
        Ok(self)
    }

    /// The row with this id.
    pub fn get(&self, id: &ProviderId) -> Option<&Provider> {
        self.with_id(id.as_str())
    }

    pub(super) fn with_id(&self, id: &str) -> Option<&Provider> {
        let of_field = || self.has_field.then(|| field::get(id)).flatten();
        self.own(id).filter(|row| row.id.as_str() == id).or_else(of_field)
    }

    /// The row that a person means: white space and case don't count, aliases do.
    ///
    /// # Errors
    /// Says what is known, and what is spelled most like it.
    #[inline]
    pub fn resolve(&self, text: &str) -> Result<&Provider, UnknownProvider> {
        // Programs spell names as the rows do, and ask for each request.
        self.own(text).map_or_else(|| self.resolve_otherwise(text), Ok)
    }

    fn resolve_otherwise(&self, text: &str) -> Result<&Provider, UnknownProvider> {
        if let Some(row) = self.named(text) {
            return Ok(row);
        }
        let asked = ProviderId::new(text).ok();
        asked.as_ref().and_then(|name| self.named(name.as_str())).ok_or_else(|| self.unknown(text, asked))
    }

    /// The row of this table alone that has this id or alias.
    fn own(&self, name: &str) -> Option<&Provider> {
        self.rows.get(self.names.place(name)?)
    }

    /// The row with exactly this id or alias.
    fn named(&self, name: &str) -> Option<&Provider> {
        let of_field = || match self.has_field.then(|| field::named(name)).flatten()? {
            // A user's row has taken its place, under the same id.
            field::Of::Row(row) => self.get(&row.id),
            field::Of::WellKnown(id) => self.with_id(id),
        };
        self.own(name).or_else(of_field)
    }

    fn unknown(&self, text: &str, asked: Option<ProviderId>) -> UnknownProvider {
        // A secret that was typed in the place of a name must not come back in an error.
        let asked = asked.filter(|name| name.as_str().len() <= 24 && sniff::tokens(self, text).is_empty());
        let names =
            self.rows.iter().flat_map(|row| std::iter::once(&row.id).chain(&row.aliases)).map(ProviderId::as_str);
        let names = names.chain(self.has_field.then(field::names).into_iter().flatten());
        let nearest = asked.as_ref().and_then(|asked| {
            let close = |name: &str| edit_distance(asked.as_str(), name);
            names
                .map(|name| (close(name), name))
                .min_by_key(|(far, _)| *far)
                .filter(|(far, name)| *far <= 2 && far * 2 <= name.len())
        });
        let nearest = nearest.and_then(|(_, name)| ProviderId::new(name).ok());
        let known = self.rows.iter().map(|row| row.id.clone()).collect();
        UnknownProvider { asked, nearest, known, more: self.field().count() }
    }

    /// The rows in use but for the field's.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.rows.iter()
    }

    /// The rows that a user's file put in the place of well-known ones.
    pub fn replacements(&self) -> impl Iterator<Item = Replaced<'_>> {
        self.replaced.iter().filter_map(|shipped| Some(Replaced { row: self.get(&shipped.id)?, shipped }))
    }

    /// How far the provider's row reaches. `is_accepted` says whether a person agreed to where a row sends secrets.
    pub fn reach(&self, id: &ProviderId, is_accepted: impl FnOnce(&Provider) -> bool) -> Option<Reach> {
        let row = self.get(id)?;
        let ships = !self.brought.contains(id);
        let shipped = self.replaced.iter().find(|old| old.id == *id).unwrap_or(row);
        let former = row.oauth.iter().flat_map(|oauth| &oauth.former_origins).filter_map(|url| Origin::of(url));
        Some(Reach {
            present: row.grant_origins(),
            usual: shipped.grant_origins(),
            former: former.collect(),
            ships,
            accepted: is_accepted(row),
        })
    }

    /// The rows in use and those that were replaced: whatever was ever known to mark a credential.
    pub(crate) fn every_row(&self) -> impl Iterator<Item = &Provider> {
        self.rows.iter().chain(&self.replaced)
    }
}

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.asked {
            Some(asked) => write!(f, "no provider is called `{asked}`")?,
            None => f.write_str("that is not the name of a provider")?,
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        let known: Vec<&str> = self.known.iter().map(ProviderId::as_str).collect();
        let more = if self.more == 0 { String::new() } else { format!(", and {} more", self.more) };
        write!(f, " (known: {}{more})", known.join(", "))
    }
}

/// How many insertions, deletions and replacements lie between two words.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn distance_counts_single_changes() {
        for (a, b, far) in
            [("", "abc", 3), ("minimax", "minimax", 0), ("minmax", "minimax", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(a, b), far, "{a} {b}");
            assert_eq!(edit_distance(b, a), far, "{b} {a}");
        }
    }
}
