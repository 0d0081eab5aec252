//! What a participant can do, one step each.

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::FailureKind;
use credlatch_core::rotation::Cause;
use serde::{Deserialize, Serialize};

use crate::world::outside::Back;

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

impl Step {
    /// Whether a credential is used, which is counted.
    pub fn is_use(&self) -> bool {
        matches!(self, Self::Current { .. } | Self::Token { .. } | Self::Plan { .. })
    }
}
