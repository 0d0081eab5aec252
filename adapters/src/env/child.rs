//! Starting a child in a planned environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use credlatch_core::scrub::EnvPlan;

/// A command whose child gets exactly the environment that was planned for it.
///
/// Until [`apply`](Self::apply) it would get an empty one, so forgetting the plan leaks nothing. `Debug` shows the program
/// only: the standard library's own prints every variable with its value. The environment of this process is only read.
pub struct PlannedCommand(Command);

/// Why a child could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildError {
    /// The program.
    pub program: OsString,
    /// What happened.
    pub kind: io::ErrorKind,
    /// The status that shells exit with then: 127 if there is no such program, 126 if it can't be run, 125 otherwise.
    pub exit_status: u8,
}

impl PlannedCommand {
    /// A command to run this program, searched for as a shell would.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self::from(Command::new(program))
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    /// The folder that the child starts in.
    #[must_use]
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Where the child reads.
    #[must_use]
    pub fn stdin(mut self, from: impl Into<Stdio>) -> Self {
        self.0.stdin(from);
        self
    }

    /// Where the child writes.
    #[must_use]
    pub fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.0.stdout(to);
        self
    }

    /// Where the child writes what went wrong.
    #[must_use]
    pub fn stderr(mut self, to: impl Into<Stdio>) -> Self {
        self.0.stderr(to);
        self
    }

    /// Gives the child this plan's environment, and nothing else.
    #[must_use]
    pub fn apply(mut self, plan: &EnvPlan) -> Self {
        self.0.env_clear().envs(plan.env());
        self
    }

    /// Starts the child.
    ///
    /// # Errors
    /// The program is missing or can't be run.
    pub fn spawn(&mut self) -> Result<Child, ChildError> {
        self.0.spawn().map_err(|error| self.error(&error))
    }

    /// Runs the child to its end.
    ///
    /// # Errors
    /// The program is missing or can't be run.
    pub fn status(&mut self) -> Result<ExitStatus, ChildError> {
        self.0.status().map_err(|error| self.error(&error))
    }

    /// Runs the child to its end and collects what it writes.
    ///
    /// # Errors
    /// The program is missing or can't be run.
    pub fn output(&mut self) -> Result<Output, ChildError> {
        self.0.output().map_err(|error| self.error(&error))
    }

    /// Becomes the child: this process goes on as the program. It returns only if that failed.
    #[cfg(unix)]
    pub fn exec(mut self) -> ChildError {
        let error = std::os::unix::process::CommandExt::exec(&mut self.0);
        self.error(&error)
    }

    fn error(&self, error: &io::Error) -> ChildError {
        ChildError { program: self.0.get_program().to_owned(), kind: error.kind(), exit_status: exit_status(error) }
    }
}

impl From<Command> for PlannedCommand {
    /// Takes a command over. Variables that were set on it are dropped: the plan is the whole environment.
    fn from(mut command: Command) -> Self {
        command.env_clear();
        Self(command)
    }
}

impl fmt::Debug for PlannedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedCommand").field("program", &self.0.get_program()).finish_non_exhaustive()
    }
}

fn exit_status(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => 127,
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::ExecutableFileBusy => 126,
        _ if WRONG_FORMAT == error.raw_os_error() => 126,
        _ => 125,
    }
}

/// ENOEXEC, the same on every Unix, or `ERROR_BAD_EXE_FORMAT`: they have no kind of their own.
const WRONG_FORMAT: Option<i32> = Some(if cfg!(windows) { 193 } else { 8 });

impl ChildError {
    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self.exit_status {
            127 => "check the spelling, or give the path of the program",
            126 => "make it executable (`chmod +x`) and check that it is for this machine",
            _ => "try again; nothing was changed",
        }
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.program.to_string_lossy();
        match self.exit_status {
            127 => write!(f, "there is no program `{program}`"),
            126 => write!(f, "`{program}` can't be run: {}", self.kind),
            _ => write!(f, "`{program}` could not be started: {}", self.kind),
        }
    }
}

impl std::error::Error for ChildError {}
