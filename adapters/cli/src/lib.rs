//! `credlatch`, the command: run a program with exactly one provider's credentials, and look after what is stored.
//!
//! One file a command under `cmd`; `args` describes them all, `usage` explains arguments that don't fit, and
//! `output` is the only place that prints. It is a library for one caller, the binary, and for tests that ask what it says.

mod args;
mod cmd;
mod defer;
mod dump;
mod end;
mod input;
mod key_store;
mod output;
mod place;
mod prompt;
pub mod said;
mod screen;
mod table;
mod usage;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Cli;
use usage::Glance;

/// The command, from this process's arguments to its exit status.
pub fn main() -> ExitCode {
    dump::forbid();
    let words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == cmd::exchange::WORD) {
        cmd::exchange::leave_everything();
    }
    // Cargo calls every credential provider so, and gives the arguments that it was configured with later.
    if words.get(1).is_some_and(|word| word == "--cargo-plugin") {
        return output::finish(cmd::helper::cargo_plugin(), false);
    }
    if cmd::complete::answer(&words) {
        return ExitCode::SUCCESS;
    }
    let (outcome, json) = match Cli::from_words(&words) {
        Ok(cli) => (cmd::dispatch(&cli), cli.global.json),
        Err(error) => {
            let glance = Glance::at(&words);
            (usage::explain(&error, &glance), glance.json)
        }
    };
    output::finish(outcome, json)
}
