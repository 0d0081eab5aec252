//! `credlatch`, the command. All of it is in the library of this package, so that tests can ask what it would say.

use std::process::ExitCode;

fn main() -> ExitCode {
    credlatch_cli::main()
}
