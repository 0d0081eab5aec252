//! A strict authorization server, as a plain value: refresh tokens rotate, a token that is presented again costs the whole
//! family, and so does polling for a code that was redeemed.

use std::collections::BTreeMap;

use credlatch_core::law::Who;
use credlatch_core::state::Nonce;
use serde::{Deserialize, Serialize};

/// How the server treats what is presented to it, in the order in which it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// As it should.
    #[default]
    Grant,
    /// It says no, whatever is presented.
    Reject,
    /// It does its part and the answer is lost.
    Lost,
    /// It is not reached.
    NotReached,
}

/// How the server behaves in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Its answers to refresh tokens; after the last it grants.
    pub answers: Vec<Treatment>,
    /// How often a poll is told to wait before the person has agreed.
    pub waits: u32,
    /// Whether a poll brings a code that is to be exchanged, as Codex does, or the tokens.
    pub exchanges: bool,
    /// Whether the next requests for a device code fail.
    pub prompts_fail: u32,
    /// Whether revoking one token kills every grant of the account.
    pub revokes_account: bool,
    /// Whether a request whose sender died still arrives, at the end of its time.
    pub late_arrival: bool,
    /// An access token's lifetime.
    pub lifetime_ms: u64,
    /// The interval it asks for between polls.
    pub interval_secs: u64,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            waits: 0,
            exchanges: false,
            prompts_fail: 0,
            revokes_account: false,
            late_arrival: false,
            lifetime_ms: 3_600_000,
            interval_secs: 0,
        }
    }
}

/// The server.
#[derive(Clone, Debug, Default, Hash)]
pub struct Server {
    /// How it behaves.
    pub manner: Manner,
    /// How many of its answers it has given.
    answered: usize,
    /// The newest refresh token of each family; none once it is revoked. A family is called by what it was granted for, so that
    /// the order in which two are granted makes no difference.
    families: BTreeMap<String, Option<u128>>,
    /// The device codes that were polled for.
    codes: BTreeMap<String, Code>,
    /// Requests whose senders died: the token, who sent it, and when its time is up.
    pub in_flight: Vec<(String, u32, u64)>,
}

#[derive(Clone, Debug, Hash)]
struct Code {
    waits: u32,
    is_redeemed: bool,
}

/// The tokens of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollOutcome {
    /// Wait.
    Wait,
    /// The person agreed.
    Granted(Tokens),
    /// The code is dead, and so is its grant.
    Dead,
}

impl Server {
    /// A server that knows nobody yet.
    pub fn new(manner: Manner) -> Self {
        Self { manner, ..Self::default() }
    }

    fn tokens(&self, family: &str) -> Tokens {
        let number = self.families.get(family).copied().flatten().unwrap_or(0);
        Tokens { access: format!("at-{family}-{number}"), refresh: format!("rt-{family}-{number}") }
    }

    /// A grant that somebody logged in for: its family is called so.
    pub fn new_grant(&mut self, family: &str) -> Tokens {
        self.families.insert(family.to_owned(), Some(0));
        self.tokens(family)
    }

    /// The refresh tokens it would accept.
    pub fn live(&self) -> Vec<String> {
        let alive = self.families.iter().filter(|(_, newest)| newest.is_some());
        alive.map(|(family, _)| self.tokens(family).refresh).collect()
    }

    /// How it treats the next token.
    pub fn next_answer(&mut self) -> Treatment {
        let Some(answer) = self.manner.answers.get(self.answered) else { return Treatment::default() };
        self.answered += 1;
        *answer
    }

    /// Takes a refresh token. One that is not the newest of its family costs the whole family.
    pub fn redeem(&mut self, refresh: &str) -> Option<Tokens> {
        let (family, number) = parts(refresh)?;
        let newest = self.families.get_mut(family)?;
        if *newest == Some(number) {
            *newest = Some(number + 1);
            Some(self.tokens(family))
        } else {
            *newest = None;
            None
        }
    }

    /// Revokes a token's family, or the account's.
    pub fn revoke(&mut self, token: &str) {
        if self.manner.revokes_account {
            self.families.values_mut().for_each(|newest| *newest = None);
        } else if let Some((family, _)) = parts(token)
            && let Some(newest) = self.families.get_mut(family)
        {
            *newest = None;
        }
    }

    /// Gives whoever asks for this flow a device code; none if it fails.
    pub fn device_code(&mut self, flow: Nonce, who: Who) -> Option<String> {
        if self.manner.prompts_fail > 0 {
            self.manner.prompts_fail -= 1;
            return None;
        }
        Some(format!("dc-{}-{who}", flow.0))
    }

    /// Answers a poll. A code that was redeemed already costs its grant.
    pub fn poll(&mut self, device_code: &str) -> PollOutcome {
        let family = device_code.trim_start_matches("dc-").replace('-', ".");
        let waits = self.manner.waits;
        let code = self.codes.entry(device_code.to_owned()).or_insert_with(|| Code { waits, is_redeemed: false });
        if code.is_redeemed {
            self.families.insert(family, None);
            return PollOutcome::Dead;
        }
        if code.waits > 0 {
            code.waits -= 1;
            return PollOutcome::Wait;
        }
        code.is_redeemed = true;
        PollOutcome::Granted(self.new_grant(&family))
    }
}

/// The flow that a device code was given for.
pub fn flow_of(device_code: &str) -> Nonce {
    let flow = parts(device_code).and_then(|(flow, _)| flow.parse().ok());
    Nonce(flow.unwrap_or_default())
}

/// The two names in a token such as `rt-3-1`, of which the second is a number.
fn parts(token: &str) -> Option<(&str, u128)> {
    let mut parts = token.split('-').skip(1);
    Some((parts.next()?, parts.next()?.parse().ok()?))
}
