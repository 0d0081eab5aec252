//! Claude Code's `apiKeyHelper`: no request, the key on a line.
//!
//! Claude Code doesn't say whom it is about to ask, but the helper inherits its environment, and that decides it: the base
//! URL, and the credentials and switches that it would use beside what is printed here, which it sends as a key and as a
//! bearer.

use credlatch::core::provider::Table;
use credlatch::core::scrub::is_kept_back;
use credlatch::{Kind, plain};

use super::may_go_to;
use crate::args::{Global, Grant};
use crate::cmd::fresh::stored;
use crate::end::{Done, End};
use crate::output;

/// Where Claude Code sends its requests if it isn't told.
const HOME: &str = "https://api.anthropic.com";
const BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// Each holds a credential that was planned for this program.
const PLANNED: &[&str] = &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];
/// What begins so asks another cloud or gateway, whatever the base URL says, unless it is known to be harmless.
const SWITCH: &str = "CLAUDE_CODE_USE_";
/// Each says otherwise where requests go, or what goes with them.
const ELSEWHERE: &[&str] = &["ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_UNIX_SOCKET", "CLAUDE_CODE_API_BASE_URL"];
/// For whom `credlatch run` started the program, by their ids.
const RUN: &str = "CREDLATCH_RUN";

pub(super) fn claude(global: &Global, grant: &Grant) -> Done {
    let latch = global.latch()?;
    let id = latch.provider(&grant.of.provider)?.id.clone();
    if let Some(name) = PLANNED.iter().find(|name| is_set(name)) {
        let what = format!("the {id} key was not handed out: Claude Code has another credential in {name}");
        return Err(End::usage(
            what,
            "take `apiKeyHelper` out of the settings where `credlatch run` starts Claude Code",
        ));
    }
    if let Some(whom) = std::env::var(RUN).ok().filter(|whom| whom.split(',').all(|one| one != id.as_str())) {
        let what = format!("the {id} key was not handed out: this program was started for {}", plain::line(&whom));
        return Err(End::usage(what, format!("start it so: `credlatch run {id} -- claude`")));
    }
    if let Some(switch) = elsewhere(latch.providers()) {
        let what = format!(
            "the {id} key was not handed out: {switch} sends Claude Code's requests elsewhere, or adds to them"
        );
        return Err(End::usage(what, format!("unset {switch}, or take `apiKeyHelper` out of the settings")));
    }
    let address = std::env::var_os(BASE_URL).filter(|url| !url.is_empty());
    let address = address.map_or_else(|| HOME.into(), |url| url.to_string_lossy().into_owned());
    if !may_go_to(global, &latch, grant, address.trim())? {
        return Err(End::Quiet(1));
    }
    let credential = stored(&latch, &grant.of.provider)?;
    if credential.kind() != Kind::ApiKey {
        let what = format!("what is stored for {id} is a login, and Claude Code would send it as a key");
        return Err(End::usage(what, format!("start it so: `credlatch run {id} -- claude`")));
    }
    output::write(&[credential.expose_secret().as_bytes(), b"\n"])
}

/// A variable that is set and by which the base URL doesn't decide alone.
fn elsewhere(table: &Table) -> Option<String> {
    let chooses =
        |name: &String| (name.starts_with(SWITCH) && is_kept_back(table, name)) || ELSEWHERE.contains(&name.as_str());
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _)| name.into_string().ok());
    names.filter(chooses).map(|name| plain::line(&name).into_owned()).min()
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}
