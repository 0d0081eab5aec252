//! One wrong line each: the steps of the commit protocol and of the claim protocol, put wrong one at a time, and facts that
//! are no longer written down. Each must fail the harnesses that it names, by the laws that it names, each judging alone.
//! `cargo run -p credlatch-tests --example edits` makes them in a copy of this repository.

mod answers;
mod laws;
mod protocols;
mod seals;
mod threads;

use crate::coverage;

/// An edit that must not pass.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong with it.
    pub what: &'static str,
    /// In which file.
    pub file: &'static str,
    /// The right text; it stands there once.
    pub right: &'static str,
    /// The wrong one.
    pub wrong: &'static str,
    /// Where it is tried, and the laws that must fail it there.
    pub trials: &'static [(Trial, &'static [u8])],
}

/// Where an edit is tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The harness, by its name in the table of [`coverage`].
    pub harness: &'static str,
    /// What `cargo test` is told to run of it.
    pub run: &'static str,
    /// Whether each law judges alone there; otherwise the failure names one of the laws.
    pub judges_alone: bool,
}

const fn alone(harness: &coverage::Harness, run: &'static str) -> Trial {
    Trial { harness: harness.name, run, judges_alone: true }
}

const fn together(harness: &'static str, run: &'static str) -> Trial {
    Trial { harness, run, judges_alone: false }
}

const MACHINE: Trial = alone(&coverage::MACHINE, "-p credlatch-tests --features loom --test properties the_machine");
const PROGRAMS: Trial =
    alone(&coverage::PROGRAMS, "-p credlatch-tests --features loom --test properties programs_that");
const PAIRS: Trial = alone(&coverage::PAIRS, "-p credlatch-tests --features loom --test loom every_pair_of_processes");
const THREADS: Trial = alone(&coverage::PAIRS, "-p credlatch-tests --features loom --test loom every_pair_of_threads");
const CROWDS: Trial =
    alone(&coverage::CROWDS, "-p credlatch-tests --features loom --test loom crowds::every_triple -- --exact");
const SOME_CROWDS: Trial = alone(
    &coverage::CROWDS,
    "-p credlatch-tests --features loom --test loom some_triples_and_fours_with_more_preemptions",
);
const APART: Trial =
    alone(&coverage::APART, "-p credlatch-tests --features loom --test loom every_pair_at_two_providers");
const GROUPS: Trial = alone(&coverage::GROUPS, "-p credlatch-tests --features loom --test loom groups::each_thread");
const ROTATION_DIES: Trial =
    alone(&coverage::ROTATION_DIES, "-p credlatch-tests --features loom --test loom a_rotation_dies");
const LOGIN_DIES: Trial = alone(&coverage::LOGIN_DIES, "-p credlatch-tests --features loom --test loom a_login_dies");
const REPLAY: Trial = together("replay", "-p credlatch-tests --features loom --test replay");
const CRASH: Trial = together("crash", "-p credlatch --features seal --test crash every_crash");
const SEALED: Trial = together("crash", "-p credlatch --features seal --test crash nothing_that_lies_on_the_disk");
const STORES: Trial = together("crash", "-p credlatch --features seal --test crash wrong_stores_are_caught");

/// All of them, in the order of their numbers.
pub fn all() -> impl Iterator<Item = &'static Edit> {
    protocols::EDITS.iter().chain(laws::EDITS).chain(answers::EDITS).chain(threads::EDITS).chain(seals::EDITS)
}
