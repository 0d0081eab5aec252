//! Edits of what the threads and processes of one machine share in memory, and of what two stores do.

use super::{Edit, GROUPS, PROGRAMS, together};
use crate::coverage;

const STORES: super::Trial =
    super::alone(&coverage::TWO_STORES, "-p credlatch-tests --features loom --test two_stores a_login_is");
const THREADS: super::Trial = together("threads", "-p credlatch --features file --test threads");

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "a word that is mapped is read once",
        what: "whoever has mapped the word goes on with what it was at first, and sees no other process' commits",
        file: "adapters/src/file/reader.rs",
        right: "|mapped| Ok(mapped.load()))",
        wrong: "|mapped| {\n            static FIRST: std::sync::OnceLock<u64> = std::sync::OnceLock::new();\n            Ok(*FIRST.get_or_init(|| mapped.load()))\n        })",
        trials: &[(THREADS, &[7])],
    },
    Edit {
        name: "the verdicts of a group are mixed up",
        what: "threads that share a commit are told the verdicts on each other's events",
        file: "core/src/engine/group.rs",
        right: "verdicts.by_ref().take(events.len()).collect();",
        wrong: "verdicts.by_ref().rev().take(events.len()).collect();",
        trials: &[(GROUPS, &[18]), (PROGRAMS, &[18])],
    },
    Edit {
        name: "nobody's verdict is written down",
        what: "what those are told who store something is not written down",
        file: "tests/src/run/hand.rs",
        right: "self.here.record(Fact::Told {",
        wrong: "drop(Fact::Told {",
        trials: &[(GROUPS, &[18]), (PROGRAMS, &[18])],
    },
    Edit {
        name: "what was taken back is used in the target all the same",
        what: "whoever moves uses in the target what an older version took back in the source",
        file: "core/src/machine/moving/plan.rs",
        right: "Stage::Arrived if is_taken_back => Next::Withdraw(here.id),",
        wrong: "Stage::Arrived if is_taken_back => Next::Activate(here.id),",
        trials: &[(STORES, &[19])],
    },
];
