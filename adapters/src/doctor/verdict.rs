//! What is wrong with an entry, and what to do about it.

use std::path::Path;

use credlatch_core::name::ProviderId;
use credlatch_core::provider::sniff;
use credlatch_core::state::{Custody, DoubtCause, Entry};

use super::Case;
use super::entry::EntryReport;
use super::finding::{About, Finding, Severity};
use super::health::Health;
use super::holder::Life;
use super::replacement::ReplacementCommand;
use crate::docfile::errors::quoted as shell_quoted;
use crate::error::clock_time;
use crate::error::issuer::Trouble;
use crate::error::suspension::Suspension;
use crate::foreign::Tool;
use crate::when::{rfc3339, system_time};

/// Everything that stands against one entry.
pub(super) fn of_entry(
    case: &Case<'_>,
    id: &ProviderId,
    entry: &Entry,
    report: &EntryReport,
    replacement: &ReplacementCommand,
) -> Vec<Finding> {
    let entry_case = EntryCase { case, id, entry, report, replacement };
    [entry_case.health(), entry_case.ends_soon(), entry_case.back_off(), entry_case.holder(), entry_case.stranger()]
        .into_iter()
        .flatten()
        .collect()
}

struct EntryCase<'a> {
    case: &'a Case<'a>,
    id: &'a ProviderId,
    entry: &'a Entry,
    report: &'a EntryReport,
    replacement: &'a ReplacementCommand,
}

