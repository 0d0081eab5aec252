//! `run`: become the command, in the environment that was planned for its provider.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use credlatch::core::provider::{Table, sniff};
use credlatch::core::scrub::{CONTEXT, Report};
use credlatch::env::ChildError;

use super::env;
use crate::args::{self, Global, Run};
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
    let plan = env::plan(&latch, &args.plan, Duration::from_secs(args.min_ttl))?;
    if let Some(clash) = plan.clash(&args.command) {
        let what = format!("{} was not started: it would use {} and not what is planned", clash.program, clash.instead);
        return Err(End::usage(what, recipe(global, &clash.remedy)));
    }
    if !args.quiet {
        env::say_unset(global, &args.plan);
        say(global, &args.plan, &plan.report());
    }
    let mut command = Command::new(program);
    command.args(rest);
    let command = plan.apply(command);
    let shown = shown(latch.providers(), program);
    // What this process still has to do is done before it is replaced.
    drop(latch);
    dump::give_back();
    output::notices(global.json);
    let error = command.exec();
    // It is still this process, and says why.
    dump::forbid();
    Err(not_started(&shown, &error))
}

/// What to do, in one line: of a recipe of several lines the others are shown before it.
fn recipe<'a>(global: &Global, remedy: &'a str) -> &'a str {
    match remedy.split_once('\n') {
        Some((first, lines)) if !global.json => {
            output::complain(lines);
            first
        }
        _ => remedy,
    }
}

/// Says what the program doesn't inherit, and what it does although it is, or looks like, a credential.
fn say(global: &Global, args: &args::Plan, report: &Report) {
    let is_anothers =
        |name: &&String| report.inherited.iter().any(|judged| judged.name == **name && judged.class.is_kept_back());
    let anothers = |names: &[String]| names.iter().filter(is_anothers).cloned().collect::<Vec<_>>();
    // What is strictly left out was asked for in general, and each name may be the one that the program needs. Our own are
    // set anew.
    let is_ours = |name: &String| CONTEXT.contains(&name.as_str());
    let dropped = if args.strict {
        report.dropped.iter().filter(|name| !is_ours(name)).cloned().collect()
    } else {
        anothers(&report.dropped)
    };
    let told: [(&str, &[String], &str); 3] = [
        ("not passed on", &dropped, "--allow NAME passes it on; -q says nothing of it"),
        ("passed on, because it is allowed, though it is another's", &anothers(&args.allow), ""),
        (
            "passed on though it looks like a credential",
            &report.warned,
            "--strict drops it; --allow NAME says that it is meant",
        ),
    ];
    for (what, names, remedy) in told.iter().filter(|(_, names, _)| !names.is_empty()) {
        output::warn(global.json, &format!("{what}: {}", names.join(", ")), remedy);
    }
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
        127 => (format!("{shown} was not found"), error.remedy()),
        _ => (format!("{shown} could not be started: {}", error.kind), error.remedy()),
    };
    End::other(what, remedy).with_status(error.exit_status)
}
