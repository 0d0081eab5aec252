//! The command as people and programs meet it: real processes, real files, exit statuses and words.
#![expect(clippy::print_stdout, reason = "what was counted, and what was skipped, belongs into the test's output")]

mod brought;
mod completions;
mod crowd;
mod doctor;
mod dump;
mod field;
mod format;
mod helper;
mod hermes;
mod import;
mod inherited;
mod keyed;
mod mute;
#[path = "../../../tests/common/needs.rs"]
mod needs;
mod output;
mod plain;
mod pool;
#[path = "../../../tests/common/programs.rs"]
mod programs;
mod prompt;
mod pty;
mod rotation;
mod run;
mod sealed_children;
mod secrets;
mod store;
mod trust;
mod usage;
