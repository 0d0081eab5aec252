//! `completions`: a script by which a shell asks this program what may come next; [`complete`](super::complete) answers it.

use clap_complete::Shell;
use clap_complete::env::Shells;

use super::complete::ASKS;
use crate::end::{Done, End};
use crate::output;

pub(crate) fn completions(shell: Shell) -> Done {
    let name = shell.to_string();
    let mut script = Vec::new();
    let written = Shells::builtins()
        .completer(&name)
        .map(|shell| shell.write_registration(ASKS, "credlatch", "credlatch", "credlatch", &mut script));
    match written {
        Some(Ok(())) => output::write(&[&script]),
        _ => Err(End::other(format!("there is no script for {name}"), "use another shell")),
    }
}
