//! Whom a latch asks for tokens when the builder names nobody: the servers of its provider table.

use std::sync::Arc;

use credlatch_core::port::Issuer;
use credlatch_core::provider::{Provider, Table};

#[cfg(feature = "oauth")]
pub(super) fn for_table(
    table: &Arc<Table>,
    is_accepted: impl Fn(&Provider) -> bool + Send + Sync + 'static,
) -> Arc<dyn Issuer> {
    let issuer = crate::oauth::HttpIssuer::new(Arc::clone(table)).accepting(is_accepted);
    #[cfg(feature = "foreign")]
    let issuer = issuer.with_links(claude_login);
    Arc::new(issuer)
}

/// Without the feature `oauth` nothing is ever sent.
#[cfg(not(feature = "oauth"))]
pub(super) fn for_table(_: &Arc<Table>, _: impl Fn(&Provider) -> bool + Send + Sync + 'static) -> Arc<dyn Issuer> {
    Arc::new(super::exchange::NoIssuer)
}

/// Looks once whether Claude Code has a login that can be used. A file that is being written is looked at again later.
#[cfg(all(feature = "oauth", feature = "foreign"))]
fn claude_login(provider: &credlatch_core::name::ProviderId) -> credlatch_core::port::Polled {
    use credlatch_core::port::{Clock, Polled};
    use credlatch_core::state::Material;

    use crate::foreign::{Tool, claude_code, live};

    let Some(path) = Tool::ClaudeCode.default_path(|name| std::env::var_os(name)) else { return Polled::Pending };
    let Ok(Some(imported)) = claude_code::read(&path) else { return Polled::Pending };
    let now = crate::system::SystemClock.now();
    let usable = |material: &Material| match material {
        Material::Link(link) => live(Tool::ClaudeCode, link, &now).is_ok_and(|token| token.usable),
        Material::ApiKey(_) | Material::Oauth(_) => false,
    };
    let found = imported.found.into_iter().find(|found| found.provider == *provider && usable(&found.material));
    found.map_or(Polled::Pending, |found| Polled::Linked { material: found.material, source: found.source })
}
