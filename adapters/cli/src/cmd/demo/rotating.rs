//! Tokens that end while many processes need them, and processes that die while they renew one.

use std::fs;
use std::process::Child;
use std::time::Duration;

use super::Shown;
use super::issuer::{OURS, QUARANTINE, until};
use super::naive;
use super::stage::{Stage, texts};

const PROCESSES: usize = 24;
/// Logins of which one process each is killed while it renews the token.
const STRUCK: usize = 4;
/// Processes that need the token of each of those.
const EACH: usize = 6;
/// Processes that need it later, after nobody can be sending any more.
const LATER: usize = 3;

pub(super) fn renew_at_once(stage: &Stage) -> Shown {
    std::thread::sleep(Duration::from_millis(1100));
    stage.issuers.adjust(|settings| settings.token_lifetime_secs = 3600);
    for args in [&["token", OURS][..], &["demo-part", "naive-token"]] {
        let all: Vec<Child> = (0..PROCESSES).map(|_| stage.start(args)).collect::<Result<_, _>>()?;
        let tokens = all.into_iter().map(Stage::end).collect::<Result<Vec<_>, _>>()?;
        if tokens.iter().any(|token| *token != tokens[0] || token.trim().is_empty()) {
            return Err("not all processes have the same token".to_owned());
        }
    }
    let (ours, naive) = (stage.issuers.ours.stats(), stage.issuers.naive.stats());
    let told = format!(
        "{PROCESSES} processes, {} exchange, the same new token for all;\n    naive: {} exchange",
        ours.exchanges, naive.exchanges
    );
    if (ours.exchanges, ours.replays) == (1, 0) { Ok(told) } else { Err(told) }
}

pub(super) fn die_in_the_middle(stage: &Stage) -> Shown {
    let profiles: Vec<String> = (0..STRUCK).map(|number| format!("struck-{number}")).collect();
    for profile in &profiles {
        put_logins(stage, profile)?;
    }
    let asked = [stage.issuers.ours.stats().refresh_requests, stage.issuers.naive.stats().refresh_requests];
    // The server does its work, and the answer is on its way for a second.
    stage.issuers.adjust(|settings| settings.answer_delay = Duration::from_secs(1));
    let mut all = Vec::new();
    for profile in &profiles {
        for _ in 0..EACH {
            all.push(stage.start(&["--profile", profile, "token", OURS])?);
            all.push(stage.start(&["--profile", profile, "demo-part", "naive-token"])?);
        }
    }
    let goal = STRUCK as u64;
    until("all logins are being renewed", || {
        let now = [stage.issuers.ours.stats().refresh_requests, stage.issuers.naive.stats().refresh_requests];
        now[0] >= asked[0] + goal && now[1] >= asked[1] + goal
    })?;
    for profile in &profiles {
        let own = [stage.claimant(profile)?, naive_holder(stage, profile)?];
        for child in all.iter_mut().filter(|child| own.contains(&Some(child.id()))) {
            child.kill().map_err(|error| error.to_string())?;
        }
    }
    stage.issuers.adjust(|settings| settings.answer_delay = Duration::ZERO);
    wait_for(all)?;
    std::thread::sleep(QUARANTINE);
    let mut later = Vec::new();
    for profile in profiles.iter().flat_map(|profile| std::iter::repeat_n(profile, LATER)) {
        later.push(stage.start(&["--profile", profile, "token", OURS])?);
        later.push(stage.start(&["--profile", profile, "demo-part", "naive-token"])?);
    }
    wait_for(later)?;
    count(stage, &profiles)
}

/// How many logins that cost, and how often a spent token was presented.
fn count(stage: &Stage, profiles: &[String]) -> Shown {
    let (ours, naive) = (stage.issuers.ours.stats(), stage.issuers.naive.stats());
    let mut lost = 0;
    for profile in profiles {
        lost += u64::from(stage.health(profile, OURS)?.as_deref() == Some("lost"));
    }
    stage.lost.set((lost, naive.punished));
    let told = format!(
        "{STRUCK} logins, the process at work on each killed -9: {lost} lost,\n    \
         a spent token presented {} times, then never again;\n    \
         naive: {} lost, {} times",
        ours.replays, naive.punished, naive.replays
    );
    // A server without grace time takes a login whose answer was lost, whatever a client does. It is asked once.
    if ours.replays <= lost && ours.punished <= lost { Ok(told) } else { Err(told) }
}

/// The same kind of login for credlatch and for the naive way: just made, and its token has ended.
fn put_logins(stage: &Stage, profile: &str) -> Result<(), String> {
    let (access, refresh) = stage.issuers.ours.grant();
    let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":0}}"#);
    Stage::end(stage.feed(&["--profile", profile, "set", OURS, "--kind", "oauth"], &login)?)?;
    let (access, refresh) = stage.issuers.naive.grant();
    naive::put(&stage.home().join(format!("naive-{profile}.json")), &access, &refresh)
        .map_err(|error| error.to_string())
}

fn naive_holder(stage: &Stage, profile: &str) -> Result<Option<u32>, String> {
    let pid = fs::read_to_string(stage.home().join(format!("naive-{profile}.pid")));
    pid.map(|pid| pid.parse().ok()).map_err(|error| error.to_string())
}

/// However they end; none may say a secret on the way.
fn wait_for(children: Vec<Child>) -> Result<(), String> {
    for child in children {
        let (_, err) = texts(&child.wait_with_output().map_err(|error| error.to_string())?);
        if err.contains("sandbox-") {
            return Err("a token was printed".to_owned());
        }
    }
    Ok(())
}
