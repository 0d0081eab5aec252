//! Wrong stores: each is the sample with one mistake, which breaks one clause and no other.

use credlatch::conformance::Clause;

macro_rules! faults {
    ($($name:ident $breaks:ident $what:literal;)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault {
            $(#[doc = $what] $name,)*
        }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The clause that it breaks.
            pub(crate) fn breaks(self) -> Clause {
                match self { $(Self::$name => Clause::$breaks,)* }
            }
        }
    };
}

faults! {
    InventsACommit NothingIsNone "An empty store names a current commit.";
    CutsDocuments Whole "A document is cut at 4 KiB, as by a column that is too short.";
    NeverCompares Compares "A commit replaces whatever stands.";
    ComparesTooEarly NoneIsLost "Nothing is locked, and between the comparison and the write anybody may commit.";
    BusyIsFailed BusyInTime "Who can't have the lock is told that it failed.";
    WritesEverywhere Apart "A commit changes every profile that was written before.";
    ListsTheOpened Listed "A profile is listed once it was opened.";
    ReadsUnderTheLock ReadersPass "A reader takes the writers' lock.";
    WordLags WordIsCurrent "The first look at the word after a commit tells of the one before.";
    WordFirst Forward "The word is changed before the document.";
    DocumentFirst Together "The document is changed before its id.";
    ShortLease Lives "An act is over when a lease has run out.";
    NeverEnds Ends "A dropped guard leaves the act alive.";
    KnowsAll Unknown "Of an act that was never begun it is said that it noted nothing.";
    ForgetsNotes Note "A note is written nowhere.";
    CutsAnswers Answer "An answer is cut at 1000 bytes.";
    NeverWipes Wiped "A wiped answer stays.";
    DiscardsNothing Discarded "A discarded act goes on.";
    NotesForAll ActsApart "A note is written to every act that goes on.";
    SweepsNamed KeepsNamed "A commit takes the records of all acts that are over.";
    SweepsLiving KeepsLiving "A commit takes the records of all acts that it doesn't name.";
    Oversleeps WaitEnds "A wait lasts 3 s, whatever the patience.";
    ReservesNothing ReservationHolds "An act is begun without a reservation.";
    SavesAndDenies NotSaved "A commit says that it was not saved, and it was.";
    ArrivesLate UnknownSettles "A commit of unknown outcome arrives after somebody has locked the store and read.";
    EmptyInTrouble Troubles "A store that can't be reached says that it is empty.";
    NeverACopy CopyIsTold "A copy is taken for the original.";
}
