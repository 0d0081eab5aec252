//! The clauses, each with its name, what it says, and its check.

use std::fmt;

use super::case::{Case, CheckResult};
use super::{acts, commits, failures, processes, readers};

macro_rules! clauses {
    ($($name:ident, $says:literal, $check:path;)*) => {
        /// One clause of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Clause {
            $(#[doc = $says] $name,)*
        }

        impl Clause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What it says.
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            pub(super) fn check(self) -> fn(&Case<'_>) -> CheckResult {
                match self { $(Self::$name => $check,)* }
            }
        }
    };
}

clauses! {
    NothingIsNone, "Where nothing was committed there is no document and no current commit.", commits::nothing_is_none;
    Whole, "A commit is read back whole by every handle, with its id, whatever its bytes and its size.", commits::whole;
    Compares, "A commit that replaces another than what stands is refused as busy, and what stands and the word stay.", commits::compares;
    NoneIsLost, "Of writers at once nobody loses another's commit.", commits::none_is_lost;
    BusyInTime, "Who can't have the lock in its patience is told so in time, as busy.", commits::busy_in_time;
    Apart, "What is committed to one profile changes no other, nor its acts, however alike their names.", commits::apart;
    OneName, "Handles on one profile have one name, and another profile has another.", commits::one_name;
    Listed, "A profile is listed once something was committed to it, and not before.", commits::listed;
    ReadersPass, "Readers are not kept out by a lock.", readers::pass;
    WordIsCurrent, "The current-commit word names no older commit than one that has returned.", readers::word_is_current;
    Forward, "What is read after the word is not older than it, and no reader goes back.", readers::forward;
    Together, "Nobody reads the document of one commit with the id of another.", readers::together;
    Lives, "An act is alive for everybody as long as its guard is there, however long, whatever else ends.", acts::lives;
    Ends, "An act is over when its guard was dropped.", acts::ends;
    Unknown, "Of an act that was never begun nothing is known.", acts::unknown;
    Note, "A note is read back whole, by others, while the act goes on and after; before, there is none.", acts::note;
    Answer, "An answer is read back whole and beside the note, by others, while the act goes on and after.", acts::answer;
    Wiped, "A wiped answer is gone for good; its note stays, and the act goes on.", acts::wiped;
    Discarded, "A discarded act is over.", acts::discarded;
    ActsApart, "What one act was told is not another's.", acts::apart;
    KeepsNamed, "The record of an act that is over stays as it is while the document names it.", acts::keeps_named;
    KeepsLiving, "A commit leaves a living act alive, and its record as it is, named or not.", acts::keeps_living;
    ToldUnderLock, "Whoever has the lock is told of an act, too.", acts::told_under_lock;
    WaitEnds, "Waiting for an act ends when the patience does.", acts::wait_ends;
    ReservationHolds, "Where no space is left, no act is begun, and each that was begun before gets its note, its answer and the commit that settles it.", failures::reservation_holds;
    NotSaved, "A commit that says that it was not saved has left the old document, for good.", failures::not_saved;
    UnknownSettles, "The next lock settles an unknown outcome, one way for good.", failures::unknown_settles;
    Troubles, "A store in trouble says so, by its kind, and never that there is nothing, or that an act is over.", failures::troubles;
    CopyIsTold, "A copy is told until a commit took it over.", failures::copy_is_told;
    Processes, "Of processes at once nobody loses another's commit.", processes::none_is_lost;
    EndsWithProcess, "An act lives as long as its process, and is over when that is killed; what it was told stays.", processes::ends;
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
