//! The programs whose configuration can name credlatch, and where each keeps it.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program that can ask credlatch for its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// git
    Git,
    /// docker
    Docker,
    /// cargo
    Cargo,
    /// The AWS command line and libraries
    Aws,
    /// kubectl
    Kubectl,
    /// Claude Code
    ClaudeCode,
    /// Codex
    Codex,
    /// opencode
    Opencode,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Git, Self::Docker, Self::Cargo, Self::Aws, Self::Kubectl, Self::ClaudeCode, Self::Codex, Self::Opencode];

    /// As the command `setup` calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Docker => "docker",
            Self::Cargo => "cargo",
            Self::Aws => "aws",
            Self::Kubectl => "kubectl",
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Opencode => "opencode",
        }
    }

    /// The file in which this user's configuration is, or would be, by the program's own variables. None where nobody says
    /// where the home is, or where `KUBECONFIG` names no file that is there.
    pub fn file(self, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let said = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let at_home = |path: &str| said("HOME").map(|home| home.join(path));
        let in_config =
            |path: &str| said("XDG_CONFIG_HOME").or_else(|| at_home(".config")).map(|place| place.join(path));
        let in_folder = |moved_by: &str, usual: &str| said(moved_by).or_else(|| at_home(usual));
        match self {
            Self::Git => said("GIT_CONFIG_GLOBAL").or_else(|| {
                let (usual, other) = (at_home(".gitconfig")?, in_config("git/config")?);
                // What git itself would write to.
                Some(if !usual.exists() && other.exists() { other } else { usual })
            }),
            Self::Docker => in_folder("DOCKER_CONFIG", ".docker").map(|folder| folder.join("config.json")),
            Self::Cargo => in_folder("CARGO_HOME", ".cargo").map(|folder| {
                // Cargo prefers the name of earlier versions, where both are there.
                let earlier = folder.join("config");
                if earlier.is_file() { earlier } else { folder.join("config.toml") }
            }),
            Self::Aws => in_folder("AWS_CONFIG_FILE", ".aws/config"),
            Self::Kubectl => match variable("KUBECONFIG").filter(|list| !list.is_empty()) {
                Some(list) => std::env::split_paths(&list).find(|path| path.is_file()),
                None => at_home(".kube/config"),
            },
            Self::ClaudeCode => in_folder("CLAUDE_CONFIG_DIR", ".claude").map(|folder| folder.join("settings.json")),
            Self::Codex => in_folder("CODEX_HOME", ".codex").map(|folder| folder.join("config.toml")),
            Self::Opencode => in_config("opencode/plugins/credlatch.js"),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "AWS clients",
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            other => other.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_programs_own_variable_says_where_its_configuration_is() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let at = |program: Program, set: &[(&str, String)]| {
            let all: Vec<_> = set.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
            let home = ("HOME", OsString::from(home));
            program.file(|name| all.iter().chain([&home]).find(|(own, _)| *own == name).map(|(_, value)| value.clone()))
        };
        let path = |name: &str| home.join(name).display().to_string();
        for (program, usual, variable, value, moved) in [
            (Program::Git, ".gitconfig", "GIT_CONFIG_GLOBAL", path("g"), path("g")),
            (Program::Docker, ".docker/config.json", "DOCKER_CONFIG", path("d"), path("d/config.json")),
            (Program::Cargo, ".cargo/config.toml", "CARGO_HOME", path("c"), path("c/config.toml")),
            (Program::Aws, ".aws/config", "AWS_CONFIG_FILE", path("a"), path("a")),
            (Program::ClaudeCode, ".claude/settings.json", "CLAUDE_CONFIG_DIR", path("l"), path("l/settings.json")),
            (Program::Codex, ".codex/config.toml", "CODEX_HOME", path("x"), path("x/config.toml")),
            (
                Program::Opencode,
                ".config/opencode/plugins/credlatch.js",
                "XDG_CONFIG_HOME",
                path("o"),
                path("o/opencode/plugins/credlatch.js"),
            ),
        ] {
            assert_eq!(at(program, &[]), Some(home.join(usual)));
            assert_eq!(at(program, &[(variable, value)]), Some(PathBuf::from(moved)), "{variable}");
            assert_eq!(at(program, &[(variable, String::new())]), Some(home.join(usual)), "{variable} is empty");
        }
        assert_eq!(at(Program::Kubectl, &[]), Some(home.join(".kube/config")));
        fs::write(home.join("second"), "").unwrap();
        let list = format!("{}:{}", path("first"), path("second"));
        assert_eq!(at(Program::Kubectl, &[("KUBECONFIG", list)]), Some(home.join("second")));
        assert_eq!(at(Program::Kubectl, &[("KUBECONFIG", path("first"))]), None);
    }

    #[test]
    fn git_and_cargo_are_set_up_in_the_file_that_they_go_by() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let at = |program: Program| program.file(|name| (name == "HOME").then(|| home.into())).unwrap();
        for file in [".config/git/config", ".cargo/config"] {
            fs::create_dir_all(home.join(file).parent().unwrap()).unwrap();
            fs::write(home.join(file), "").unwrap();
        }
        assert_eq!(at(Program::Git), home.join(".config/git/config"));
        assert_eq!(at(Program::Cargo), home.join(".cargo/config"));
        fs::write(home.join(".gitconfig"), "").unwrap();
        assert_eq!(at(Program::Git), home.join(".gitconfig"));
    }
}
