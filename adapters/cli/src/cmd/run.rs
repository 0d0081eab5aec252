//! `run`: become the command, in the environment that was planned for its provider.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use credlatch::core::provider::{Table, sniff};
use credlatch::env::ChildError;

use super::env;
use crate::args::{Global, Run};
use crate::dump;
use crate::end::{Done, End};
use crate::output;

pub(crate) fn run(global: &Global, args: &Run) -> Done {
    become_it(global, args).map_err(|end| match end {
        // The command was found out to be none, which has statuses of its own.
        End::Failed { status: 126 | 127, .. } => end,
        end => end.before_the_command(),
    })
}

fn become_it(global: &Global, args: &Run) -> Done {
    let Some((program, rest)) = args.command.split_first() else {
        return Err(End::usage("there is no program to run", "name it after `--`"));
    };
    let latch = global.latch()?;
    let credential = super::fresh::fresh(&latch, &args.plan.of.provider, Duration::from_secs(args.min_ttl))?;
    let plan = env::plan(&latch, &credential, &args.plan)?;
    if let Some(clash) = plan.clash(program) {
        let what = format!(
            "{} was not started: it would use its own login ({}) and not what is planned",
            clash.program, clash.file
        );
        return Err(End::usage(what, clash.remedy));
    }
    let warned = env::unexpected(&plan.report(), &args.plan);
    if !warned.is_empty() {
        let what = format!("passed on though it looks like a credential: {}", warned.join(", "));
        output::warn(global.json, &what, "--strict drops it; --allow NAME says that it is meant");
    }
    let mut command = Command::new(program);
    command.args(rest);
    let command = plan.apply(command);
    let shown = shown(latch.providers(), program);
    // What this process still has to do is done before it is replaced.
    drop((credential, latch));
    dump::give_back();
    let error = command.exec();
    // It is still this process, and says why.
    dump::forbid();
    Err(not_started(&shown, &error))
}

/// The program's name, unless it might be a secret that lost its way.
fn shown(table: &Table, program: &OsStr) -> String {
    let name = program.to_string_lossy();
    if sniff::tokens(table, &name).is_empty() { format!("`{name}`") } else { "what stands after `--`".to_owned() }
}

fn not_started(shown: &str, error: &ChildError) -> End {
    let path = Path::new(&error.program);
    let (what, remedy) = match error.exit_status {
        127 if path.components().count() > 1 && path.exists() => {
            (format!("{shown} is there, but not the interpreter that it names"), "look at its first line")
        }
        127 => (format!("there is no program {shown}"), error.remedy()),
        _ => (format!("{shown} could not be started: {}", error.kind), error.remedy()),
    };
    End::other(what, remedy).with_status(error.exit_status)
}
