//! What the suite found.

use std::fmt;

use super::Clause;

/// What was found of one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The store keeps it, as far as was seen.
    Kept,
    /// The store breaks it, in this way.
    Broken(String),
    /// It was not checked, for this reason.
    NotAsked(&'static str),
}

/// What was found of each clause.
#[derive(Clone, Debug)]
#[must_use = "it says whether the store keeps the contract"]
pub struct Report(pub(super) Vec<(Clause, Checked)>);

impl Report {
    /// Each clause, with what was found of it.
    pub fn clauses(&self) -> impl Iterator<Item = (Clause, &Checked)> {
        self.0.iter().map(|(clause, checked)| (*clause, checked))
    }

    /// The clauses that the store breaks.
    pub fn broken(&self) -> Vec<Clause> {
        self.clauses().filter(|(_, checked)| matches!(checked, Checked::Broken(_))).map(|(clause, _)| clause).collect()
    }

    /// The clauses that were not checked.
    pub fn not_asked(&self) -> Vec<Clause> {
        self.clauses()
            .filter(|(_, checked)| matches!(checked, Checked::NotAsked(_)))
            .map(|(clause, _)| clause)
            .collect()
    }

    /// Whether no clause was found broken.
    pub fn is_kept(&self) -> bool {
        self.broken().is_empty()
    }
}

impl fmt::Display for Report {
    /// A line for each clause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (clause, checked) in self.clauses() {
            match checked {
                Checked::Kept => writeln!(f, "kept      {clause:16} {}", clause.says())?,
                Checked::Broken(how) => writeln!(f, "BROKEN    {clause:16} {}\n{:27}{how}", clause.says(), "")?,
                Checked::NotAsked(why) => writeln!(f, "not asked {clause:16} {} ({why})", clause.says())?,
            }
        }
        Ok(())
    }
}
