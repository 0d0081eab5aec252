//! Scenarios in files: what once broke a law, and what shows each wrong engine.

use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::names::root;
use crate::scenario::Scenario;

/// A scenario in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The wrong engine of which it is the shortest counterexample; none if the right one failed once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
    /// The scenario, with its schedule.
    pub scenario: Scenario,
}

impl Kept {
    /// Where all of them are.
    pub fn folder() -> PathBuf {
        root().join("tests/scenarios")
    }

    /// The counterexample of this wrong engine.
    pub fn showing(wrong: &str, scenario: Scenario) -> Self {
        Self { shows: Some(wrong.to_owned()), scenario }
    }

    /// Reads the one of this name.
    ///
    /// # Errors
    /// There is none, or it isn't one.
    pub fn read(name: &str) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(Self::folder().join(format!("{name}.json")))?)?)
    }

    /// Writes it under this name.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, name: &str) -> io::Result<()> {
        fs::write(Self::folder().join(format!("{name}.json")), serde_json::to_string_pretty(self)? + "\n")
    }
}
