//! `helper`: the protocols by which other programs ask for credentials, one a file. Each is parsed and answered by pure
//! functions; [`host`] is the one place that decides whether a credential may go where the client would send it.

mod aws;
mod cargo;
mod claude;
mod claude_mcp;
mod docker;
mod git;
mod host;
mod kubectl;

use credlatch::Latch;

pub(crate) use cargo::plugin as cargo_plugin;
pub(crate) use host::Host;

use crate::args::{Asked, Global, Grant, Helper};
use crate::end::Done;
use crate::output;

/// The user name beside a token, where none is configured or asked for. Servers that take tokens ignore it.
const USERNAME: &str = "x-access-token";

pub(crate) fn helper(global: &Global, client: &Helper) -> Done {
    match client {
        Helper::Git(asked) => git::git(global, asked),
        Helper::Docker(asked) => docker::docker(global, asked),
        Helper::Cargo(grant) => cargo::cargo(global, grant),
        Helper::Claude(grant) => claude::claude(global, grant),
        Helper::ClaudeMcp(grant) => claude_mcp::claude_mcp(global, grant),
        Helper::Aws(of) => aws::aws(global, of),
        Helper::Kubectl(grant) => kubectl::kubectl(global, grant),
    }
}

/// Whether the credential may go to this address. If not, the person is told why: each protocol has a polite word for
/// *nothing*, and that word alone would leave them wondering.
fn may_go_to(global: &Global, latch: &Latch, grant: &Grant, address: &str) -> Done<bool> {
    let row = latch.provider(&grant.of.provider)?;
    let Err(refused) = host::check(row, &grant.hosts, address) else { return Ok(true) };
    output::warn(global.json, &refused.message(row), &refused.remedy());
    Ok(false)
}

impl Asked {
    fn provider(&self) -> &str {
        &self.grant.of.provider
    }
}
