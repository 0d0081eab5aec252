//! `completions`: a script for a shell, made from the description of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::end::Done;
use crate::output;

pub(crate) fn completions(shell: Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "credlatch", &mut script);
    output::write(&[&script])
}
