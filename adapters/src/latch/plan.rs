//! The environment of a child process, made from what is stored.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use credlatch_core::scrub::{
    self, ChildCredential, EnvPlan, LoginClash, LoginFile, Report, Shape, Strictness, Wanted, login_file_clash,
};

use super::Latch;
use super::credential::Credential;
use crate::env::PlannedCommand;
use crate::error::Error;

/// The whole environment of a child that works for one provider. `Debug` shows names and no values.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan(EnvPlan);

impl Latch {
    /// Plans the environment of a child that works for this provider, from this process's environment and what is stored.
    ///
    /// # Errors
    /// Nothing is stored for the provider, or it can't be told in this shape. The child must not be started then.
    pub fn plan(&self, provider: &str, shape: Shape) -> Result<Plan, Error> {
        self.plan_with(&self.current(provider)?, shape, &Strictness::Default)
    }

    /// The same with a credential that was chosen before, letting as much else through as `strictness` says.
    ///
    /// # Errors
    /// The child can't be told in this shape, or the credential is another provider's. The child must not be started then.
    pub fn plan_with(&self, credential: &Credential, shape: Shape, strictness: &Strictness) -> Result<Plan, Error> {
        let provider = self.provider(credential.provider().as_str())?;
        let child = ChildCredential { kind: credential.wire_kind(), secret: credential.secret().clone() };
        let wanted = Wanted { table: self.providers(), provider, credential: Some(&child), shape, strictness };
        Ok(Plan(scrub::plan(std::env::vars_os(), &wanted)?))
    }
}

impl Plan {
    /// The plan in names, for people and programs to read.
    pub fn report(&self) -> Report {
        self.0.report()
    }

    /// Gives a command this environment and no other.
    pub fn apply(&self, command: Command) -> PlannedCommand {
        PlannedCommand::from(command).apply(&self.0)
    }

    /// Whether this program is known to prefer a login file of its own over the environment that is planned for it.
    pub fn clash(&self, program: &OsStr) -> Option<LoginClash> {
        let is_there = codex_file(&self.0).is_some_and(|file| file.exists());
        login_file_clash(program, &self.0, if is_there { LoginFile::Present } else { LoginFile::Absent })
    }
}

/// Where the child would look for Codex's login.
fn codex_file(plan: &EnvPlan) -> Option<PathBuf> {
    let of_child = |name: &str| plan.env().find(|(known, value)| *known == name && !value.is_empty());
    let (folder, below) = match of_child("CODEX_HOME") {
        Some((_, folder)) => (folder, "auth.json"),
        None => (of_child("HOME")?.1, ".codex/auth.json"),
    };
    Some(Path::new(folder).join(below))
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credlatch_core::secret::Secret;

    fn plan() -> Plan {
        let latch = Latch::in_memory();
        latch.set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
        latch.plan("minimax", Shape::Own).unwrap()
    }

    #[test]
    fn neither_a_plan_nor_its_command_shows_a_secret() {
        let command = plan().apply(Command::new("true"));
        assert!(format!("{command:?}").contains("true"));
        for text in [format!("{:?}", plan()), format!("{command:?}")] {
            assert!(!text.contains("mm-key-1"), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_child_gets_what_is_planned() {
        let mut look = Command::new("/bin/sh");
        look.args(["-c", "test \"$MINIMAX_API_KEY\" = mm-key-1"]);
        assert!(plan().apply(look).status().unwrap().success());
    }

    #[test]
    fn nothing_is_planned_for_a_provider_without_a_credential() {
        let error = Latch::in_memory().plan("openai", Shape::Own).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::NoCredential);
    }
}
