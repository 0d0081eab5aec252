//! A login in progress.

use std::time::SystemTime;

use credlatch_core::flow::{LiveFlow, Phase};
use credlatch_core::name::ProviderId;

use super::Case;
use super::finding::{About, Finding, Severity};
use super::holder::{Holder, Life};
use crate::when::{rfc3339, system_time};

/// A login in progress. None of it is secret: the code is shown to whoever joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowReport {
    /// Its public name: 32 hexadecimal digits.
    pub id: String,
    /// The code to enter, once the issuer gave it.
    pub user_code: Option<String>,
    /// Where to enter it.
    pub verification_uri: Option<String>,
    /// When it ends by itself, by the wall clock.
    pub expires_at: SystemTime,
    /// Who works on it; nobody after its poller died.
    pub holder: Option<Holder>,
}

pub(super) fn examine(
    case: &Case<'_>,
    provider: &ProviderId,
    flow: &LiveFlow,
    findings: &mut Vec<Finding>,
) -> FlowReport {
    let prompt = flow.prompt();
    let report = FlowReport {
        id: flow.id.to_string(),
        user_code: prompt.map(|prompt| prompt.user_code.clone()).filter(|code| !code.is_empty()),
        verification_uri: prompt.map(|prompt| prompt.verification_uri.clone()).filter(|uri| !uri.is_empty()),
        expires_at: system_time(flow.ends.wall_ms()),
        holder: flow.holder.as_ref().map(|claim| case.holder(claim)),
    };
    if !flow.ends.is_reached(&case.now) {
        findings.push(finding(provider, flow, &report));
    }
    report
}

fn finding(provider: &ProviderId, flow: &LiveFlow, report: &FlowReport) -> Finding {
    let about = About::Provider(provider.clone());
    let until = rfc3339(report.expires_at);
    let how_far = match (&flow.phase, &report.user_code) {
        (Phase::Reserved, _) => "is about to ask for a code".to_owned(),
        (Phase::Exchanging(_), _) => "was confirmed and is being finished".to_owned(),
        (Phase::Pending(_), Some(code)) => format!("waits for the code {code}"),
        (Phase::Pending(_), None) => "waits for a person".to_owned(),
    };
    let what = format!("a login for {provider} {how_far}, until {until}");
    let join = format!("join it with `credlatch login {provider}`, or cancel it: `credlatch cancel {}`", report.id);
    let Some(holder) = report.holder else {
        return Finding::new(about, Severity::Note, format!("{what}; nobody works on it"), join);
    };
    let who = holder.who();
    match holder.life {
        Life::Stopped => {
            let resume = holder.pid.map(|pid| format!("resume it (`kill -CONT {pid}`), or "));
            Finding::new(
                about,
                Severity::Warning,
                format!("{what}; {who}, which works on it, is stopped"),
                format!("{}cancel the login: `credlatch cancel {}`", resume.unwrap_or_default(), report.id),
            )
        }
        Life::Answered => Finding::new(
            about,
            Severity::Note,
            format!(
                "a login for {provider} succeeded, and {who} has not stored it yet: what its issuer granted is written down"
            ),
            "nothing: the next change stores it",
        ),
        Life::Gone => {
            Finding::new(about, Severity::Note, format!("{what}; {who}, which worked on it, has ended"), join)
        }
        _ => Finding::new(about, Severity::Note, format!("{what}; {who} works on it"), join),
    }
}