impl EntryCase<'_> {
    fn finding(&self, severity: Severity, what: &str, remedy: impl Into<String>) -> Finding {
        let what = format!("the {} entry {} {what}", self.id, self.report.label);
        Finding::new(About::Provider(self.id.clone()), severity, what, remedy)
    }

    fn remove(&self) -> String {
        let label = shell_quoted(Path::new(self.report.label.as_str()));
        format!("`credlatch remove {} --label {label}`", self.id)
    }

    fn health(&self) -> Option<Finding> {
        let (renew, remove) = (&self.replacement.0, self.remove());
        let warning = Severity::Warning;
        Some(match &self.report.health {
            Health::Ok | Health::Rotating => return None,
            Health::Resting => self.finding(Severity::Note, &self.report.why, "nothing: it is used again after that"),
            Health::Dead => self.finding(
                warning,
                &format!("is {}", self.report.why),
                format!("get a new one: {renew}; or {remove}"),
            ),
            Health::Lost => {
                let what = format!("was {}", self.report.why);
                self.finding(warning, &what, format!("sign in again: {renew}; or {remove}"))
            }
            Health::Suspended => {
                let suspension = Suspension::for_source(&self.entry.source);
                self.finding(warning, &format!("is {}", suspension.what), format!("{}; or {remove}", suspension.remedy))
            }
            Health::SignedOut(error) | Health::Unreadable(Some(error)) => {
                self.finding(warning, &format!("is a link, and {error}"), format!("{}; or {remove}", error.remedy()))
            }
            Health::Unreadable(None) => {
                let what = "is linked to a tool that this version can't read";
                self.finding(warning, what, format!("remove it: {remove}"))
            }
            Health::Expired => self.expired(),
            Health::NotRenewed => self.not_renewed(),
            Health::InDoubt => self.doubt()?,
        })
    }

    fn expired(&self) -> Finding {
        let ended = self.report.expires_at.map_or_else(String::new, |at| format!(" at {}", rfc3339(at)));
        let (what, again) = if self.entry.grant().is_some() {
            let what = format!("ended{ended}, and has no refresh token to rotate it with");
            (what, format!("get a new one: {}", self.replacement.0))
        } else {
            let what = format!("is a link to a login that ended{ended}, and the tool that owns it can't rotate it");
            (what, self.tool().map_or("sign in again in the tool that owns it", Tool::sign_in).to_owned())
        };
        self.finding(Severity::Warning, &what, format!("{again}; or {}", self.remove()))
    }

    fn not_renewed(&self) -> Finding {
        let ended = self.report.expires_at.map_or_else(String::new, |at| format!(" at {}", rfc3339(at)));
        let tool = self.tool().map_or_else(|| "the tool that owns it".to_owned(), |tool| tool.to_string());
        self.finding(
            Severity::Warning,
            &format!("is a link whose access token ended{ended}, and {tool} has not rotated it yet"),
            format!("use {tool} once, and it rotates its login; or {}", self.remove()),
        )
    }

    fn ends_soon(&self) -> Option<Finding> {
        let end = rfc3339(self.report.login_ends_at?);
        let what = format!("is a link to a login that ends at {end}, however often it is rotated");
        let again = self.tool().map_or("sign in again in the tool that owns it", Tool::sign_in);
        Some(self.finding(Severity::Note, &what, format!("{again} before then")))
    }

    fn tool(&self) -> Option<Tool> {
        Tool::from_source(&self.entry.source)
    }

    fn doubt(&self) -> Option<Finding> {
        let Custody::InDoubt(doubt) = &self.entry.grant()?.custody else { return None };
        let cause = match doubt.why {
            DoubtCause::ActorDied => "whoever rotated it ended before the answer was saved",
            DoubtCause::NoUsableAnswer => "a rotation got no usable answer",
        };
        let next = match self.report.presents_at {
            Some(at) => format!("it is presented once more after {}, when it is needed", rfc3339(at)),
            None => "its access token does not end; it is presented once more if that is refused".to_owned(),
        };
        let warning = self.finding(
            Severity::Warning,
            &format!("is in doubt: {cause}, so its refresh token may be spent"),
            format!("{next}; if the issuer rejects it: {}", self.replacement.0),
        );
        Some(warning)
    }

    fn back_off(&self) -> Option<Finding> {
        let health = &self.entry.health;
        let trouble = Trouble::from_health(self.case.latch.providers().get(self.id), health);
        let next = health.retry_at?;
        let is_over = next.is_reached(&self.case.now);
        // What time alone doesn't mend is told until a try succeeds, and not only until the next may be made; and so is a
        // token that has ended.
        let has_ended = self.report.expires_at.is_some_and(|at| at <= system_time(self.case.now.wall_ms));
        if is_over && !has_ended && trouble.as_ref().is_none_or(|trouble| trouble.remedy.is_none()) {
            return None;
        }
        // A doubt and a verdict say more than the failure that led to them.
        if !matches!(self.report.health, Health::Ok | Health::Rotating | Health::Resting) {
            return None;
        }
        let tries = health.failures;
        let (why, first) = match &trouble {
            Some(trouble) => (format!(": {}", trouble.what), ""),
            None => (String::new(), "look whether its issuer can be reached; "),
        };
        let when = if is_over {
            "is made when it is needed".to_owned()
        } else {
            format!("may be made at {}", clock_time(&next))
        };
        let times = if tries == 1 { "the last time".to_owned() } else { format!("{tries} times in a row") };
        let ended = if has_ended { "has ended, and " } else { "" };
        let what = format!("{ended}could not be rotated {times}{why}; the next try {when}");
        let remedy = Trouble::remedy(trouble.as_ref(), self.id, &self.report.label, Some(&next).filter(|_| !is_over));
        Some(self.finding(Severity::Warning, &what, format!("{first}{remedy}")))
    }

    fn holder(&self) -> Option<Finding> {
        let holder = self.report.holder?;
        let who = holder.who();
        let resume = |pid: u32| format!("resume it: `kill -CONT {pid}`");
        Some(match holder.life {
            Life::AtWork => self.finding(Severity::Note, &format!("is being rotated by {who}"), ""),
            Life::Stopped => self.finding(
                Severity::Warning,
                &format!("is held by {who}, which was stopped while it rotated it: nobody else may"),
                holder.pid.map_or_else(|| "resume it".to_owned(), resume),
            ),
            Life::Answered => self.finding(
                Severity::Note,
                &format!("was rotated by {who}, which has not stored it yet: what its issuer granted is written down"),
                "nothing: the next change stores it",
            ),
            Life::Gone => self.finding(
                Severity::Note,
                &format!("was being rotated by {who}, which has ended: its refresh token may be spent"),
                "nothing: the next change notes it as in doubt",
            ),
            Life::Unknown => {
                self.finding(Severity::Note, &format!("is held by {who}; whether that lives can't be told"), "")
            }
        })
    }

    /// A secret under the wrong provider is refused by `run`, because somebody else would be billed.
    fn stranger(&self) -> Option<Finding> {
        let token = sniff::whole(self.case.latch.providers(), self.entry.secret()?.expose_secret())?;
        let owner = token.owners.first().filter(|_| !token.belongs_to(self.id))?;
        let remedy = format!("store it there, `credlatch set {owner}`, and {}", self.remove());
        Some(self.finding(Severity::Warning, &format!("begins like a credential of {owner}"), remedy))
    }
}
