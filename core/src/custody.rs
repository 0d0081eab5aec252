//! Who may act: claims, the actors that hold them, and what is left when an actor dies.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rotation::Times;
use crate::state::later;
use crate::time::{Deadline, Expiry, Stamp};

/// Who may present a grant's refresh token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// Nobody is presenting it; it is the issuer's live one as far as anybody can know.
    Settled,
    /// One actor is.
    Rotating(Claim),
    /// An actor died while presenting it, or got no usable answer: the issuer may have spent it.
    InDoubt(Doubt),
    /// The issuer rejected exactly these bytes. Only a new login helps.
    Lost(Lost),
}

/// The durable right of one actor to do one outside act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Tells this act from every other, for ever.
    pub attempt: Nonce,
    /// Who acts.
    pub actor: Actor,
    /// When it was claimed.
    pub at: Stamp,
    /// The doubt it set out to resolve, to return to if nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// What is left of a claim whose outcome nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// The act.
    pub attempt: Nonce,
    /// When it was claimed: a request of it may be in flight until twice the HTTP time-out later.
    pub claimed: Stamp,
    /// What happened.
    pub why: DoubtCause,
}

impl Doubt {
    /// From when on no request of the act can be in flight any more.
    pub fn quiet(&self, times: Times) -> Deadline {
        self.claimed.plus_ms(times.quarantine_ms())
    }

    /// Whether its issuer would still take the refresh token a second time.
    pub fn is_forgiven(&self, now: &Stamp, times: Times) -> bool {
        now.age_ms(&self.claimed) < times.grace_ms
    }

    /// When the refresh token may be presented again because the access token has ended; none if that never ends. A 401
    /// allows it as soon as it is [`quiet`](Self::quiet).
    pub fn retry_at(&self, expiry: Expiry, now: &Stamp, times: Times) -> Option<Deadline> {
        let ends = match expiry {
            _ if self.is_forgiven(now, times) => return Some(now.plus_ms(0)),
            Expiry::Never => return None,
            Expiry::After(deadline) => deadline,
            Expiry::At(_) => now.plus_ms(expiry.left_ms(now)),
        };
        later(Some(self.quiet(times)), Some(ends), now)
    }
}

/// Why a grant is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtCause {
    /// The actor ended between its claim and its settlement.
    ActorDied,
    /// The request was sent and no usable answer came.
    NoUsableAnswer,
}

/// Why and when a grant was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// When the issuer rejected it.
    pub at: Stamp,
    /// The OAuth error code of the answer, such as `invalid_grant`.
    pub code: String,
    /// Whether it had been in doubt before: then a crash or a cut connection cost it.
    pub after_doubt: bool,
}

/// Who acts: enough to ask the store whether they still live, and to name them in an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The random name of what the store watches: a locked claim file, a lease.
    pub name: Nonce,
    /// The process, for people.
    pub pid: u32,
    /// When that process started, in the platform's own count, so that a reused pid isn't taken for it.
    pub started: u64,
    /// Which pid namespace the pid belongs to; 0 where there is none.
    pub pid_namespace: u64,
}

/// A random 128-bit number that is never used twice; written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(pub u128);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_string()
    }
}

impl TryFrom<String> for Nonce {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u128::from_str_radix(&text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or("32 hexadecimal digits are expected")
    }
}
