//! Tokens that end while many processes need them, and processes that die while they renew one.

use std::fs;
use std::process::Child;
use std::time::Duration;

use super::Shown;
use super::issuer::{OURS, until};
use super::naive;
use super::stage::{Stage, texts};

const PROCESSES: usize = 24;
/// How long after the server got the request the processes are killed, a login each; none is as soon as one has claimed it.
const PHASES: &[Option<Duration>] =
    &[None, Some(Duration::ZERO), Some(Duration::from_millis(500)), Some(Duration::from_millis(995))];
/// Processes that need the token of each of those.
const EACH: usize = 4;
/// Processes that need it later.
const LATER: usize = 3;

pub(super) fn renew_at_once(stage: &Stage) -> Shown {
    std::thread::sleep(Duration::from_millis(1100));
    stage.issuers.adjust(|settings| settings.token_lifetime = Duration::from_secs(3600));
    let ours = || stage.start(&["token", OURS]);
    let naive = || stage.start_part("naive-token", "default");
    for start in [&ours as &dyn Fn() -> Result<Child, String>, &naive] {
        let all: Vec<Child> = (0..PROCESSES).map(|_| start()).collect::<Result<_, _>>()?;
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
    let profiles: Vec<String> = (0..PHASES.len()).map(|number| format!("struck-{number}")).collect();
    for profile in &profiles {
        put_logins(stage, profile)?;
    }
    // The server does its work at once, and its answer is on its way for a second.
    stage.issuers.adjust(|settings| settings.answer_delay = Duration::from_secs(1));
    for (profile, after) in profiles.iter().zip(PHASES) {
        strike(stage, profile, *after)?;
    }
    stage.issuers.adjust(|settings| settings.answer_delay = Duration::ZERO);
    let mut later = Vec::new();
    for profile in profiles.iter().flat_map(|profile| std::iter::repeat_n(profile, LATER)) {
        later.push(stage.start_part("naive-token", profile)?);
        // Whoever needs it next has it, though everybody who asked for it is dead.
        Stage::end(stage.start(&["--profile", profile, "token", OURS])?)?;
    }
    wait_for(later)?;
    count(stage, &profiles)
}

/// Starts processes that need a token, and kills all of those that keep it with credlatch, and the one that renews it the
/// naive way, so long after the server got the request.
fn strike(stage: &Stage, profile: &str, after: Option<Duration>) -> Result<(), String> {
    let asked = [stage.issuers.ours.stats().refresh_requests, stage.issuers.naive.stats().refresh_requests];
    let start = |args: &[&str]| stage.start(&[&["--profile", profile][..], args].concat());
    let mut ours: Vec<Child> = (0..EACH).map(|_| start(&["token", OURS])).collect::<Result<_, _>>()?;
    let mut naive: Vec<Child> =
        (0..EACH).map(|_| stage.start_part("naive-token", profile)).collect::<Result<_, _>>()?;
    match after {
        Some(after) => {
            until("the login is being rotated", || {
                let now = [stage.issuers.ours.stats().refresh_requests, stage.issuers.naive.stats().refresh_requests];
                now[0] > asked[0] && now[1] > asked[1]
            })?;
            std::thread::sleep(after);
        }
        None => until("the store says who rotates it", || matches!(stage.claimant(profile), Ok(Some(_))))?,
    }
    for child in &mut ours {
        child.kill().map_err(|error| error.to_string())?;
    }
    if let Some(holder) = naive_holder(stage, profile) {
        naive
            .iter_mut()
            .filter(|child| child.id() == holder)
            .try_for_each(Child::kill)
            .map_err(|error| error.to_string())?;
    }
    wait_for(ours)?;
    wait_for(naive)
}

/// How many logins that cost, and how often a spent token was presented.
fn count(stage: &Stage, profiles: &[String]) -> Shown {
    let (ours, naive) = (stage.issuers.ours.stats(), stage.issuers.naive.stats());
    let mut lost = 0;
    for profile in profiles {
        lost += u64::from(stage.health(profile, OURS)?.as_deref() != Some("ok"));
    }
    stage.lost.set((lost, naive.punished));
    let told = format!(
        "{} logins, kill -9 for all {EACH} that waited for each, in another phase each time:\n    \
         {lost} lost, a spent token presented {} times;\n    \
         naive, the one that rotates killed: {} lost, {} times",
        profiles.len(),
        ours.replays,
        naive.punished,
        naive.replays
    );
    if (ours.replays, lost) == (0, 0) { Ok(told) } else { Err(told) }
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

fn naive_holder(stage: &Stage, profile: &str) -> Option<u32> {
    fs::read_to_string(stage.home().join(format!("naive-{profile}.pid"))).ok()?.parse().ok()
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
