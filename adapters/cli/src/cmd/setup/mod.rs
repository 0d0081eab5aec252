//! `setup`: write into another program's own configuration that it asks credlatch, and take that back.
//!
//! A file a program says what is to stand in its configuration; all else is done here, the same for each: the difference is
//! shown, a person agrees, the file as it was is kept beside it, and the new one is put in its place as a whole.

mod aws;
mod cargo;
mod change;
mod claude_code;
mod codex;
mod diff;
mod docker;
mod git;
mod json;
mod kept;
mod kubectl;
mod opencode;
mod recipe;
mod show;
mod toml;
mod undo;
mod write;

pub(super) use self::recipe::quoted;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use credlatch::Latch;
use credlatch::core::provider::Table;
use credlatch::setups::{Program, Setups};
use serde_json::json;

use self::change::{Change, Seen};
use self::recipe::Recipe;
use crate::args::{Chosen, Global, Setup, SetupOptions};
use crate::end::{Done, End};
use crate::output;

/// What is to be done, and what a person should know about it besides.
struct Plan {
    changes: Vec<Change>,
    advice: Vec<Advice>,
}

/// What is so, and what to do.
struct Advice {
    what: String,
    remedy: String,
}

impl Plan {
    fn new(changes: Vec<Change>) -> Self {
        Self { changes, advice: Vec::new() }
    }

    fn advise(mut self, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        self.advice.push(Advice { what: what.into(), remedy: remedy.into() });
        self
    }
}

pub(crate) fn setup(global: &Global, setup: &Setup) -> Done {
    let (program, chosen, how) = setup.parts();
    let latch = global.latch()?;
    let Some(provider) = chosen.provider.as_ref().filter(|_| !how.undo) else {
        return undo::undo(global, latch.providers(), program, how);
    };
    let row = latch.provider(provider)?;
    let recipe = Recipe::new(global, row)?;
    let plan = planned(&recipe, setup)?;
    let call = Call { global, table: latch.providers(), program, how };
    let needed: Vec<Change> = plan.changes.into_iter().filter(Change::is_needed).collect();
    let said = format!("{program} asks credlatch for the {} credential already; nothing is to be done", row.id);
    if call.agreed(&needed, &said)? {
        let mut setups = Setups::lock(&home(global)?)?;
        for change in &needed {
            kept::write(&mut setups, program, change)?;
        }
        call.tell_written(&needed, "written", |change| {
            let backup = change.seen.text.is_some().then(|| write::backup_of(&change.seen.path));
            backup.map_or_else(String::new, |backup| format!("; as it was: {}", backup.display()))
        })?;
    }
    for Advice { what, remedy } in plan.advice.into_iter().chain(advice(&latch, &recipe)) {
        output::warn(global.json, &what, &remedy);
    }
    Ok(())
}

fn planned(recipe: &Recipe<'_>, setup: &Setup) -> Done<Plan> {
    match setup {
        Setup::Git { hosts, .. } => git::plan(recipe, hosts),
        Setup::Docker { registry: Some(registry), username, .. } => docker::plan(recipe, registry, username.as_deref()),
        Setup::Docker { registry: None, .. } => Err(End::usage("--registry has no value", "name the registry")),
        Setup::Cargo { registry, index, hosts, .. } => {
            cargo::plan(recipe, registry.as_deref(), index.as_deref(), hosts)
        }
        Setup::Aws { aws_profile, .. } => aws::plan(recipe, aws_profile),
        Setup::Kubectl { user, hosts, .. } => kubectl::plan(recipe, user.as_deref(), hosts),
        Setup::ClaudeCode { .. } => claude_code::plan(recipe),
        Setup::Codex { .. } => codex::plan(recipe),
        Setup::Opencode { .. } => opencode::plan(recipe),
    }
}

/// What holds for each program.
fn advice(latch: &Latch, recipe: &Recipe<'_>) -> Vec<Advice> {
    let mut advice = Vec::new();
    if !recipe.is_found() {
        let what = format!("credlatch is not found by its name, so what was written names {}", recipe.program);
        advice.push(Advice {
            what,
            remedy: "put it on your PATH and run this again, or leave it where it is".to_owned(),
        });
    }
    let id = recipe.row.id.as_str();
    let is_empty = |latch: &Latch| {
        latch.status().is_ok_and(|status| status.state.slot(id).is_none_or(|slot| slot.entries.is_empty()))
    };
    if is_empty(latch) && !recipe.row.keyless {
        let profile = recipe.profile.as_ref().map_or_else(String::new, |name| format!(" --profile {name}"));
        let what = format!("nothing is stored for {id} in this profile, so there is nothing to hand out yet");
        advice.push(Advice { what, remedy: format!("`credlatch set {id}{profile}`") });
    }
    advice
}

