//! The obvious solution, to compare with: a file, a lock around it, and a refresh under the lock. It is sound as long as
//! nobody dies or is slow.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use credlatch::core::flow::FlowKind;
use credlatch::core::port::{Issuer, Polled, Prompting};
use credlatch::core::rotation::{Exchanged, Fresh};
use credlatch::oauth::HttpIssuer;
use credlatch::{ProviderId, Secret, fingerprint};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use super::issuer::NAIVE;
use super::{part, say};

/// Asks for a code of its own, prints it, and polls until the person has confirmed it.
pub(super) fn log_in() -> Result<(), String> {
    let (issuer, provider, file) = tools()?;
    let Prompting::Prompt { prompt, .. } = issuer.prompt(&provider, FlowKind::Device) else { return failed("no code") };
    say(format!("{}\n", prompt.user_code))?;
    loop {
        std::thread::sleep(Duration::from_secs(prompt.interval_secs));
        match issuer.poll(&provider, &prompt) {
            Polled::Granted(fresh) => return save(&file, &fresh, None).or_else(|_| failed("not saved")),
            Polled::Pending | Polled::SlowDown => {}
            _ => return failed("refused"),
        }
    }
}

/// Locks, reads, refreshes if it is due, writes, unlocks.
pub(super) fn token() -> Result<(), String> {
    let (issuer, provider, file) = tools()?;
    let lock = File::create(file.with_extension("lock")).map_err(part::text)?;
    let _ = flock(&lock, FlockOperation::LockExclusive);
    let _ = fs::write(file.with_extension("pid"), std::process::id().to_string());
    let stored: Value = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    if stored["ends_ms"].as_u64().is_some_and(|ends_ms| ends_ms > now_ms() + 10_000) {
        return print(stored["access"].as_str());
    }
    let Ok(refresh) = Secret::try_from(stored["refresh"].as_str().unwrap_or_default()) else { return failed("none") };
    match issuer.refresh(&provider, &refresh, &[]) {
        Exchanged::Granted(fresh) => {
            save(&file, &fresh, Some(&refresh)).or_else(|_| failed("not saved"))?;
            print(Some(fresh.access.expose_secret()))
        }
        _ => failed("not refreshed"),
    }
}

/// Its issuer, and the file in the home.
fn tools() -> Result<(HttpIssuer, ProviderId, PathBuf), String> {
    let latch = part::latch()?;
    let provider = latch.provider(NAIVE).map_err(part::text)?.id.clone();
    let file = part::home()?.join(format!("naive-{}.json", latch.profile()));
    Ok((HttpIssuer::new(latch.providers().clone()), provider, file))
}

/// Puts a login there as if it had just been made, and had ended.
pub(super) fn put(file: &Path, access: &str, refresh: &str) -> std::io::Result<()> {
    write(file, &json!({"access": access, "refresh": refresh, "ends_ms": now_ms()}))
}

fn save(file: &Path, fresh: &Fresh, old: Option<&Secret>) -> std::io::Result<()> {
    let refresh = fresh.refresh.as_ref().or(old).map(Secret::expose_secret);
    let ends_ms = now_ms() + fresh.expires_in_ms.unwrap_or(0);
    write(file, &json!({"access": fresh.access.expose_secret(), "refresh": refresh, "ends_ms": ends_ms}))
}

fn write(file: &Path, stored: &Value) -> std::io::Result<()> {
    let draft = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut new = File::create(&draft)?;
    new.write_all(stored.to_string().as_bytes())?;
    new.sync_all()?;
    fs::rename(&draft, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// No token is printed, not even a made-up one: the parent compares digests.
fn print(token: Option<&str>) -> Result<(), String> {
    let digest = token.and_then(|token| Secret::try_from(token).ok()).map(|token| fingerprint(&token).to_string());
    say(format!("{}\n", digest.unwrap_or_default()))
}

fn failed<T>(what: &str) -> Result<T, String> {
    Err(format!("the naive way failed: {what}"))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
