//! Programs in namespaces of their own, as in containers.

use std::process::Command;

use crate::needs;

/// A pid namespace with a `/proc` of its own.
pub(crate) const CONTAINER: &[&str] = &["--pid", "--fork", "--kill-child", "--mount-proc"];
/// A pid namespace that sees its parent's `/proc`.
pub(crate) const BELOW_OUR_PROC: &[&str] = &["--pid", "--fork", "--kill-child"];

/// The same program with the same arguments and variables, in these namespaces.
pub(crate) fn inside(namespaces: &[&str], command: &Command) -> Command {
    let mut inside = Command::new("unshare");
    inside.args(namespaces).arg(command.get_program()).args(command.get_args());
    inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    inside
}

/// Whether these namespaces can be made here.
pub(crate) fn can_unshare(all: &[&[&str]]) -> bool {
    let works = |namespaces: &&[&str]| {
        Command::new("unshare").args(*namespaces).arg("true").status().is_ok_and(|status| status.success())
    };
    needs::is_root("makes namespaces")
        && needs::found(all.iter().all(works).then_some(()), "unshare (util-linux)").is_some()
}
