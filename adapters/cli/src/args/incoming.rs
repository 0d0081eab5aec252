//! What is stored, and where it comes from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use credlatch::Label;

use super::Provider;

#[derive(Args)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// What it is
    #[arg(long, value_enum, default_value_t = Kind::ApiKey)]
    pub(crate) kind: Kind,
    /// Tells it apart from other credentials of this provider; the same label replaces
    #[arg(long, default_value_t)]
    pub(crate) label: Label,
    /// Take a login though its issuer rejected it, or gave another refresh token for it
    #[arg(long)]
    pub(crate) again: bool,
    /// Store a key as it is given, whatever it looks like, with all that stands around it
    #[arg(long)]
    pub(crate) verbatim: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A key that works until somebody revokes it
    ApiKey,
    /// An access token, alone or as JSON: access_token, refresh_token, expires_in or expires_at, scope
    Oauth,
}

#[derive(Args)]
pub(crate) struct Import {
    /// Where from
    #[arg(value_enum)]
    pub(crate) source: ImportSource,
    /// Only what belongs to this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,
    /// The file, if it is not where the tool usually keeps it (for dotenv: not .env in this directory)
    #[arg(long, value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
    /// Say what would be stored, and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take it although it was cleared before, and in place of what has its label
    #[arg(long, requires = "provider")]
    pub(crate) again: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportSource {
    /// Claude Code's login file
    ClaudeCode,
    /// Codex's auth.json
    Codex,
    /// Hermes' auth.json
    Hermes,
    /// A .env file
    Dotenv,
    /// The environment of this command
    Env,
}
