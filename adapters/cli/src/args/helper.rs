//! The helper protocols of other programs, as their configuration lines spell them.

use clap::{Args, Subcommand};

use super::Provider;
use crate::cmd::helper::Host;

/// Whose protocol to speak. The program named is the one that calls.
#[derive(Subcommand)]
pub(crate) enum Helper {
    /// Answer git; in its configuration: helper = "!credlatch helper git PROVIDER --host HOST"
    Git(Asked),
    /// Answer docker, from a script called docker-credential-NAME: exec credlatch helper docker PROVIDER --host HOST "$@"
    Docker(Asked),
    /// Answer cargo, as the `credential-provider` of a registry: a list of these words
    Cargo(Grant),
    /// Answer Claude Code; in its settings: "apiKeyHelper": "credlatch helper claude PROVIDER"
    ///
    /// The key is handed out only if it would go to the provider, and nowhere beside another credential.
    Claude(Grant),
    /// Answer Claude Code for an MCP server; beside its `url`: "headersHelper": "credlatch helper claude-mcp PROVIDER --host HOST"
    ClaudeMcp(Grant),
    /// Answer an AWS client: credential_process = credlatch helper aws PROVIDER
    ///
    /// The provider's secret is KEY_ID:SECRET_KEY, or KEY_ID:SECRET_KEY:SESSION_TOKEN.
    Aws(Provider),
    /// Answer kubectl, as the command of a user's `exec` section with `provideClusterInfo: true`
    Kubectl(Grant),
}

/// Whose credential is handed out, and where to.
#[derive(Args)]
pub(crate) struct Grant {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// Where it may be sent, beside the provider's own hosts; repeatable
    #[arg(long = "host", value_name = "HOST[:PORT]", value_parser = Host::named)]
    pub(crate) hosts: Vec<Host>,
}

/// The same for a client that wants a user name too, and appends what it wants done.
#[derive(Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    pub(crate) grant: Grant,
    /// The user name that goes with it, where the server looks at it [default: what is asked for, or x-access-token]
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// What to do; the client appends it
    pub(crate) operation: String,
}
