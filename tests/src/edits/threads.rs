//! Edits of what the threads and processes of one machine share in memory.

use super::{Edit, together};

const THREADS: super::Trial = together("threads", "-p credlatch --features file --test threads");

pub(super) const EDITS: &[Edit] = &[Edit {
    name: "a word that is mapped is read once",
    what: "whoever has mapped the word goes on with what it was at first, and sees no other process' commits",
    file: "adapters/src/file/reader.rs",
    right: "|mapped| Ok(mapped.load()))",
    wrong: "|mapped| {\n            static FIRST: std::sync::OnceLock<u64> = std::sync::OnceLock::new();\n            Ok(*FIRST.get_or_init(|| mapped.load()))\n        })",
    trials: &[(THREADS, &[7])],
}];
