//! What happens, as data: the model checker, the property tests and the replay of a counterexample share this one type.

mod step;

pub use step::Step;

use credlatch_core::law::Who;
use credlatch_core::name::{Label, ProviderId};
use serde::{Deserialize, Serialize};

use crate::world::server::Manner;

/// A small history: what is there, who is there, and what each does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about.
    pub name: String,
    /// What the store holds at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
    /// How the issuer behaves.
    #[serde(default)]
    pub issuer: Manner,
    /// Whether the platform doesn't say which boot it is: then no two readings of two processes have one clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_boot: bool,
    /// What happened before the participants came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Step>,
    /// Who is there.
    pub participants: Vec<Participant>,
    /// Who takes how many turns, one line after the other; then each goes on to its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<(Who, u32)>,
    /// Whether readers look at what is published in the turn in which they take it, though somebody drains: loom has no turn between.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks_at_once: bool,
}

/// An entry that the store holds at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Given {
    /// An API key.
    Key {
        /// Whose.
        provider: ProviderId,
        /// Its label.
        #[serde(default)]
        label: Label,
        /// Its text.
        secret: String,
    },
    /// A grant that the issuer knows.
    Grant {
        /// Whose.
        provider: ProviderId,
        /// Its label.
        #[serde(default)]
        label: Label,
        /// How long its access token lives from now.
        lifetime_ms: u64,
    },
}

/// Somebody who does something: a thread. Threads of one process share an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Which process it is a thread of.
    pub process: u32,
    /// What it does, one after the other.
    pub steps: Vec<Step>,
    /// Its process dies instead of this operation on the disk or at the issuer, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dies_at: Option<u32>,
    /// It is in a pid namespace of its own: the process table that it sees lists nobody of the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_elsewhere: bool,
    /// Its process reads rows of the providers that moved to another origin since the grants came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_moved_row: bool,
    /// Its process is of an older version, which doesn't note what is about to leave and writes no answer down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_older: bool,
}

/// A provider of the scenario.
///
/// # Panics
/// If the text can't be a provider's id.
pub fn provider(text: &str) -> ProviderId {
    ProviderId::new(text).expect("a scenario's provider")
}

/// A label of the scenario.
///
/// # Panics
/// If the text can't be a label.
pub fn label(text: &str) -> Label {
    Label::new(text).expect("a scenario's label")
}

impl Scenario {
    /// A scenario of processes that each do these steps.
    pub fn processes(name: &str, steps: &[&[Step]]) -> Self {
        let participant = |(process, steps): (usize, &&[Step])| Participant {
            process: u32::try_from(process).unwrap_or(0),
            steps: steps.to_vec(),
            dies_at: None,
            is_elsewhere: false,
            has_moved_row: false,
            is_older: false,
        };
        Self {
            name: name.to_owned(),
            given: Vec::new(),
            issuer: Manner::default(),
            without_boot: false,
            before: Vec::new(),
            participants: steps.iter().enumerate().map(participant).collect(),
            schedule: Vec::new(),
            looks_at_once: false,
        }
    }

    /// Whether somebody waits for those who hold what was cleared.
    pub fn has_drain(&self) -> bool {
        self.participants.iter().any(|one| one.steps.contains(&Step::Drain))
    }

    /// Whether somebody lets the entries of a pool take turns.
    pub fn takes_turns(&self) -> bool {
        let is_it = |step: &Step| matches!(step, Step::TakeTurns { .. });
        self.before.iter().chain(self.participants.iter().flat_map(|one| &one.steps)).any(is_it)
    }

    /// The same with threads of one process.
    #[must_use]
    pub fn as_threads(mut self) -> Self {
        for participant in &mut self.participants {
            participant.process = 0;
        }
        self.name = format!("{} (threads)", self.name);
        self
    }

    /// As JSON, for people and for a replay.
    ///
    /// # Panics
    /// Never: everything in it has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a scenario has a JSON form")
    }
}
