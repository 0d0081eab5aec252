//! Other programs that get their credentials here: the real ones where they are installed, against servers on loopback.

#[path = "../cli/helper.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod helper;

mod aws;
mod cargo;
mod claude;
mod claude_mcp;
mod docker;
mod git;
mod guide;
mod key_helpers;
mod kubectl;
mod mute;
#[path = "../../../tests/common/needs.rs"]
mod needs;
#[path = "../../../tests/common/programs.rs"]
mod programs;
mod recipes;
mod server;
mod world;
