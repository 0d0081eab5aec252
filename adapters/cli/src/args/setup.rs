//! Which program is set up, for which provider, and how carefully.

use clap::{Args, Subcommand};

use crate::cmd::helper::Host;

/// The program whose configuration is written.
#[derive(Subcommand)]
pub(crate) enum Setup {
    /// A `credential` section in git's configuration, for each host
    Git {
        #[command(flatten)]
        chosen: Chosen,
        /// For which host, where it isn't the provider's own; repeatable
        #[arg(long = "host", value_name = "HOST[:PORT]", value_parser = Host::named)]
        hosts: Vec<Host>,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// A `credHelpers` entry in docker's configuration, and the script that docker calls
    Docker {
        #[command(flatten)]
        chosen: Chosen,
        /// For which registry
        #[arg(long, value_name = "HOST[:PORT]", value_parser = Host::named, required_unless_present = "undo")]
        registry: Option<Host>,
        /// The user name that goes with it, where the registry looks at it
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// A `credential-provider` for a registry in cargo's configuration
    Cargo {
        #[command(flatten)]
        chosen: Chosen,
        /// For which registry, as cargo calls it [default: crates.io]
        #[arg(long, value_name = "NAME")]
        registry: Option<String>,
        /// Where that registry's index is, if cargo's configuration doesn't say it yet
        #[arg(long, value_name = "URL", requires = "registry")]
        index: Option<String>,
        /// Where the token may be sent, beside the provider's own hosts; repeatable
        #[arg(long = "host", value_name = "HOST[:PORT]", value_parser = Host::named)]
        hosts: Vec<Host>,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// A `credential_process` for a profile in the configuration of AWS clients
    Aws {
        #[command(flatten)]
        chosen: Chosen,
        /// For which profile of AWS clients
        #[arg(long, value_name = "NAME", default_value = "default")]
        aws_profile: String,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// An `exec` section for a user in the kubeconfig
    Kubectl {
        #[command(flatten)]
        chosen: Chosen,
        /// For which user [default: that of the current context]
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Where the token may be sent, beside the provider's own hosts; repeatable
        #[arg(long = "host", value_name = "HOST[:PORT]", value_parser = Host::named)]
        hosts: Vec<Host>,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// The `apiKeyHelper` in Claude Code's settings
    ClaudeCode {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// A model provider in Codex' configuration that asks credlatch for its key
    Codex {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        how: SetupOptions,
    },
    /// A plugin for opencode that asks credlatch for the key of each request
    Opencode {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        how: SetupOptions,
    },
}

/// Whose credential the program is to ask for.
#[derive(Args)]
pub(crate) struct Chosen {
    /// The provider, such as anthropic; `credlatch providers` shows all
    #[arg(required_unless_present = "undo", conflicts_with = "undo")]
    pub(crate) provider: Option<String>,
}

/// How carefully.
#[derive(Args, Clone, Copy)]
pub(crate) struct SetupOptions {
    /// Take back all that was written for this program, and put its files back as they were
    #[arg(long)]
    pub(crate) undo: bool,
    /// Show the difference and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
}
