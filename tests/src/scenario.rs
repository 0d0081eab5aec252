//! What happens, as data: the model checker, the property tests and the replay of a counterexample share this one type.

use credlatch_core::law::Who;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::FailureKind;
use credlatch_core::rotation::Cause;
use serde::{Deserialize, Serialize};

use crate::world::outside::Back;
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

/// One thing that a participant does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Stores a key by name.
    Set {
        /// Whose.
        provider: ProviderId,
        /// Its label.
        #[serde(default)]
        label: Label,
        /// Its text.
        secret: String,
    },
    /// Stores a grant that it got from the issuer elsewhere, by name.
    SetGrant {
        /// Whose.
        provider: ProviderId,
        /// Its label.
        #[serde(default)]
        label: Label,
    },
    /// Stores the refresh token that an entry held when this participant came, as somebody who kept a copy of it does: under
    /// that label or another, and after its successor too.
    SetKnown {
        /// Whose.
        provider: ProviderId,
        /// Where it is stored.
        #[serde(default)]
        label: Label,
        /// The entry that held it.
        #[serde(default)]
        of: Label,
        /// Whether another access token comes with it.
        #[serde(default)]
        anew: bool,
    },
    /// Imports keys in one pass.
    Import {
        /// Whose.
        provider: ProviderId,
        /// Their labels and texts.
        keys: Vec<(Label, String)>,
    },
    /// Starts a login, or joins the one in progress, and keeps the duty to poll if it falls to it.
    Login {
        /// Of what.
        provider: ProviderId,
    },
    /// Polls to the end, if it has that duty.
    Poll,
    /// Waits for the login it started or joined; polls on if its poller died.
    Await,
    /// Cancels the login it started or joined, or the one that it finds.
    Cancel {
        /// Of what.
        provider: ProviderId,
    },
    /// Clears a provider.
    Clear {
        /// Which.
        provider: ProviderId,
    },
    /// Has a provider's pool used in turn.
    TakeTurns {
        /// Whose.
        provider: ProviderId,
    },
    /// Clears everything.
    ClearAll,
    /// Waits until nobody holds what it cleared.
    Drain,
    /// Removes one entry.
    Remove {
        /// Whose.
        provider: ProviderId,
        /// Its label.
        #[serde(default)]
        label: Label,
    },
    /// Rotates the version that it sees, or that it used.
    Rotate {
        /// Whose.
        provider: ProviderId,
        /// Which.
        #[serde(default)]
        label: Label,
        /// Why.
        cause: Cause,
    },
    /// Takes what is good for a request, and holds it.
    Token {
        /// Of what.
        provider: ProviderId,
    },
    /// Takes what is there, and holds it.
    Current {
        /// Of what.
        provider: ProviderId,
    },
    /// Lets go of what it holds.
    Release,
    /// Says what the provider answered to what it used.
    Report {
        /// What kind of failure.
        answer: FailureKind,
        /// Whether no rest helps.
        #[serde(default)]
        dead: bool,
    },
    /// Forgets what is past its time.
    Purge,
    /// Reads.
    Read,
    /// Time passes.
    Wait {
        /// So much.
        ms: u64,
    },
    /// Somebody sets the wall clock.
    SetWallClock {
        /// By so much, ahead or back.
        by_ms: i64,
    },
    /// Plans a child's environment, in which a Claude token and another's key are inherited.
    Plan {
        /// For which provider.
        provider: ProviderId,
    },
    /// Prints what it knows.
    Print,
    /// A person agrees that grants are sent where the rows point that moved.
    Agree,
    /// From now on the marks of what is gone are keyed, if they weren't.
    Key,
    /// The key of marks is lost, and another is made. Arbitrary histories don't do it, because a spent token isn't recognised
    /// without the key.
    LoseKey,
    /// The document is damaged from outside.
    Tear,
    /// Somebody keeps a backup of the store.
    BackUp,
    /// Somebody puts it back.
    BringBack {
        /// What of it, and where.
        what: Back,
    },
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
