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
    SkipsSameBytes Whole "A commit of the bytes that stand already is left out.";
    TrimsTheEnd Whole "A line break at a document's end is cut off.";
    CutsDocuments Whole "A document is cut at 4 KiB, as by a column that is too short.";
    NeverCompares Compares "A commit replaces whatever stands.";
    CommitsOverNothing Compares "Where nothing stands, a commit replaces whatever it names.";
    WordOfTheRefused Compares "A refused commit moves the word.";
    ComparesTooEarly NoneIsLost "Nothing is locked, and between the comparison and the write anybody may commit.";
    BusyIsFailed BusyInTime "Who can't have the lock is told that it failed.";
    WritesEverywhere Apart "A commit changes every profile that was written before.";
    CutsNames Apart "Profiles whose names begin with the same 32 characters are one.";
    FoldsNames Apart "A dot and an underscore in a profile's name are one character.";
    SweepsElsewhere Apart "A commit takes the records of other profiles' acts that are over.";
    SharesItsName OneName "All profiles have one name.";
    NamesEachHandle OneName "Each handle has a name of its own.";
    ListsTheOpened Listed "A profile is listed once it was opened.";
    ReadsUnderTheLock ReadersPass "A reader takes the writers' lock.";
    WordLags WordIsCurrent "The first look at the word after a commit tells of the one before.";
    WordFirst Forward "The word is changed before the document.";
    DocumentFirst Together "The document is changed before its id.";
    ShortLease Lives "An act is over when a lease has run out.";
    EndsWithHandle Lives "An act is over when the handle that it began by is dropped.";
    EndsWithThread Lives "An act is over when the thread that began it ends.";
    NeverEnds Ends "A dropped guard leaves the act alive.";
    KnowsAll Unknown "Of an act that was never begun it is said that it noted nothing.";
    ForgetsNotes Note "A note is written nowhere.";
    NotesAtTheEnd Note "A note is written when the act ends.";
    AnswersAtSync Answer "An answer is written when somebody makes sure of it.";
    AnswersOverNotes Answer "An answer is written in the place of the note.";
    CutsAnswers Answer "An answer is cut at 1000 bytes.";
    NeverWipes Wiped "A wiped answer stays.";
    WipesNotes Wiped "The note is wiped with the answer.";
    UnwipesAtTheEnd Wiped "A wiped answer is back when the act is over.";
    DiscardsNothing Discarded "A discarded act goes on.";
    NotesForAll ActsApart "A note is written to every act that goes on.";
    SweepsNamed KeepsNamed "A commit takes the records of all acts that are over.";
    ForgetsTheNamed KeepsNamed "A commit takes the answers of acts that are over.";
    ForgetsTheLiving KeepsLiving "A commit takes the notes of acts that go on.";
    SweepsLiving KeepsLiving "A commit takes the records of all acts that it doesn't name.";
    LooksUnderTheLock ToldUnderLock "Whoever looks at an act takes the writers' lock.";
    Oversleeps WaitEnds "A wait lasts 3 s, whatever the patience.";
    ReservesNothing ReservationHolds "An act is begun without a reservation.";
    ReservesForCommits ReservationHolds "An act is begun without space for its note and its answer.";
    ReservesForOne ReservationHolds "Whoever settles first uses up what was reserved for all.";
    SpendsForAnybody ReservationHolds "A commit that settles nothing uses up what was reserved.";
    SavesAndDenies NotSaved "A commit says that it was not saved, and it was.";
    ArrivesLate UnknownSettles "A commit of unknown outcome arrives after somebody has locked the store and read.";
    EmptyInTrouble Troubles "A store that can't be reached says that it is empty.";
    DeadInTrouble Troubles "A store that can't be reached knows of no act.";
    WritesInTrouble Troubles "A store that can't be reached takes a commit that replaces nothing.";
    NeverACopy CopyIsTold "A copy is taken for the original.";
}
