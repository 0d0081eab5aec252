//! What a move from one store to another has left in each of them: so the same move, begun again, goes on where it ended,
//! and neither store presents what the other may present.

use serde::{Deserialize, Serialize};

use super::custody::Actor;
use super::extra::Extra;
use super::nonce::Nonce;
use super::shared::Shared;

/// The longest address of a store that is written down, in bytes.
pub const MAX_ADDRESS: usize = 2_048;

/// A profile's part in a move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moving {
    /// The move: the same in both stores.
    pub id: Nonce,
    /// How far it is here.
    pub stage: Stage,
    /// The address of the other store.
    pub other: String,
    /// The last version that was given in the source when it was set aside: what has a newer one did not go along.
    #[serde(default)]
    pub last_version: u64,
    /// Who moves it, while it is set aside or handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What happened, if this store was copied or rolled back since: how far the move is, it doesn't know any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How far a move is in one of its two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The source: nothing changes here any more, and no refresh token is presented.
    SetAside,
    /// The source: the same, and the target has all of it, and may be using it.
    HandedOver,
    /// The source: all of it is in the other store now, and nothing here.
    Gone,
    /// The target: everything is here, and can't be used for anything but reading.
    Arrived,
    /// The target: what had arrived was forgotten again, and was never used here.
    Withdrawn,
    /// The target: it is used from here, and the source may still hold what it set aside.
    Active,
    /// The target: the source holds nothing any more.
    Done,
}

impl Stage {
    /// Whether it is a source that still holds what goes to the target.
    pub fn holds_what_goes(self) -> bool {
        matches!(self, Self::SetAside | Self::HandedOver)
    }

    /// Whether nothing is left to do here.
    pub fn is_through(self) -> bool {
        matches!(self, Self::Gone | Self::Done)
    }

    /// Whether nothing changes here until the move goes on, or a person ends it.
    pub fn is_frozen(self) -> bool {
        matches!(self, Self::SetAside | Self::HandedOver | Self::Arrived)
    }
}

impl Moving {
    /// Whether it is this move, in a source that still holds what goes.
    pub fn is_going(&self, id: Nonce) -> bool {
        self.id == id && self.stage.holds_what_goes()
    }

    /// Whether it is this move at this stage.
    pub fn is(&self, id: Nonce, stage: Stage) -> bool {
        self.id == id && self.stage == stage
    }
}
