//! How the server behaves.

use std::time::Duration;

/// What can be adjusted while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long access tokens live, and what `expires_in` says: whole seconds.
    pub token_lifetime: Duration,
    /// How long device codes live: whole seconds.
    pub code_lifetime: Duration,
    /// How often a device code may be polled, in whole seconds; who polls faster is told to slow down. Zero: as often as they
    /// like.
    pub interval: Duration,
    /// Whether the person agrees at once.
    pub auto_approve: bool,
    /// Whether a refresh token is replaced when it is used. If not, it stays good and no new one is returned.
    pub rotates: bool,
    /// For how long a refresh token that was replaced is taken again without harm.
    pub grace: Duration,
    /// How long the token endpoint waits after it has done its work and before it answers.
    pub answer_delay: Duration,
    /// What goes wrong with each refresh.
    pub fault: Option<Fault>,
}

/// What can go wrong with a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The token is spent and the connection ends without an answer.
    Drop,
    /// The token is spent and a gateway answers with an HTML page of this status.
    Html(u16),
    /// The token is spent and the answer is cut off in the middle.
    CutOff,
    /// The token is spent and the answer is JSON of another form.
    Malformed,
    /// The token is spent and the answer is larger than any token answer.
    Huge,
    /// The token is left alone, and this OAuth error is answered with this status.
    Refuse(u16, String),
    /// The token is left alone: 503, with so many seconds in `Retry-After`.
    Busy(u64),
}

impl Default for Settings {
    /// A server as strict as they come: rotation without grace, tokens of an hour, a person who has to be asked.
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_secs(3600),
            code_lifetime: Duration::from_secs(600),
            interval: Duration::from_secs(3),
            auto_approve: false,
            rotates: true,
            grace: Duration::ZERO,
            answer_delay: Duration::ZERO,
            fault: None,
        }
    }
}

impl Fault {
    /// Whether the token is left alone.
    pub(super) fn spares(&self) -> bool {
        matches!(self, Self::Refuse(..) | Self::Busy(_))
    }
}
