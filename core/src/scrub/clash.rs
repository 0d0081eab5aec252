//! Programs that would not use what is planned for them: they take a login or a key from a file of their own, or from a
//! server that an earlier run has started.

mod codex;
mod key_files;
mod said;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::EnvPlan;
pub use said::Said;

/// Where a program keeps a file: below a directory that a variable names, else below the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLocation<'a> {
    /// The variable; none if nothing moves the file.
    pub variable: Option<&'static str>,
    /// Below that directory.
    pub in_variable: &'a str,
    /// Below the home.
    pub in_home: &'a str,
}

/// The program would not use what the plan gives it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{program} would use {instead} and not what is planned; {remedy}")]
pub struct LoginClash {
    /// The program.
    pub program: &'static str,
    /// What it would use.
    pub instead: &'static str,
    /// What to do; of several lines where that is something to write into a file.
    pub remedy: String,
}

/// Whether this command, a program and its arguments, is known not to use the environment that is planned for it. `read_file`
/// gives the text of a file as the child would find it, and `toml` what a text in TOML says, or `None` if it is none.
///
/// Programs are known by the name of the file that is run; a wrapper of another name is not seen through.
pub fn login_clash(
    command: &[OsString],
    plan: &EnvPlan,
    read_file: impl Fn(&FileLocation<'_>) -> Option<String>,
    toml: impl Fn(&str) -> Option<Said>,
) -> Option<LoginClash> {
    let (program, args) = command.split_first()?;
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    match program_name(program)?.as_str() {
        "claude" => claude(plan, args.iter().any(|arg| arg == "--bg")),
        "codex" => codex::clash(plan, &args, read_file, toml),
        "opencode" => opencode(&args),
        name => key_files::clash(name, &args, read_file),
    }
}

/// Each of the three outranks the file; without any of them Claude Code knows nothing but its file.
fn claude(plan: &EnvPlan, is_in_background: bool) -> Option<LoginClash> {
    let is_told =
        ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"].iter().any(|name| plan.sets(name));
    let clash = |instead, remedy: &str| LoginClash { program: "Claude Code", instead, remedy: remedy.to_owned() };
    if !is_told {
        let instead = "its own login (~/.claude/.credentials.json or the keychain)";
        return Some(clash(instead, "add `--as anthropic`"));
    }
    let instead = "the credential of whoever started its background server";
    is_in_background.then(|| clash(instead, "leave out `--bg`"))
}

/// Attached to a server it asks with what that has, which is whatever it was started with.
fn opencode(args: &[Cow<'_, str>]) -> Option<LoginClash> {
    let is_attached = |arg: &Cow<'_, str>| arg == "--attach" || arg.starts_with("--attach=");
    let is_client = args.first().is_some_and(|arg| arg == "attach") || args.iter().any(is_attached);
    is_client.then(|| LoginClash {
        program: "opencode",
        instead: "the credential of whoever started the server that it attaches to",
        remedy: "leave out `attach`".to_owned(),
    })
}

fn program_name(command: &OsStr) -> Option<String> {
    let name = Path::new(command).file_name()?.to_str()?.to_ascii_lowercase();
    let bare = [".exe", ".cmd", ".ps1"].iter().find_map(|end| name.strip_suffix(end));
    Some(bare.unwrap_or(&name).to_owned())
}
