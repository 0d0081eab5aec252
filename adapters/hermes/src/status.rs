//! What stands against an entry, as a row's status fields say it and as our own record does. Whoever wrote last is right:
//! our record holds while the fields are as we left them.

use std::io;

use credlatch_core::fingerprint::digest;
use credlatch_core::pool::{Dead, EntryHealth, FailureKind, REST_LIMITED_MS, REST_UNAUTHORIZED_MS, Rest};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Custody, Entry};
use credlatch_core::time::{Deadline, Stamp};
use serde_json::Value;

use super::json::Object;
use super::side::{Known, KnownKind};
use credlatch::foreign::when;
use credlatch::rfc3339_ms;

const STATUS: &str = "last_status";
const STATUS_AT: &str = "last_status_at";
const CODE: &str = "last_error_code";
const REASON: &str = "last_error_reason";
const MESSAGE: &str = "last_error_message";
const RESET_AT: &str = "last_error_reset_at";
const USES: &str = "request_count";

/// The end of the year 9999: a verdict without a date doesn't grow old.
const UNDATED_MS: u64 = 253_402_300_799_000;

/// What the status fields say, as a digest.
pub(super) fn digest_of(row: &Object<'_>) -> Fingerprint {
    let fields = [STATUS, STATUS_AT, CODE, REASON, MESSAGE, RESET_AT];
    let texts = fields.map(|name| row.value::<Value>(name).map_or_else(String::new, |value| value.to_string()));
    digest(&texts.each_ref().map(String::as_str))
}

/// What stands against a row's entry.
pub(super) fn read(row: &Object<'_>, known: Option<&Known>) -> EntryHealth {
    let ours = known.map(|known| known.health.clone()).unwrap_or_default();
    let uses = row.value(USES).unwrap_or(ours.uses);
    if known.is_some_and(|known| known.status == digest_of(row)) {
        return EntryHealth { uses, ..ours };
    }
    let status = row.text(STATUS).unwrap_or_default();
    let rest = (status == "exhausted").then(|| rest(row)).flatten();
    let dead = (status == "dead").then(|| dead(row));
    // Hermes can't renew a login of ours, so it takes an access token that has ended for a refusal. We can.
    let is_renewable =
        known.is_some_and(|known| matches!(&known.kind, KnownKind::Grant(grant) if grant.is_renewable()));
    let rest = rest.filter(|rest| !is_renewable || rest.cause != FailureKind::Unauthorized);
    EntryHealth { rest, dead: dead.filter(|_| !is_renewable), uses, ..ours }
}

fn rest(row: &Object<'_>) -> Option<Rest> {
    let code: Option<u64> = row.value(CODE);
    let (cause, rest_ms) = match code {
        Some(401) => (FailureKind::Unauthorized, REST_UNAUTHORIZED_MS),
        Some(402) => (FailureKind::Billing, REST_LIMITED_MS),
        Some(429) => (FailureKind::Limited, REST_LIMITED_MS),
        _ => (FailureKind::Other, REST_LIMITED_MS),
    };
    let began_ms = time_ms(row, STATUS_AT);
    let until_ms = time_ms(row, RESET_AT).or(began_ms.map(|at| at.saturating_add(rest_ms)))?;
    let from_ms = began_ms.unwrap_or(0).min(until_ms);
    let from = Stamp { wall_ms: from_ms, ..Stamp::default() };
    Some(Rest { until: Deadline { from, after_ms: until_ms - from_ms }, cause })
}

fn dead(row: &Object<'_>) -> Dead {
    let at = Stamp { wall_ms: time_ms(row, STATUS_AT).unwrap_or(UNDATED_MS), ..Stamp::default() };
    // The reason is a short code; anything else might be a message that quotes a request.
    let is_code =
        |reason: &String| reason.len() <= 64 && reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Dead { at, reason: row.text(REASON).filter(is_code).unwrap_or_else(|| "dead".to_owned()) }
}

/// A time in any of the three forms in which Hermes writes one.
pub(super) fn time_ms(row: &Object<'_>, name: &str) -> Option<u64> {
    match row.value::<Value>(name)? {
        Value::Number(number) => number.as_f64().and_then(when::from_number),
        Value::String(text) => when::from_text(&text),
        _ => None,
    }
}

/// Writes into a row what changed about an entry since it was loaded. Returns whether anything did.
pub(super) fn write(row: &mut Object<'_>, before: Option<&Entry>, entry: &Entry) -> io::Result<bool> {
    let uses = entry.health.uses;
    let is_counted = row.value(USES) != Some(uses) && (row.has(USES) || uses > 0);
    if is_counted {
        row.put(USES, &uses)?;
    }
    let verdict = |entry: &Entry| (entry.health.rest, dead_of(entry));
    let is_judged = before.is_none_or(|before| verdict(before) != verdict(entry));
    if is_judged {
        write_verdict(row, verdict(entry))?;
    }
    Ok(is_counted || is_judged)
}

fn write_verdict(row: &mut Object<'_>, verdict: (Option<Rest>, Option<Dead>)) -> io::Result<()> {
    match verdict {
        (_, Some(dead)) => note(row, "dead", Some(401), Some(&dead.reason), dead.at.wall_ms, None),
        (Some(rest), None) => {
            let code = match rest.cause {
                FailureKind::Unauthorized => Some(401),
                FailureKind::Billing => Some(402),
                FailureKind::Limited => Some(429),
                FailureKind::Other => None,
            };
            note(row, "exhausted", code, None, rest.until.from.wall_ms, Some(rest.until.wall_ms()))
        }
        (None, None) => forget(row),
    }
}

/// A verdict that no rest changes, of a provider or of an issuer.
fn dead_of(entry: &Entry) -> Option<Dead> {
    let lost = || match &entry.grant()?.custody {
        Custody::Lost(lost) => Some(Dead { at: lost.at, reason: lost.code.clone() }),
        _ => None,
    };
    entry.health.dead.clone().or_else(lost)
}

fn note(
    row: &mut Object<'_>,
    status: &str,
    code: Option<u16>,
    reason: Option<&str>,
    at_ms: u64,
    until_ms: Option<u64>,
) -> io::Result<()> {
    row.put(STATUS, status)?;
    row.put(STATUS_AT, &(at_ms / 1000))?;
    row.put(CODE, &code)?;
    row.put(REASON, &reason)?;
    row.put(MESSAGE, &())?;
    row.put(RESET_AT, &until_ms.map(rfc3339_ms))
}

/// A row on which nothing was ever noted stays as it is.
fn forget(row: &mut Object<'_>) -> io::Result<()> {
    if row.get(STATUS).is_some() {
        row.put(STATUS, "ok")?;
        for name in [STATUS_AT, CODE, REASON, MESSAGE, RESET_AT] {
            row.put(name, &())?;
        }
    }
    Ok(())
}
