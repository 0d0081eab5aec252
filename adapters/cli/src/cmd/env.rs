//! `env`: show what `run` would set and drop. Names, never values.

use std::time::Duration;

use credlatch::core::scrub::Report;
use credlatch::plain;
use credlatch::{Credential, Latch, Plan, Shape, Strictness};
use zeroize::Zeroizing;

use crate::args::{self, Global};
use crate::end::Done;
use crate::output;

pub(crate) fn env(global: &Global, args: &args::Plan) -> Done {
    let latch = global.latch()?;
    let credential = super::fresh::fresh(&latch, &args.of.provider, Duration::ZERO)?;
    let report = plan(&latch, &credential, args)?.report();
    let warned = unexpected(&report, args);
    output::told(&tell(&report, &warned, global.json))
}

/// What it says of a plan.
pub(crate) fn tell(report: &Report, warned: &[String], json: bool) -> Zeroizing<String> {
    output::form(json, report, || describe(report, warned))
}

/// The plan that the arguments describe.
pub(super) fn plan(latch: &Latch, credential: &Credential, args: &args::Plan) -> Done<Plan> {
    let shape = match args.shape {
        args::Shape::Own => Shape::Own,
        args::Shape::Anthropic => Shape::Anthropic,
        args::Shape::Openai => Shape::OpenAi,
    };
    let strictness = if args.strict { Strictness::Strict { allow: args.allow.clone() } } else { Strictness::Default };
    Ok(latch.plan_with(credential, shape, &strictness)?)
}

/// What is passed on though it looks like a credential, without what the person allowed by name.
pub(super) fn unexpected(report: &Report, args: &args::Plan) -> Vec<String> {
    report.warned.iter().filter(|name| !args.allow.contains(name)).cloned().collect()
}

fn describe(report: &Report, warned: &[String]) -> String {
    let mut lines = vec![format!("{}:", report.provider)];
    for (what, names) in [("set", report.set.as_slice()), ("dropped", &report.dropped), ("look at", warned)] {
        lines.extend(names.iter().map(|name| format!("  {what:<8} {}", plain::line(name))));
    }
    if !warned.is_empty() {
        lines
            .push("What to look at is passed on though its name is like a credential's; --strict drops it.".to_owned());
    }
    lines.join("\n")
}
