//! Edits of what the threads and processes of one machine share in memory.

use super::{Edit, GROUPS, PROGRAMS, together};

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
];
