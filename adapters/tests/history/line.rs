//! What everybody says, one line each, into the one pipe whose order is the history's.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use credlatch_core::state::{Custody, Entry, Material, State};
use serde::{Deserialize, Serialize};

/// A pipe takes so many bytes at once or not at all (POSIX allows no less than 512; Linux gives 4096).
const LINE_MAX: usize = 4096;

/// One line: who, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// The worker it is about; a process that is started anew is another worker. 0 is nobody.
    pub(crate) who: u32,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// A worker is about to do this.
    Began(Call),
    /// Within a rotation: it is about to present this refresh token.
    Presenting(String),
    /// Within a rotation: this is what it heard.
    Answered(Heard),
    /// It has done it, and this is what came of it.
    Ended(Reply),
    /// The conductor is about to kill it.
    Killing,
    /// It is dead, and nothing of it runs any more.
    Reaped,
    /// The conductor is about to stop it.
    Stopping,
    /// The issuer made a new login, with this refresh token.
    Born(String),
    /// The issuer got this refresh token from it.
    Received(String),
    /// The issuer replaced it by its successor.
    Consumed { old: String, new: String },
    /// It had been replaced already: its whole family is revoked.
    Replayed(String),
    /// It belongs to a family that is revoked.
    Refused(String),
    /// The issuer did nothing with it.
    Ignored(String),
    /// Everybody is dead and the store was looked at: what it holds is to be compared with the issuer.
    Rested(View),
    /// The last line.
    Curtain,
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    Set { provider: String, label: String, value: String },
    Login { provider: String, access: String, refresh: String },
    Remove { provider: String, label: String },
    Clear { provider: String },
    Current { provider: String },
    Status,
    Rotate { provider: String },
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Stored,
    Cleared {
        generation: u64,
        labels: Vec<String>,
    },
    Picked {
        label: String,
        version: u64,
        value: String,
        generation: u64,
    },
    Rotated {
        version: u64,
        value: String,
        generation: u64,
    },
    Seen(View),
    /// The kind of the error, by its name in JSON output, and its text.
    Failed {
        kind: String,
        why: String,
    },
}

/// What an issuer's answer was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Heard {
    Granted {
        access: String,
        refresh: String,
    },
    Rejected,
    /// Certainly not consumed.
    Later,
    /// Nothing usable.
    Unknown,
}

/// What can be seen of a state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) generation: u64,
    pub(crate) last_version: u64,
    pub(crate) entries: Vec<Seen>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) provider: String,
    pub(crate) label: String,
    pub(crate) version: u64,
    /// The secret. Here it is a name: no two writes store the same one.
    pub(crate) value: String,
    /// Only a login has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh: Option<String>,
    pub(crate) custody: Held,
}

/// A login's custody, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Held {
    /// A key has none.
    Key,
    Settled,
    Rotating,
    InDoubt,
    Lost,
}

impl View {
    pub(crate) fn of(state: &State) -> Self {
        let slots = state.providers.iter();
        let entries =
            slots.flat_map(|(provider, slot)| slot.entries.iter().map(|entry| seen(provider.as_str(), entry)));
        Self { generation: state.generation, last_version: state.last_version, entries: entries.collect() }
    }

    pub(crate) fn entry(&self, provider: &str, label: &str) -> Option<&Seen> {
        self.entries.iter().find(|seen| seen.provider == provider && seen.label == label)
    }
}

fn seen(provider: &str, entry: &Entry) -> Seen {
    let refresh = entry.grant().and_then(|grant| grant.refresh.as_ref());
    Seen {
        provider: provider.to_owned(),
        label: entry.label.as_str().to_owned(),
        version: entry.version,
        value: entry.secret().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default(),
        refresh: refresh.map(|refresh| refresh.expose_secret().to_owned()),
        custody: held(entry),
    }
}

pub(crate) fn held(entry: &Entry) -> Held {
    match &entry.material {
        Material::Oauth(grant) => match grant.custody {
            Custody::Settled => Held::Settled,
            Custody::Rotating(_) => Held::Rotating,
            Custody::InDoubt(_) => Held::InDoubt,
            Custody::Lost(_) => Held::Lost,
        },
        Material::ApiKey(_) | Material::Link(_) => Held::Key,
    }
}

/// The writing end of the pipe. A line is one write, so lines never mix, and a process that is killed has written the
/// whole of a line or nothing of it.
#[derive(Clone)]
pub(crate) struct Teller(Arc<File>);

impl Teller {
    pub(crate) fn new(pipe: File) -> Self {
        Self(Arc::new(pipe))
    }

    /// Says it; false if nobody listens any more.
    pub(crate) fn tell(&self, who: u32, what: What) -> bool {
        let mut line = serde_json::to_vec(&Line { who, what }).unwrap();
        line.push(b'\n');
        assert!(line.len() <= LINE_MAX, "a longer line could be torn: {}", String::from_utf8_lossy(&line));
        (&*self.0).write(&line).is_ok_and(|written| written == line.len())
    }
}
