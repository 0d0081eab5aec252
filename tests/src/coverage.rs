//! Which harness holds which law. A harness that claims a law must have seen its witness, or it fails.

use credlatch_core::law::Observation;

use crate::wrong::WRONG;
use crate::{sealed_home, two_stores};

/// A harness.
#[derive(Clone, Copy, Debug)]
pub struct Harness {
    /// Its name.
    pub name: &'static str,
    /// The laws whose witness it must have seen. It judges every trace by all of them.
    pub claims: &'static [u8],
    /// What it doesn't write down of that which a law judges that it claims.
    pub without: &'static [(u8, Observation)],
    /// What it runs, within which bounds.
    pub runs: &'static str,
}

/// Every pair of acts, by loom.
pub const PAIRS: Harness = Harness {
    name: "loom pairs",
    claims: &[1, 2, 4, 6, 7],
    without: &[(1, Observation::Drained), (2, Observation::Died)],
    runs: "every pair of start, login, adoption of a login whose poller died, cancel, report of a 401, rotate, clear, purge, \
           read and set, as two processes and as two threads of one engine, in every order; with three preemptions where \
           a login polls, is adopted or cancelled, or a 401 is reported (two as threads for the latter three), with \
           four where threads of one engine start or rotate beside a rotation or a reader, and with six for a start and \
           a rotation as processes and a rotation and a clear as threads, of which situations has every order",
};

/// Triples and fours, by loom.
pub const CROWDS: Harness = Harness {
    name: "loom crowds",
    claims: &[1, 2, 4, 6, 7],
    without: &[(1, Observation::Drained), (2, Observation::Died)],
    runs: "every triple of these acts, as processes and as threads, and every four different ones as processes, with one \
           preemption. Eight triples and two fours with more: one triple in every order; as processes the others with three \
           preemptions, two logins beside a clear and the fours with two; as threads one to three",
};

/// Two providers, by loom.
pub const APART: Harness = Harness {
    name: "loom, two providers",
    claims: &[1, 7, 11],
    without: &[(1, Observation::Drained)],
    runs: "every pair of these acts at a provider each, as processes and as threads, and every triple of two at one provider \
           and one at another, as processes; with one preemption",
};

/// Threads that share a commit, by loom.
pub const GROUPS: Harness = Harness {
    name: "loom, a group",
    claims: &[18],
    without: &[(18, Observation::Refused), (18, Observation::Died)],
    runs: "two and three threads of one engine that each store something else: a new key, what is there already, a grant, and a \
           spent token, which is refused; two in every order, three with two preemptions",
};

/// A rotation that dies, by loom.
pub const ROTATION_DIES: Harness = Harness {
    name: "loom, a rotation dies",
    claims: &[3, 4, 5],
    without: &[(3, Observation::CodeExchanged)],
    runs: "a rotation, asked for or after a 401, that dies before each of its operations on disk, beside its sign of life \
           and at the issuer, beside each of these acts; its request is dropped, or arrives late if the rotation was asked for; one preemption, two \
           for one that was asked for beside a rotation, a clear, a login and a reader",
};

/// A login that dies, by loom.
pub const LOGIN_DIES: Harness = Harness {
    name: "loom, a login dies",
    claims: &[2, 3],
    without: &[],
    runs: "a login, with and without an exchange of its own, a start, an adoption and a cancel that die before each of \
           their operations, beside each of these acts; one preemption, two for a login beside a login, a clear, a \
           rotation and a reader",
};

/// The machine alone, by proptest.
pub const MACHINE: Harness = Harness {
    name: "machine",
    claims: &[2, 4, 6, 9, 11, 12, 13, 14, 15],
    without: &[(12, Observation::DrawBegan), (12, Observation::DrawEnded)],
    runs: "arbitrary histories of up to 39 moves of the machine alone: every event, late, twice or out of order, with \
           clocks that step and boots, by actors that note what they send, send nothing, or are of an older version, and \
           whose answers others settle",
};

/// Programs that share a store, by proptest.
pub const PROGRAMS: Harness = Harness {
    name: "programs",
    claims: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    without: &[],
    runs: "arbitrary scenarios of two to four participants in up to three processes, interleaved at every access to \
           something shared, with deaths, clock steps, lost answers, rows that moved, processes of an older version and a \
           torn document",
};

/// A login that moves from one store to another.
pub const TWO_STORES: Harness = Harness {
    name: "two stores",
    claims: &[19],
    without: &[],
    runs: "two movers of one login, each of which may die before any step, beside a rotation in either store that may die \
           too, and a person who takes back, clears, or stores something in one of them: in every order, over states that are \
           replaced as a whole, by what the core decides in each; from each end the same move, begun once more, comes through or \
           says what is in the way. In `.ci/long` with a rotation in both stores at once",
};

/// A sealed home, and people without its key.
pub const SEALED_HOME: Harness = Harness {
    name: "sealed home",
    claims: &[20],
    without: &[],
    runs: "arbitrary histories of two profiles of a sealed home on a real file system: somebody with the key stores something or \
           writes an answer down, somebody without it puts plain text, another profile's document, one that was sealed with a \
           key of their own, an older one, or one that was changed or cut in their place, and somebody looks, with the key, without it, \
           or with another one; after each move anybody reads all that lies there",
};

/// All of them.
pub const HARNESSES: &[Harness] =
    &[PAIRS, CROWDS, APART, GROUPS, ROTATION_DIES, LOGIN_DIES, MACHINE, PROGRAMS, TWO_STORES, SEALED_HOME];

/// Who makes the mistake that a law names.
pub fn wrong_of(law: u8) -> impl Iterator<Item = &'static str> {
    let engines = WRONG.iter().filter(move |wrong| wrong.law == law).map(|wrong| wrong.name);
    engines.chain(others().filter(move |(.., of)| *of == law).map(|(name, ..)| name))
}

/// Those who aren't engines but have a world of their own: the name, where the mistake was made, and the law.
pub(crate) fn others() -> impl Iterator<Item = (&'static str, &'static str, u8)> {
    let movers = two_stores::WRONG.iter().map(|wrong| (wrong.name, wrong.report, wrong.law));
    movers.chain(sealed_home::WRONG.iter().map(|wrong| (wrong.name, wrong.report, sealed_home::LAW)))
}
