//! `completions`: a script for a shell, made from the description of the command line.

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::end::Done;
use crate::output;

pub(crate) fn completions(shell: Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(&Cli::command()), "credlatch", &mut script);
    output::write(&[&script])
}

/// The command line without what is hidden: completions would offer it.
fn visible(whole: &Command) -> Command {
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new("credlatch").args(whole.get_arguments().cloned()).subcommands(commands)
}
