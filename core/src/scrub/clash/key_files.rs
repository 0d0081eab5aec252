//! Programs whose own files of keys and logins outrank their environment, and how each is kept from them.

use std::borrow::Cow;

use super::{FileLocation, LoginClash};

/// One program.
struct Program {
    /// The name of the file that is run.
    command: &'static str,
    /// What people call it.
    name: &'static str,
    /// What it would use.
    instead: &'static str,
    /// Where it looks.
    locations: &'static [FileLocation<'static>],
    /// With one of these arguments it doesn't.
    cures: &'static [&'static str],
    remedy: &'static str,
}

/// Tried with pi 0.73, llm 0.36, aider 0.86 and gemini-cli 0.61.
const PROGRAMS: &[Program] = &[
    Program {
        command: "pi",
        name: "pi",
        instead: "its own file of keys and addresses (auth.json, models.json)",
        locations: &[
            FileLocation {
                variable: Some("PI_CODING_AGENT_DIR"),
                in_variable: "auth.json",
                in_home: ".pi/agent/auth.json",
            },
            FileLocation {
                variable: Some("PI_CODING_AGENT_DIR"),
                in_variable: "models.json",
                in_home: ".pi/agent/models.json",
            },
        ],
        cures: &[],
        remedy: "name an empty directory in PI_CODING_AGENT_DIR, or move the files away",
    },
    Program {
        command: "llm",
        name: "llm",
        instead: "its own file of keys (keys.json)",
        locations: &[FileLocation {
            variable: Some("LLM_USER_PATH"),
            in_variable: "keys.json",
            in_home: ".config/io.datasette.llm/keys.json",
        }],
        cures: &["--key"],
        remedy: "name another directory in LLM_USER_PATH, or move the file away",
    },
    Program {
        command: "aider",
        name: "aider",
        instead: "its own login or settings (~/.aider)",
        locations: &[
            FileLocation { variable: None, in_variable: "", in_home: ".aider/oauth-keys.env" },
            FileLocation { variable: None, in_variable: "", in_home: ".aider.conf.yml" },
            FileLocation { variable: None, in_variable: "", in_home: ".env" },
        ],
        cures: &["--anthropic-api-key", "--openai-api-key"],
        remedy: "move oauth-keys.env, .aider.conf.yml and .env out of the home",
    },
    Program {
        command: "gemini",
        name: "gemini-cli",
        instead: "its own Google login (oauth_creds.json)",
        locations: &[FileLocation {
            variable: Some("GEMINI_CLI_HOME"),
            in_variable: ".gemini/oauth_creds.json",
            in_home: ".gemini/oauth_creds.json",
        }],
        cures: &[],
        remedy: "name another directory in GEMINI_CLI_HOME, or sign out there",
    },
];

pub(super) fn clash(
    command: &str,
    args: &[Cow<'_, str>],
    read_file: impl Fn(&FileLocation<'_>) -> Option<String>,
) -> Option<LoginClash> {
    let program = PROGRAMS.iter().find(|program| program.command == command)?;
    let is_cured = args.iter().any(|arg| program.cures.iter().any(|cure| arg.split('=').next() == Some(*cure)));
    let is_there =
        || program.locations.iter().any(|location| read_file(location).is_some_and(|text| !text.trim().is_empty()));
    (!is_cured && is_there()).then(|| LoginClash {
        program: program.name,
        instead: program.instead,
        remedy: program.remedy.to_owned(),
    })
}
