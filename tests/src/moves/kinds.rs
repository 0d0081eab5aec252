//! The moves: what may happen to a machine.

use credlatch_core::flow::FlowKind;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{FailureKind, Strategy};
use credlatch_core::rotation::Cause;
use serde::{Deserialize, Serialize};

/// One move. `late` counts back from the newest act: 0 is the newest. Who claims `watched` has been there since the last
/// boot; the platform says which boot it is, or doesn't, from a `Boot` on. With a `Key` the marks of
/// what is gone are keyed. Who dies leaves what it has noted and written down, and somebody else may settle that while it lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each is the event of its name.
pub enum Move {
    Put {
        provider: ProviderId,
        label: Label,
        what: PutMaterial,
        bulk: bool,
    },
    Suspend {
        provider: ProviderId,
        label: Label,
    },
    Remove {
        provider: ProviderId,
        label: Label,
    },
    Clear {
        provider: Option<ProviderId>,
    },
    Claim {
        provider: ProviderId,
        label: Label,
        cause: Cause,
        #[serde(default)]
        way: Progress,
    },
    ClaimWatched {
        provider: ProviderId,
        label: Label,
        cause: Cause,
    },
    Settle {
        late: usize,
        outcome: Answered,
    },
    Start {
        provider: ProviderId,
        label: Label,
        kind: FlowKind,
    },
    Prompted {
        late: usize,
        expires_in_ms: u64,
    },
    SlowDown {
        late: usize,
    },
    ClaimCode {
        late: usize,
    },
    Succeed {
        late: usize,
    },
    Fail {
        late: usize,
        expired: bool,
    },
    Cancel {
        late: usize,
    },
    Adopt {
        late: usize,
    },
    Die {
        late: usize,
    },
    WriteDown {
        late: usize,
    },
    Inherit {
        late: usize,
    },
    Report {
        provider: ProviderId,
        label: Label,
        older: u64,
        answer: FailureKind,
        model: bool,
        dead: bool,
    },
    SetStrategy {
        provider: ProviderId,
        strategy: Strategy,
    },
    OweRewrite {
        file: u8,
        key: u8,
    },
    RewriteDone {
        file: u8,
        key: u8,
    },
    Purge,
    Allow {
        name: u8,
        allowed: bool,
    },
    Choose {
        provider: ProviderId,
        turn: u64,
    },
    Wait {
        ms: u64,
    },
    SetWallClock {
        by_ms: i64,
    },
    Reboot,
    Boot {
        known: bool,
    },
    Mark,
    AdoptCopy,
    Key,
    /// A step of a move to another store, or from one; which, and of which move.
    Step {
        step: Stride,
        id: u8,
    },
}

/// A step of a move between stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // As the core's `MoveStep` names them.
pub enum Stride {
    SetAside,
    Resume,
    Rename,
    Receive,
    HandOver,
    Activate,
    LetGo,
    Conclude,
    Withdraw,
    Adopt,
    Recall,
}

/// What is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // A key, a grant or a link, told apart by a number.
pub enum PutMaterial {
    Key(u8),
    Grant(u8),
    Link(u8),
}

/// How far an act goes with what it claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It notes that its request is about to leave, and sends it.
    #[default]
    Noted,
    /// It sends nothing.
    Unsent,
    /// It is of an older version, and sends without a note.
    Older,
}

/// How an exchange comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // As in `Exchanged`.
pub enum Answered {
    Granted,
    Rejected,
    NotConsumed,
    Unknown,
}
