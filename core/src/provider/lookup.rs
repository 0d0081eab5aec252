//! What a table answers about a variable, a host, and how a secret begins: who among all that it knows is meant.

use super::table::{Replaced, Table};
use super::{Provider, Reading, WireKind, field};
use crate::state::name::ProviderId;

impl Table {
    /// The rows of the field that are in use: those whose place no other row has taken. Each is made when it is come to.
    pub fn field(&self) -> impl Iterator<Item = &Provider> {
        let rows = self.has_field.then(field::rows).into_iter().flatten();
        rows.filter(|row| !self.rows.iter().any(|own| own.id == row.id))
    }

    /// Who reads a variable of this name, and as what; case does not count. Rows that were replaced count: their variables
    /// still mark credentials. A row of the field whose place was taken is told as the row that has it.
    pub fn of_variable(&self, name: &str) -> Vec<Reading<'_>> {
        let mut found: Vec<Reading<'_>> = self.every_row().flat_map(|row| row.readings(name)).collect();
        for mention in self.has_field.then(|| field::mentions(name)).into_iter().flatten() {
            let provider = match mention.of {
                field::Of::Row(row) => self.get(&row.id),
                field::Of::WellKnown(id) => self.with_id(id),
            };
            let Some(provider) = provider else { continue };
            let (role, is_shared) = (mention.role, mention.is_shared);
            let known = found.iter_mut().find(|known| known.provider.id == provider.id && known.role == role);
            match known {
                Some(known) => known.is_shared |= is_shared,
                None => found.push(Reading { provider, role, is_shared }),
            }
        }
        found
    }

    /// The providers whose own host this is. Rows that were replaced count, as does the field. A host on this machine is
    /// nobody's unless a row names it among its native hosts.
    pub fn of_host(&self, host: &str) -> Vec<&Provider> {
        let has = |row: &&Provider| row.native_hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
        let of_field = self.has_field.then(|| field::of_host(host)).into_iter().flatten();
        self.every_row().filter(has).chain(of_field).collect()
    }

    /// The rows that a user's file put in the place of the field's.
    pub fn taken_places(&self) -> impl Iterator<Item = Replaced<'_>> {
        let brought = self.rows.iter().filter(|row| self.brought.contains(&row.id));
        brought.filter_map(|row| Some(Replaced { row, shipped: self.has_field.then(|| field::get(row.id.as_str()))?? }))
    }

    /// The row of the field that is in use under this id.
    pub fn in_field(&self, id: &ProviderId) -> Option<&Provider> {
        self.get(id).filter(|row| !self.rows.iter().any(|own| own.id == row.id))
    }

    /// How secrets begin, each with the kind of credential it tells; `None` for what belongs in no variable.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (&str, Option<WireKind>)> {
        let of_field = self.has_field.then(field::prefixes).into_iter().flatten();
        self.every_row().flat_map(|row| row.token_prefixes.iter()).chain(of_field)
    }

    /// Whose secrets begin so.
    pub(super) fn owners(&self, prefix: &str) -> impl Iterator<Item = &ProviderId> {
        let has = move |row: &&Provider| row.token_prefixes.iter().any(|(own, _)| own == prefix);
        let of_field = self.has_field.then(|| field::owners(prefix)).into_iter().flatten();
        self.every_row().filter(has).map(|row| &row.id).chain(of_field)
    }
}
