//! Where entries come from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an entry came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A person set it.
    Manual,
    /// A login of ours.
    Login,
    /// A variable of the environment, by name.
    Env(String),
    /// A variable of a `.env` file.
    Dotenv {
        /// The file.
        path: String,
        /// The variable.
        variable: String,
    },
    /// Claude Code's file.
    ClaudeCode,
    /// Codex's file.
    Codex,
    /// Hermes' file, with the source it recorded.
    Hermes(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::Login => f.write_str("login"),
            Self::Env(variable) => write!(f, "env:{variable}"),
            Self::Dotenv { variable, .. } => write!(f, "dotenv:{variable}"),
            Self::ClaudeCode => f.write_str("claude-code"),
            Self::Codex => f.write_str("codex"),
            Self::Hermes(source) => write!(f, "hermes:{source}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_in_a_word_without_the_path_of_a_file() {
        let dotenv = Source::Dotenv { path: "/home/me/.env".to_owned(), variable: "A".to_owned() };
        for (source, word) in [
            (Source::Manual, "manual"),
            (Source::Login, "login"),
            (Source::Env("A".to_owned()), "env:A"),
            (dotenv, "dotenv:A"),
            (Source::ClaudeCode, "claude-code"),
            (Source::Codex, "codex"),
            (Source::Hermes("env".to_owned()), "hermes:env"),
        ] {
            assert_eq!(source.to_string(), word);
        }
    }
}
