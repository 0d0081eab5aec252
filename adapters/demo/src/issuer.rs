//! Two strict authorization servers, one for credlatch and one for the naive way, and what each was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use credlatch::core::provider::TableFile;
use credlatch_sandbox::{Sandbox, Stats};
use serde::Serialize;

use super::part::text;

/// The provider whose logins credlatch keeps.
pub(super) const OURS: &str = "demo-issuer";
/// The one whose logins are kept the naive way.
pub(super) const NAIVE: &str = "demo-naive";
/// The HTTP time-out in seconds. A token in doubt rests for longer, so a short one keeps the demo short.
const HTTP_TIMEOUT_SECS: u64 = 2;

pub(super) struct Issuers {
    pub(super) ours: Sandbox,
    pub(super) naive: Sandbox,
    /// A provider file with a row for each.
    pub(super) providers: PathBuf,
}

impl Issuers {
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        let (ours, naive) = (Sandbox::start(), Sandbox::start());
        let (ours, naive) = (ours.map_err(text)?, naive.map_err(text)?);
        let mut rows = vec![ours.provider_row(OURS), naive.provider_row(NAIVE)];
        for oauth in rows.iter_mut().filter_map(|row| row.oauth.as_mut()) {
            oauth.http_timeout_secs = HTTP_TIMEOUT_SECS;
        }
        let providers = folder.join("providers.json");
        let file = serde_json::to_string(&TableFile { providers: rows }).map_err(text)?;
        fs::write(&providers, file).map_err(text)?;
        Ok(Self { ours, naive, providers })
    }

    /// The same for both.
    pub(super) fn adjust(&self, change: impl Fn(&mut credlatch_sandbox::Settings)) {
        self.ours.adjust(&change);
        self.naive.adjust(&change);
    }
}

/// What a server was asked in all, and what it cost.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    pub(super) device_codes: u64,
    /// How many polled in all, one after another or at a time.
    pub(super) pollers: u64,
    pub(super) exchanges: u64,
    pub(super) replays: u64,
    pub(super) lost_logins: u64,
}

impl Counts {
    pub(super) fn from_stats(stats: &Stats, lost_logins: u64) -> Self {
        Self {
            device_codes: stats.device_requests,
            pollers: stats.flows.iter().map(|flow| flow.pollers).sum(),
            exchanges: stats.exchanges,
            replays: stats.replays,
            lost_logins,
        }
    }
}

/// Waits until something is so.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > Duration::from_secs(30) {
            return Err(format!("waited in vain until {what}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
