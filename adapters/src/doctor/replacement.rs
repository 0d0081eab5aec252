//! How a person gets a provider's credential anew.

use credlatch_core::name::ProviderId;
use credlatch_core::provider::Provider;

/// What a person types to get a provider's credential anew.
pub(super) struct ReplacementCommand(pub(super) String);

impl ReplacementCommand {
    pub(super) fn new(id: &ProviderId, row: Option<&Provider>) -> Self {
        let can_login = row.and_then(|row| row.oauth.as_ref()).is_some_and(|oauth| oauth.flow.is_some());
        Self(if can_login { format!("`credlatch login {id}`") } else { format!("`credlatch set {id}`") })
    }
}
