//! What can be observed from outside, in the order in which it happened.

use std::sync::Arc;

use crate::machine::put::Put;
use crate::machine::{Event, Verdict};
use crate::state::name::{Label, ProviderId};
use crate::state::origin::{Origin, Origins};
use crate::state::time::Stamp;
use crate::state::{Nonce, State};

/// A participant: a thread of a process, or a process.
pub type Who = u32;

/// One thing that was observed.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The machine took a step.
    Stepped(Box<Stepped>),
    /// Time passed, by a clock that nobody sets and no boot starts anew.
    Passed {
        /// So much.
        ms: u64,
    },
    /// A participant's call that changes several things began; `pass` says how many it is about.
    PassBegan {
        /// Who.
        who: Who,
        /// How many changes it carries.
        pass: usize,
    },
    /// It ended.
    PassEnded {
        /// Who.
        who: Who,
    },
    /// A participant was asked to clear a provider.
    ClearBegan {
        /// Who.
        who: Who,
        /// The provider.
        provider: ProviderId,
    },
    /// The clear returned.
    ClearEnded {
        /// Who.
        who: Who,
    },
    /// The store shows a new commit to readers.
    Shown {
        /// Who wrote it.
        who: Who,
        /// The state.
        state: Arc<State>,
    },
    /// What was last shown would survive a power cut.
    Durable {
        /// The state.
        state: Arc<State>,
    },
    /// A commit returned to its caller.
    Returned {
        /// Who.
        who: Who,
        /// Its generation.
        generation: u64,
    },
    /// Somebody who stored something by name is told what came of it.
    Told {
        /// Who.
        who: Who,
        /// What was to be stored.
        put: Box<Put>,
        /// The verdict; none if nothing was saved.
        verdict: Option<Verdict>,
    },
    /// A read began.
    ReadBegan {
        /// Who.
        who: Who,
    },
    /// A read returned this state.
    ReadEnded {
        /// Who.
        who: Who,
        /// What it saw.
        saw: Arc<State>,
    },
    /// A reader holds a value of this version, or lets go of it.
    Held {
        /// Who.
        who: Who,
        /// In which process.
        process: u32,
        /// The version.
        version: u64,
        /// Whether it begins or ends.
        holds: bool,
    },
    /// A drain said that nobody in its process holds these versions.
    Drained {
        /// Which process.
        process: u32,
        /// The versions.
        versions: Vec<u64>,
    },
    /// An outside act began.
    ActBegan {
        /// Who.
        who: Who,
        /// What.
        deed: Deed,
    },
    /// An outside act ended, or its request can no longer be in flight.
    ActEnded {
        /// Who.
        who: Who,
        /// What.
        deed: Deed,
    },
    /// The issuer replaced a refresh token by its successor.
    Succession {
        /// The old one.
        old: String,
        /// The new one.
        new: String,
    },
    /// An actor wrote down, as a whole, what the issuer granted to its act.
    WrittenDown {
        /// Who.
        who: Who,
        /// The act.
        attempt: Nonce,
        /// The access token.
        access: String,
        /// When it came.
        received: Stamp,
    },
    /// A grant came from the issuer, by a row that names these origins.
    Came {
        /// Its refresh token.
        token: String,
        /// Where the row pointed.
        from: Origins,
    },
    /// A grant's token was sent there.
    Sent {
        /// The token.
        token: String,
        /// Where its row points.
        to: Origin,
    },
    /// A person agreed that grants may be sent there.
    Agreed {
        /// Where.
        to: Origins,
    },
    /// A participant was told that a grant is not sent where its row points now.
    Withheld {
        /// Who.
        who: Who,
    },
    /// A participant died.
    Died {
        /// Who.
        who: Who,
    },
    /// Everything came to rest: what the store holds, and the refresh tokens that the issuer would still accept.
    Rested {
        /// The state.
        state: Arc<State>,
        /// The issuer's live tokens.
        live: Vec<String>,
    },
    /// A child's environment was planned.
    Planned {
        /// For which provider.
        provider: ProviderId,
        /// What the child would get.
        environment: Vec<(String, String)>,
        /// Values that belong to others.
        foreign: Vec<String>,
    },
    /// An entry was chosen, or none.
    Chosen {
        /// When.
        now: Stamp,
        /// From what.
        state: Arc<State>,
        /// Of which provider.
        provider: ProviderId,
        /// The place in the pool; none if there was nothing to choose.
        at: Option<usize>,
        /// Whether the answer said when something will be usable.
        told_when: bool,
    },
    /// A request for a credential began.
    DrawBegan {
        /// Who.
        who: Who,
        /// In which process.
        process: u32,
        /// Of which provider.
        provider: ProviderId,
        /// When.
        now: Stamp,
        /// From what.
        state: Arc<State>,
    },
    /// It returned this entry, or none.
    DrawEnded {
        /// Who.
        who: Who,
        /// When.
        now: Stamp,
        /// What it got.
        label: Option<Label>,
    },
    /// A text left the program; `secrets` are those it could have held.
    Printed {
        /// The text.
        text: String,
        /// The secrets.
        secrets: Vec<String>,
    },
    /// The document was damaged from outside.
    Damaged,
    /// What was stored before was put back from outside: a backup over the document, or over the whole directory, or a copy
    /// of it in another place.
    BroughtBack,
    /// A participant was told that the store can't be read.
    Refused {
        /// Who.
        who: Who,
    },
    /// Somebody with the key of a sealed store sealed something.
    Sealed {
        /// The place that it is for: a profile, or the answer to an act.
        place: String,
        /// What it says.
        content: String,
    },
    /// A sealed store left this where others can read it; `secrets` are those that it could say.
    Left {
        /// The text.
        text: String,
        /// The secrets.
        secrets: Vec<String>,
    },
    /// Somebody without the key put something in a place of a sealed store.
    Forged {
        /// The place.
        place: String,
    },
    /// A participant took this for what a place of a sealed store holds.
    Opened {
        /// The place.
        place: String,
        /// What it says.
        content: String,
    },
    /// A participant was told that what is in a place of a sealed store can't be opened.
    Unopened {
        /// The place.
        place: String,
    },
    /// What one of several stores durably holds.
    Stands {
        /// Which store.
        store: u32,
        /// The state.
        state: Arc<State>,
    },
}

