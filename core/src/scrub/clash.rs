//! Programs that look into a login file of their own before, or instead of, the environment.

use std::ffi::OsStr;
use std::path::Path;

use super::EnvPlan;

/// Whether the program's login file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFile {
    /// It is.
    Present,
    /// It is not.
    Absent,
}

/// The program would not use what the plan gives it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{program} would use its own login ({file}) and not what is planned; {remedy}")]
pub struct LoginClash {
    /// The program.
    pub program: &'static str,
    /// Its login file.
    pub file: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// Whether this command is known to prefer a login file over the environment that is planned for it.
///
/// Known are Claude Code and Codex, by the name of the file that is run; a wrapper of another name is not seen through.
pub fn login_file_clash(command: &OsStr, plan: &EnvPlan, file: LoginFile) -> Option<LoginClash> {
    let sets = |names: &[&str]| names.iter().any(|name| plan.sets(name));
    match program_name(command)?.as_str() {
        "claude" => claude(sets(&["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"])),
        "codex" => codex(sets(&["CODEX_API_KEY", "CODEX_ACCESS_TOKEN"]), sets(&["OPENAI_API_KEY"]), file),
        _ => None,
    }
}

/// Each of the three outranks the file; without any of them Claude Code knows nothing but its file.
fn claude(is_told: bool) -> Option<LoginClash> {
    let file = "~/.claude/.credentials.json or the keychain";
    let remedy = "add `--as anthropic`";
    (!is_told).then_some(LoginClash { program: "Claude Code", file, remedy })
}

/// Codex's own variables outrank its file; `OPENAI_API_KEY` only counts while there is none.
fn codex(is_told: bool, has_openai_key: bool, file: LoginFile) -> Option<LoginClash> {
    let remedy = if has_openai_key {
        "store the key under `openai-codex`, or point CODEX_HOME at an empty directory"
    } else {
        "add `--as openai`"
    };
    let obeys = is_told || (has_openai_key && file == LoginFile::Absent);
    (!obeys).then_some(LoginClash { program: "Codex", file: "auth.json in CODEX_HOME, else in ~/.codex", remedy })
}

fn program_name(command: &OsStr) -> Option<String> {
    let name = Path::new(command).file_name()?.to_str()?.to_ascii_lowercase();
    let bare = [".exe", ".cmd", ".ps1"].iter().find_map(|end| name.strip_suffix(end));
    Some(bare.unwrap_or(&name).to_owned())
}
