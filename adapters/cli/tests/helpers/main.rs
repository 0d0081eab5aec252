//! Other programs that get their credentials here: the real ones where they are installed, against servers on loopback.
#![expect(clippy::print_stdout, reason = "what was skipped belongs into the test's output")]

#[path = "../cli/helper.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod helper;

mod aws;
mod cargo;
mod docker;
mod git;
mod key_helpers;
mod kubectl;
mod mute;
mod server;
mod world;
