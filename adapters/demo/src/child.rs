//! The demo's first half: what a child sees, and what it does not.

use std::collections::BTreeMap;

use credlatch::{Secret, fingerprint};

use super::Shown;
use super::stage::{ANTHROPIC_KEY, INHERITED, MINIMAX_KEY, Stage, texts};

pub(super) fn store_two_keys(stage: &Stage) -> Shown {
    Stage::end(stage.feed(&["set", "minimax"], MINIMAX_KEY)?)?;
    Stage::end(stage.feed(&["set", "anthropic"], ANTHROPIC_KEY)?)?;
    let status = stage.status()?;
    match (status.count("minimax"), status.count("anthropic")) {
        (1, 1) => Ok("minimax and anthropic have one entry each".to_owned()),
        (minimax, anthropic) => Err(format!("minimax has {minimax} entries and anthropic {anthropic}")),
    }
}

pub(super) fn run_its_own(stage: &Stage) -> Shown {
    let seen = Seen::by(stage, &["run", "minimax"])?;
    seen.has("MINIMAX_API_KEY", MINIMAX_KEY)?;
    for (name, _) in INHERITED {
        seen.lacks(name)?;
    }
    let kept_from_it = INHERITED.map(|(name, _)| name);
    let (first, second) = kept_from_it.split_at(2);
    Ok(format!("it sees MINIMAX_API_KEY; kept from it:\n    {},\n    {}", first.join(", "), second.join(", ")))
}

pub(super) fn run_as_anthropic(stage: &Stage) -> Shown {
    let seen = Seen::by(stage, &["run", "minimax", "--as", "anthropic"])?;
    seen.has("ANTHROPIC_AUTH_TOKEN", MINIMAX_KEY)?;
    seen.has("ANTHROPIC_BASE_URL", "https://api.minimax.io/anthropic")?;
    for name in ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"] {
        seen.lacks(name)?;
    }
    Ok("ANTHROPIC_BASE_URL is minimax's address and ANTHROPIC_AUTH_TOKEN its key".to_owned())
}

pub(super) fn refuse_a_fallback(stage: &Stage) -> Shown {
    let args = [&["run", "openai", "--"][..], &stage.part("look")].concat();
    let mut command = stage.command(&args);
    let output = command.output().map_err(|error| error.to_string())?;
    let (out, err) = texts(&output);
    match output.status.code() {
        Some(3) if out.is_empty() && err.contains("credlatch set openai") => {
            Ok("openai has none: exit status 3, nothing started, OPENAI_API_KEY not used".to_owned())
        }
        _ => Err(format!("it ended with {}", output.status)),
    }
}

/// The environment of a child: names, and digests of the values.
struct Seen(BTreeMap<String, String>);

impl Seen {
    /// Runs a child that looks around.
    fn by(stage: &Stage, run: &[&str]) -> Result<Self, String> {
        let args = [run, &["--"], &stage.part("look")].concat();
        let text = stage.run(&args)?;
        let pair = |line: &str| line.split_once(' ').map(|(name, digest)| (name.to_owned(), digest.to_owned()));
        Ok(Self(text.lines().filter_map(pair).collect()))
    }

    fn has(&self, name: &str, value: &str) -> Result<(), String> {
        let meant = Secret::try_from(value).map_err(|bad| bad.to_string())?;
        let is_it = self.0.get(name) == Some(&fingerprint(&meant).to_string());
        if is_it { Ok(()) } else { Err(format!("the child does not see the right {name}")) }
    }

    fn lacks(&self, name: &str) -> Result<(), String> {
        if self.0.contains_key(name) { Err(format!("the child sees {name}")) } else { Ok(()) }
    }
}
