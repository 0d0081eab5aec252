//! dbx-tools-auth: a client with a file store, as its documentation has it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dbx_tools_auth::{AuthClient, AuthOptions, CredentialStore, FileStore, Token, TokenProvider};
use tokio::runtime::Runtime;

use crate::Failure;

/// A client, and the runtime that its file store needs.
pub struct Dbx {
    runtime: Runtime,
    client: AuthClient,
}

impl Dbx {
    /// Opens one with a login that is good for a day.
    pub fn open(place: &Path) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let store: Arc<dyn CredentialStore> = Arc::new(FileStore::new(place.to_owned())?);
        let client = AuthClient::new("suite".into(), Arc::new(AtOnce), store, AuthOptions::default());
        runtime.block_on(client.login())?;
        Ok(Self { runtime, client })
    }

    /// Hands out the stored token.
    pub fn read(&self) -> Result<Token, Failure> {
        Ok(self.runtime.block_on(self.client.token())?)
    }

    /// Renews it with an issuer that answers at once, and stores what came.
    pub fn write(&self) -> Result<Token, Failure> {
        Ok(self.runtime.block_on(self.client.force_refresh())?)
    }
}

/// An issuer that answers at once.
struct AtOnce;

#[async_trait::async_trait]
impl TokenProvider for AtOnce {
    async fn authenticate(&self, _timeout: Duration) -> dbx_tools_auth::Result<Token> {
        Ok(token())
    }

    async fn refresh(&self, _token: &Token) -> dbx_tools_auth::Result<Token> {
        Ok(token())
    }
}

fn token() -> Token {
    Token {
        access_token: "access-".repeat(64),
        token_type: "Bearer".into(),
        refresh_token: Some("refresh-".repeat(16)),
        expires_at: Some(time::OffsetDateTime::now_utc() + time::Duration::days(1)),
        scopes: Vec::new(),
    }
}
