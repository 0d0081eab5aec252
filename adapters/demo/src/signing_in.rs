//! Many processes sign in at once, and some of them are killed.

use std::io::{BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use serde_json::Value;

use super::Shown;
use super::issuer::OURS;
use super::stage::Stage;

const PROCESSES: usize = 24;
/// How many of ours are killed, with the one that polls.
const KILLED: usize = 4;

/// A process that signs in, and the first thing that it said.
struct SigningIn {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    first: Value,
}

pub(super) fn sign_in_at_once(stage: &Stage) -> Shown {
    // Its tokens end at once, for the next step.
    stage.issuers.adjust(|settings| settings.token_lifetime = Duration::from_secs(1));
    let ours: Vec<Child> = (0..PROCESSES).map(|_| stage.start(&["login", OURS, "--json"])).collect::<Result<_, _>>()?;
    let naive: Vec<Child> =
        (0..PROCESSES).map(|_| stage.start_part("naive-login", "default")).collect::<Result<_, _>>()?;
    let (mut ours, naive) = (listen(ours)?, listen(naive)?);

    let is_same = |key: &str| ours.iter().all(|one| one.first[key] == ours[0].first[key]);
    if !is_same("flow_id") || !is_same("user_code") {
        return Err("not all processes show the same login".to_owned());
    }
    ours.sort_by_key(|one| one.first["event"] != "started");
    let code = ours[0].first["user_code"].as_str().unwrap_or_default().to_owned();
    let rest = ours.split_off(KILLED);
    for mut one in ours {
        one.child.kill().and_then(|()| one.child.wait().map(drop)).map_err(|error| error.to_string())?;
    }
    stage.issuers.ours.approve(&code);
    for one in &naive {
        stage.issuers.naive.approve(one.first.as_str().unwrap_or_default());
    }
    for one in rest {
        let (said, succeeded) = one.end()?;
        if !succeeded || !said.contains("\"succeeded\"") {
            return Err(format!("a login did not succeed: {said}"));
        }
    }
    for one in naive {
        one.end()?;
    }
    let (ours, naive) = (stage.issuers.ours.stats(), stage.issuers.naive.stats());
    let told = format!(
        "{PROCESSES} processes, {KILLED} of them killed: {} code, {} at a time asks for the outcome;\n    \
         naive: {} codes, each asked for",
        ours.device_requests, ours.pollers, naive.device_requests
    );
    if (ours.device_requests, ours.pollers, ours.logins) == (1, 1, 1) { Ok(told) } else { Err(told) }
}

fn listen(children: Vec<Child>) -> Result<Vec<SigningIn>, String> {
    let listen = |mut child: Child| {
        let out = child.stdout.take().ok_or("a process can't be heard")?;
        let mut lines = BufReader::new(out).lines();
        let line = lines.next().and_then(Result::ok).ok_or("a process ended without a code")?;
        let first = serde_json::from_str(&line).unwrap_or(Value::String(line));
        Ok(SigningIn { child, lines, first })
    };
    children.into_iter().map(listen).collect()
}

impl SigningIn {
    /// Waits for its end: what it said, and whether it ended well. No token may be in what it said.
    fn end(mut self) -> Result<(String, bool), String> {
        let mut said: String = self.lines.map_while(Result::ok).collect();
        if let Some(mut err) = self.child.stderr.take() {
            err.read_to_string(&mut said).map_err(|error| error.to_string())?;
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if said.contains("sandbox-") { Err("a token was printed".to_owned()) } else { Ok((said, status.success())) }
    }
}
