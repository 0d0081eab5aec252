//! What a program is started with.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::Provider;

/// A plan of an environment.
#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// Which program's variables to set, for programs that were made for another provider
    #[arg(long = "as", value_enum, value_name = "SHAPE", default_value_t = Shape::Own)]
    pub(crate) shape: Shape,
    /// Pass on only what is known to be harmless, such as PATH
    #[arg(long)]
    pub(crate) strict: bool,
    /// Another provider whose credential the program gets too, in that provider's own variables; repeatable
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) with: Vec<String>,
    /// A variable to pass on, whatever it is, unless it decides which credential the program uses; repeatable
    #[arg(long, value_name = "VAR")]
    pub(crate) allow: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Shape {
    /// The provider's own variables
    Own,
    /// A base URL and a token, as programs made for Anthropic read them
    Anthropic,
    /// A base URL and a key, as programs made for OpenAI read them
    Openai,
}

#[derive(Args)]
pub(crate) struct Allow {
    /// The variables; without any, the list is shown
    #[arg(value_name = "VAR")]
    pub(crate) names: Vec<String>,
    /// Take them off the list
    #[arg(long, requires = "names")]
    pub(crate) remove: bool,
}

#[derive(Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) plan: Plan,
    /// Renew a token that ends sooner than this, and refuse to start if that doesn't help
    #[arg(long, value_name = "SECS", default_value_t = 0)]
    pub(crate) min_ttl: u64,
    /// Don't say which variables the program doesn't get, and which it gets though they look like credentials
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The program and its arguments, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
