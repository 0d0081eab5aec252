//! `completions`: a script for a shell, made from the description of the command line.

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use credlatch::core::provider::Table;

use crate::args::{Cli, Global};
use crate::end::Done;
use crate::output;

/// The argument that names a provider, in every command that has one.
const PROVIDER: &str = "provider";

pub(crate) fn completions(global: &Global, shell: Shell, all: bool) -> Done {
    let latch = global.latch()?;
    let ids = ids(latch.providers(), all);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(&Cli::command(), &ids), "credlatch", &mut script);
    output::write(&[&script])
}

/// The command line without what is hidden: completions would offer it. With providers to choose from, which stay free text
/// where the command line is parsed.
fn visible(whole: &Command, providers: &[&'static str]) -> Command {
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let commands = commands.map(|command| offering(command, providers));
    Command::new("credlatch").args(whole.get_arguments().cloned()).subcommands(commands)
}

fn offering(command: Command, providers: &[&'static str]) -> Command {
    let offer = |command: Command| command.mut_subcommands(|command| offering(command, providers));
    let command = if command.has_subcommands() { offer(command) } else { command };
    if command.get_arguments().any(|argument| argument.get_id() == PROVIDER) {
        return command
            .mut_arg(PROVIDER, |argument| argument.value_parser(PossibleValuesParser::new(providers.to_vec())));
    }
    command
}

/// The ids to offer. The parser wants them for as long as the process lives, and that is no longer than this.
fn ids(table: &Table, all: bool) -> Vec<&'static str> {
    let of_field = all.then(|| table.field()).into_iter().flatten();
    table.providers().chain(of_field).map(|row| &*row.id.to_string().leak()).collect()
}
