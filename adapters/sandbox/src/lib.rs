//! A strict authorization server on loopback, for your own tests and for demonstrations.
//!
//! It punishes what real servers punish: a refresh token that is presented again after it was replaced revokes its whole
//! family, a device code that is polled after it was redeemed kills its grant, and whoever polls too fast is told so. It
//! counts what its clients do, so that a test can say *one device request, one poller, one exchange, no replay*.
//!
//! ```
//! use credlatch_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::start()?;
//! sandbox.adjust(|settings| settings.token_lifetime = std::time::Duration::from_secs(60));
//! let row = sandbox.provider_row("acme");       // a row for the provider table, pointing here
//! assert_eq!(sandbox.stats().replays, 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod log;
mod routes;
mod server;
mod settings;
mod state;

use std::fmt;
use std::io;
use std::sync::Arc;

use credlatch_core::name::ProviderId;
use credlatch_core::provider::{Dialect, OAuth, Provider};
use parking_lot::Mutex;

pub use log::{FlowStats, LogEvent, LogLine, Stats};
use server::Server;
pub use settings::{Fault, Settings};
use state::ServerState;

/// The public client id that it accepts.
pub const CLIENT_ID: &str = "credlatch-sandbox";

/// A running server. Dropping it ends its threads.
pub struct Sandbox {
    state: Arc<Mutex<ServerState>>,
    server: Server,
}

impl Sandbox {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// There is no port or no thread to be had.
    pub fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(ServerState::default()));
        let server = Server::start(Arc::clone(&state))?;
        Ok(Self { state, server })
    }

    /// Its address, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// A row for the provider table, for a login with a device code.
    ///
    /// # Panics
    /// If the text can't be the name of a provider.
    pub fn provider_row(&self, id: &str) -> Provider {
        self.provider_row_for(id, Dialect::Device)
    }

    /// A row for the provider table, for a login in another dialect.
    ///
    /// # Panics
    /// If the text can't be the name of a provider.
    pub fn provider_row_for(&self, id: &str, dialect: Dialect) -> Provider {
        let at = |path: &str| Some(format!("{}{path}", self.url()));
        let oauth = OAuth {
            flow: Some(dialect),
            device_authorization_endpoint: match dialect {
                Dialect::CodexDevice => at("/api/accounts/deviceauth/usercode"),
                _ => at("/device_authorization"),
            },
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            revocation_endpoint: at("/revoke"),
            former_origins: Vec::new(),
            client_id: Some(CLIENT_ID.to_owned()),
            scope: Some("models".to_owned()),
            refresh_skew_secs: 120,
            http_timeout_secs: 15,
            grace_secs: 0,
        };
        Provider { oauth: Some(oauth), ..Provider::named(ProviderId::new(id).expect("the name of a provider")) }
    }

    /// Changes how it behaves from now on.
    pub fn adjust(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state.lock().settings);
    }

    /// A person agrees on the page where this code is entered. Returns whether somebody waits for that.
    pub fn approve(&self, user_code: &str) -> bool {
        self.state.lock().decide(user_code, true)
    }

    /// A person refuses. Returns whether somebody waits for that.
    pub fn deny(&self, user_code: &str) -> bool {
        self.state.lock().decide(user_code, false)
    }

    /// Whether a request that carries this access token would be served now.
    pub fn accepts(&self, access_token: &str) -> bool {
        self.state.lock().accepts(access_token)
    }

    /// A fresh pair of tokens, access and refresh, as if a login had just been done.
    pub fn grant(&self) -> (String, String) {
        self.state.lock().grant_outright()
    }

    /// What its clients did so far.
    pub fn stats(&self) -> Stats {
        self.state.lock().stats()
    }

    /// What happened, in order and without secrets; the oldest lines are dropped after 65,536.
    pub fn log(&self) -> Vec<LogLine> {
        self.state.lock().log.lines().cloned().collect()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
