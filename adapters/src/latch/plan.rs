//! The environment of a child process, made from what is stored.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use credlatch_core::scrub::{
    self, ChildCredential, EnvPlan, FileLocation, Inheritance, LoginClash, Report, Shape, Target, Wanted, login_clash,
};
use credlatch_core::state::name::ProviderId;

use super::Latch;
use super::credential::Credential;
use super::nothing_in::nothing_in;
use crate::env::PlannedCommand;
use crate::error::Error;

/// The whole environment of a child that works for one provider, or for several. `Debug` shows names and no values.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan(EnvPlan);

/// A plan that is being made.
#[must_use]
pub struct Planning<'a> {
    latch: &'a Latch,
    credentials: Vec<(Credential, Shape)>,
    inheritance: Inheritance,
}

impl Latch {
    /// Plans the environment of a child that works for this provider, from this process's environment and what is stored.
    ///
    /// # Errors
    /// Nothing is stored for the provider, or it can't be told in this shape. The child must not be started then.
    pub fn plan(&self, provider: &str, shape: Shape) -> Result<Plan, Error> {
        self.planning(self.current_or_stand_in(provider)?, shape).plan()
    }

    /// Plans the same for a credential that was chosen before.
    pub fn planning(&self, credential: Credential, shape: Shape) -> Planning<'_> {
        Planning { latch: self, credentials: vec![(credential, shape)], inheritance: Inheritance::default() }
    }
}

impl Planning<'_> {
    /// The child gets this credential too, in its provider's own variables.
    pub fn with(mut self, credential: Credential) -> Self {
        self.credentials.push((credential, Shape::Own));
        self
    }

    /// Of what the child would inherit, only what is known to be harmless passes, and what is allowed.
    pub fn strict(mut self, strict: bool) -> Self {
        self.inheritance.strict = strict;
        self
    }

    /// These variables pass by name, whatever they are. It is an error to name one that decides which credential the child
    /// uses.
    pub fn allow(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.inheritance.allow.extend(names);
        self
    }

    /// Plans from this process's environment.
    ///
    /// # Errors
    /// The child can't be told in this shape, or not of all of these providers together; a credential is another
    /// provider's; or something is allowed that decides which one is used. The child must not be started then.
    pub fn plan(self) -> Result<Plan, Error> {
        let Self { latch, credentials, inheritance } = self;
        let children: Vec<ChildCredential> = credentials
            .iter()
            .map(|(own, _)| ChildCredential { kind: own.wire_kind(), secret: own.secret().clone() })
            .collect();
        let targets = credentials.iter().zip(&children).map(|((own, shape), child)| {
            let provider = latch.provider(own.provider().as_str())?;
            Ok(Target { provider, credential: Some(child), shape: *shape })
        });
        let targets = targets.collect::<Result<Vec<_>, Error>>()?;
        let state = latch.status()?.state;
        let expected = state.allowed.iter().map(ToString::to_string).collect();
        let is_anothers = |id: &ProviderId| credentials.iter().all(|(own, _)| own.provider() != id);
        let slots = state.providers.iter().filter(|(id, _)| is_anothers(id)).map(|(_, slot)| slot);
        let entries = slots.flat_map(|slot| &slot.entries);
        let stored = entries.flat_map(|entry| entry.secret().into_iter().chain(entry.material.refresh()));
        let others = stored.filter(|secret| children.iter().all(|own| own.secret != **secret)).cloned().collect();
        let inheritance = Inheritance { expected, others, ..inheritance };
        let folder = nothing_in(latch.0.home())?;
        let empty_folder = folder.to_str();
        let context = latch.0.context();
        let context: Vec<(&str, &str)> = context.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (table, context) = (latch.providers(), context.as_slice());
        let wanted = Wanted { table, targets: &targets, inheritance: &inheritance, context, empty_folder };
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

    /// Whether this command, a program and its arguments, is known not to use the environment that is planned for it.
    pub fn clash(&self, command: &[OsString]) -> Option<LoginClash> {
        login_clash(command, &self.0, |location| self.read(location), |text| toml::from_str(text).ok())
            .or_else(|| self.no_opencode(command))
    }

    /// opencode, if it could be told none of the planned providers, and so would work with none.
    fn no_opencode(&self, command: &[OsString]) -> Option<LoginClash> {
        let is_it = Path::new(command.first()?).file_stem().is_some_and(|name| name == "opencode");
        (is_it && scrub::is_untold_to_opencode(&self.0)).then(|| LoginClash {
            program: "opencode",
            instead: "none of the providers that it knows",
            remedy: "store an API key, leave out `--as anthropic`, or add `--as openai` where the provider's row has \
                     `base_urls.openai`"
                .to_owned(),
        })
    }

    /// The text of a file where the child would find it, or as much of it as anybody writes.
    fn read(&self, location: &FileLocation<'_>) -> Option<String> {
        let of_child = |name: &str| self.0.env().find(|(known, value)| *known == name && !value.is_empty());
        let named =
            location.variable.and_then(of_child).map(|(_, folder)| Path::new(folder).join(location.in_variable));
        let path = named.or_else(|| Some(Path::new(of_child("HOME")?.1).join(location.in_home)))?;
        // A fifo would wait for somebody who writes.
        let file =
            std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file).and_then(|_| File::open(&path).ok())?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// How much is read of another program's configuration.
const MAX_BYTES: u64 = 1 << 20;

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
