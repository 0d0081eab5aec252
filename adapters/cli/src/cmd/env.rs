//! `env`: show what `run` would set and drop. Names, never values; to people at a terminal, or as JSON.

use std::io::IsTerminal as _;
use std::time::Duration;

use credlatch::core::scrub::{Class, Disposition, Judged, Report};
use credlatch::plain;
use credlatch::{Latch, Plan, Shape};
use zeroize::Zeroizing;

use super::fresh::fresh;
use crate::args::{self, Global};
use crate::end::{Done, End};
use crate::output;

pub(crate) fn env(global: &Global, args: &args::Plan) -> Done {
    let report = plan(&global.latch()?, args, Duration::ZERO)?.report();
    say_unset(global, args);
    if !global.json && !std::io::stdout().is_terminal() {
        return Err(not_for_a_shell(&report));
    }
    output::print(&tell(&report, global.json))
}

/// Whoever writes `eval "$(credlatch env …)"` expects assignments. The text is for people, and to a shell `set` is a command.
fn not_for_a_shell(report: &Report) -> End {
    let id = &report.provider;
    End::usage(
        "`env` shows people the names of variables, and no values: a shell or a program can do nothing with them",
        format!("start the program with them: `credlatch run {id} -- PROGRAM`; for the names alone, add --json"),
    )
}

/// What it says of a plan.
pub(crate) fn tell(report: &Report, json: bool) -> Zeroizing<String> {
    output::form(json, report, || describe(report))
}

/// The plan that the arguments describe, with tokens that last at least so long.
pub(super) fn plan(latch: &Latch, args: &args::Plan, min_ttl: Duration) -> Done<Plan> {
    let shape = match args.shape {
        args::Shape::Own => Shape::Own,
        args::Shape::Anthropic => Shape::Anthropic,
        args::Shape::Openai => Shape::OpenAi,
    };
    let first = fresh(latch, &args.of.provider, min_ttl)?;
    let mut known = vec![first.provider().clone()];
    let mut planning = latch.planning(first, shape).strict(args.strict).allow(args.allow.iter().cloned());
    for name in &args.with {
        let other = fresh(latch, name, min_ttl)?;
        // Whoever is named twice, by an alias perhaps, is named.
        if !known.contains(other.provider()) {
            known.push(other.provider().clone());
            planning = planning.with(other);
        }
    }
    Ok(planning.plan()?)
}

/// Says which of the allowed names no variable has: one that is spelled otherwise passes nothing on.
pub(super) fn say_unset(global: &Global, args: &args::Plan) {
    let names: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    for allowed in args.allow.iter().filter(|allowed| !names.contains(allowed)) {
        let remedy = match names.iter().find(|name| name.eq_ignore_ascii_case(allowed)) {
            Some(name) => format!("did you mean `--allow {name}`?"),
            None => "`--allow` takes the name of a variable, as it is spelled".to_owned(),
        };
        output::warn(
            global.json,
            &format!("nothing is called {allowed} here, so `--allow` passes nothing on"),
            &remedy,
        );
    }
}

fn describe(report: &Report) -> String {
    let whom = std::iter::once(&report.provider).chain(&report.with).map(ToString::to_string).collect::<Vec<_>>();
    let mut lines = vec![format!("{}:", whom.join(" and "))];
    for (what, names) in [("set", &report.set), ("shut", &report.guards)] {
        lines.extend(names.iter().map(|name| format!("  {what:<8} {}", plain::line(name))));
    }
    lines.extend(report.inherited.iter().map(line));
    if !report.guards.is_empty() {
        lines.push("What is shut keeps programs from credentials that they would find elsewhere.".to_owned());
    }
    if !report.warned.is_empty() {
        lines.push("What is passed and looks like a credential is dropped by --strict.".to_owned());
    }
    lines.join("\n")
}

fn line(judged: &Judged) -> String {
    let verdict = match judged.verdict {
        Disposition::Passed => "passed",
        Disposition::Allowed => "allowed",
        Disposition::Dropped => "dropped",
    };
    let class = match judged.class {
        Class::Provider => "a model provider's",
        Class::Tool => "a switch or login of a tool",
        Class::Cloud => "a cloud's, which pays for models too",
        Class::Suspect => "looks like a credential",
        Class::Plain => "nothing known",
    };
    format!("  {verdict:<8} {} ({class})", plain::line(&judged.name))
}