/// An act on the outside world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A device code is requested.
    RequestPrompt {
        /// The provider.
        provider: ProviderId,
        /// The flow.
        flow: Nonce,
    },
    /// A flow is polled.
    Poll {
        /// The flow.
        flow: Nonce,
    },
    /// A refresh token is presented.
    Present {
        /// The token.
        token: String,
    },
    /// The code that a poll gave is exchanged.
    ExchangeCode {
        /// The flow.
        flow: Nonce,
    },
    /// A token is revoked.
    Revoke {
        /// The token.
        token: String,
    },
}

/// One step of the machine.
#[derive(Clone, Debug)]
pub struct Stepped {
    /// Who.
    pub who: Who,
    /// When.
    pub now: Stamp,
    /// The state before.
    pub before: State,
    /// What happened.
    pub event: Event,
    /// The state after.
    pub after: State,
    /// What came of it.
    pub verdict: Verdict,
}

/// Facts in their order.
#[derive(Clone, Debug, Default)]
pub struct Trace(pub Vec<Fact>);

impl Trace {
    /// The machine's steps.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Stepped> {
        self.0.iter().filter_map(|fact| match fact {
            Fact::Stepped(stepped) => Some(&**stepped),
            _ => None,
        })
    }

    /// The facts before a place.
    pub(super) fn before(&self, at: usize) -> impl DoubleEndedIterator<Item = &Fact> {
        self.0.iter().take(at)
    }
}