/// Where what was written is remembered.
fn home(global: &Global) -> Done<PathBuf> {
    let home = global.own_home()?;
    Ok(std::path::absolute(&home).unwrap_or(home))
}

/// The file of a program's configuration.
fn file(program: Program) -> Done<Seen> {
    let path = program.file(|name| std::env::var_os(name)).ok_or_else(|| match program {
        Program::Kubectl if std::env::var_os("KUBECONFIG").is_some() => {
            End::usage("KUBECONFIG names no file that is there", "name one that is, or unset it")
        }
        _ => End::usage("there is no home directory to look for the configuration in", "set HOME"),
    })?;
    Seen::at(&path)
}

/// One call of this command, as far as it talks to a person.
struct Call<'a> {
    global: &'a Global,
    table: &'a Table,
    program: Program,
    how: SetupOptions,
}

impl Call<'_> {
    /// Shows what would change, and says whether it is to be done. Where nothing would change, that is said.
    fn agreed(&self, changes: &[Change], nothing: &str) -> Done<bool> {
        let differences: Vec<String> = changes.iter().map(|change| show::difference(self.table, change)).collect();
        if changes.is_empty() || self.how.dry_run {
            let object = self.object(changes, Some(&differences), false);
            output::answer(self.global.json, &object, || {
                if changes.is_empty() { nothing.to_owned() } else { differences.concat() }
            })?;
            return Ok(false);
        }
        if self.how.yes {
            return Ok(true);
        }
        let paths: Vec<_> = changes.iter().map(|change| change.seen.path.display().to_string()).collect();
        if self.global.json || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let what = format!("nobody can be asked whether to change {}", paths.join(" and "));
            return Err(End::usage(what, "--yes changes it without asking, and --dry-run shows what would be changed"));
        }
        output::say(differences.concat())?;
        if asked("Change it so? [y/N] ")? {
            return Ok(true);
        }
        output::say("nothing was changed")?;
        Err(End::Quiet(1))
    }

    /// Says what was done to each file.
    fn tell_written(&self, changes: &[Change], done: &str, more: impl Fn(&Change) -> String) -> Done {
        output::answer(self.global.json, &self.object(changes, None, true), || {
            let line = |change: &Change| format!("{done}: {}{}", change.seen.path.display(), more(change));
            changes.iter().map(line).collect::<Vec<_>>().join("\n")
        })
    }

    fn object(&self, changes: &[Change], differences: Option<&[String]>, is_done: bool) -> serde_json::Value {
        let file = |(at, change): (usize, &Change)| {
            json!({
                "file": change.seen.path.to_string_lossy(),
                "difference": differences.and_then(|all| all.get(at)),
            })
        };
        json!({
            "program": self.program.as_str(),
            "undo": self.how.undo,
            "dry_run": self.how.dry_run,
            "changed": is_done,
            "files": changes.iter().enumerate().map(file).collect::<Vec<_>>(),
        })
    }
}

/// Asks a person, and takes all but a clear yes for no.
fn asked(question: &str) -> Done<bool> {
    let failed = |error: io::Error| End::other(format!("could not ask: {error}"), "nothing was changed; add --yes");
    let mut err = io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

impl Setup {
    fn parts(&self) -> (Program, &Chosen, SetupOptions) {
        match self {
            Self::Git { chosen, how, .. } => (Program::Git, chosen, *how),
            Self::Docker { chosen, how, .. } => (Program::Docker, chosen, *how),
            Self::Cargo { chosen, how, .. } => (Program::Cargo, chosen, *how),
            Self::Aws { chosen, how, .. } => (Program::Aws, chosen, *how),
            Self::Kubectl { chosen, how, .. } => (Program::Kubectl, chosen, *how),
            Self::ClaudeCode { chosen, how } => (Program::ClaudeCode, chosen, *how),
            Self::Codex { chosen, how } => (Program::Codex, chosen, *how),
            Self::Opencode { chosen, how } => (Program::Opencode, chosen, *how),
        }
    }
}
