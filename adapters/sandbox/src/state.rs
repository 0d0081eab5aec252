//! What the server knows: device codes, families of tokens, and the rules that hold for them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use credlatch::system::SystemNonces;
use credlatch_core::port::Nonces as _;

use super::log::{FlowStats, Log, LogEvent, Stats, most_within};
use super::settings::Settings;

/// Everything the server knows.
#[derive(Default)]
pub(super) struct ServerState {
    pub(super) settings: Settings,
    pub(super) log: Log,
    flows: Vec<Flow>,
    families: Vec<Family>,
    tokens: BTreeMap<String, Token>,
    codes: BTreeMap<String, AuthCode>,
    stats: Stats,
}

/// A device code.
struct Flow {
    device_code: String,
    user_code: String,
    made: Instant,
    interval: Duration,
    polls: Vec<Instant>,
    decision: Decision,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Waiting,
    Approved,
    Denied,
    Redeemed(usize),
}

/// All tokens that come from one login.
#[derive(Default)]
struct Family {
    is_revoked: bool,
}

struct Token {
    family: usize,
    is_refresh: bool,
    made: Instant,
    lifetime: Option<Duration>,
    replaced: Option<Instant>,
}

/// An authorization code, with what whoever redeems it must know.
pub(super) struct AuthCode {
    pub(super) challenge: String,
    pub(super) redirect_uri: String,
}

/// New tokens.
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) lifetime_secs: u64,
}

/// What a poll finds.
pub(super) enum Poll {
    Pending,
    Hasty,
    Expired,
    Denied,
    /// It is redeemed with this.
    Approved,
    Invalid,
}

impl ServerState {
    /// A new device code, with the code that the person enters.
    pub(super) fn new_flow(&mut self) -> (String, String) {
        let (device_code, user_code) = (random("dc"), user_code());
        let decision = if self.settings.auto_approve { Decision::Approved } else { Decision::Waiting };
        let interval = self.settings.interval;
        let (made, polls) = (Instant::now(), Vec::new());
        let (device, user) = (device_code.clone(), user_code.clone());
        self.flows.push(Flow { device_code, user_code, made, interval, polls, decision });
        self.stats.device_requests += 1;
        self.log.note(LogEvent::DeviceRequest, Some(self.flows.len() - 1));
        (device, user)
    }

    pub(super) fn decide(&mut self, user_code: &str, agrees: bool) -> bool {
        let waits = |flow: &Flow| flow.user_code == user_code && flow.decision == Decision::Waiting;
        let Some(at) = self.flows.iter().position(waits) else { return false };
        self.flows[at].decision = if agrees { Decision::Approved } else { Decision::Denied };
        self.log.note(if agrees { LogEvent::Approved } else { LogEvent::Denied }, Some(at));
        true
    }

    /// A poll; the codes must belong together where both are given (Codex).
    pub(super) fn poll(&mut self, device_code: &str, user_code: Option<&str>) -> (Poll, Option<usize>) {
        let named =
            |flow: &Flow| flow.device_code == device_code && user_code.is_none_or(|code| flow.user_code == code);
        let Some(at) = self.flows.iter().position(named) else { return (Poll::Invalid, None) };
        let (now, flow) = (Instant::now(), &mut self.flows[at]);
        let is_hasty = flow.polls.last().is_some_and(|last| now.duration_since(*last) < flow.interval * 4 / 5);
        flow.polls.push(now);
        let expired = flow.made.elapsed() > self.settings.code_lifetime;
        let found = match flow.decision {
            Decision::Redeemed(family) => {
                self.stats.late_polls += 1;
                self.log.note(LogEvent::LatePoll, Some(at));
                self.punish(family);
                return (Poll::Invalid, None);
            }
            _ if expired => Poll::Expired,
            Decision::Denied => Poll::Denied,
            _ if is_hasty => {
                flow.interval += Duration::from_secs(5);
                Poll::Hasty
            }
            Decision::Waiting => Poll::Pending,
            Decision::Approved => Poll::Approved,
        };
        self.log.note(if is_hasty { LogEvent::HastyPoll } else { LogEvent::Poll }, Some(at));
        (found, Some(at))
    }

    /// Redeems an approved device code for tokens.
    pub(super) fn redeem_flow(&mut self, at: usize) -> Issued {
        let family = self.new_family();
        self.flows[at].decision = Decision::Redeemed(family);
        self.logged_in(family)
    }

    /// Redeems an approved device code for an authorization code (Codex).
    pub(super) fn redeem_flow_for_code(&mut self, at: usize, code: AuthCode) -> String {
        let family = self.new_family();
        self.flows[at].decision = Decision::Redeemed(family);
        self.new_code(code)
    }

    pub(super) fn new_code(&mut self, code: AuthCode) -> String {
        let name = random("ac");
        self.codes.insert(name.clone(), code);
        name
    }

    /// An authorization code is good for one try.
    pub(super) fn take_code(&mut self, code: &str) -> Option<AuthCode> {
        self.codes.remove(code)
    }

    /// The tokens of a login that is through.
    pub(super) fn log_in(&mut self) -> Issued {
        let family = self.new_family();
        self.logged_in(family)
    }

    pub(super) fn grant_outright(&mut self) -> (String, String) {
        let family = self.new_family();
        let issued = self.issue(family, true);
        (issued.access, issued.refresh.unwrap_or_default())
    }

    /// Presents a refresh token. None: it is no good, and if it had been replaced its whole family isn't any more.
    pub(super) fn refresh(&mut self, presented: &str) -> Option<Issued> {
        let token = self.tokens.get_mut(presented).filter(|token| token.is_refresh)?;
        let family = token.family;
        let is_revoked = self.families[family].is_revoked;
        let forgiven = token.replaced.is_none_or(|at| at.elapsed() < self.settings.grace);
        if is_revoked || !forgiven {
            self.stats.replays += 1;
            self.log.note(LogEvent::Replay, Some(family));
            self.punish(family);
            return None;
        }
        if self.settings.rotates {
            token.replaced.get_or_insert_with(Instant::now);
        }
        self.stats.exchanges += 1;
        self.log.note(LogEvent::Exchange, Some(family));
        let rotates = self.settings.rotates;
        Some(self.issue(family, rotates))
    }

    /// Revokes a token's family (RFC 7009); an unknown token is as good as revoked.
    pub(super) fn revoke(&mut self, token: &str) {
        let Some(family) = self.tokens.get(token).map(|token| token.family) else { return };
        self.families[family].is_revoked = true;
        self.stats.revocations += 1;
        self.log.note(LogEvent::Revoked, Some(family));
    }

    pub(super) fn accepts(&self, access: &str) -> bool {
        let token = self.tokens.get(access).filter(|token| !token.is_refresh);
        token.is_some_and(|token| {
            let expired = token.lifetime.is_some_and(|lifetime| token.made.elapsed() >= lifetime);
            !expired && !self.families[token.family].is_revoked
        })
    }

    pub(super) fn count_refresh_request(&mut self) {
        self.stats.refresh_requests += 1;
    }

    pub(super) fn stats(&self) -> Stats {
        let flows: Vec<FlowStats> = self.flows.iter().map(Flow::stats).collect();
        let pollers = flows.iter().map(|flow| flow.pollers).max().unwrap_or(0);
        Stats { pollers, flows, ..self.stats.clone() }
    }

    fn logged_in(&mut self, family: usize) -> Issued {
        self.stats.logins += 1;
        self.log.note(LogEvent::Login, Some(family));
        self.issue(family, true)
    }

    fn new_family(&mut self) -> usize {
        self.families.push(Family::default());
        self.families.len() - 1
    }

    fn issue(&mut self, family: usize, with_refresh: bool) -> Issued {
        let lifetime_secs = self.settings.token_lifetime.as_secs();
        let mut new = |prefix: &str, is_refresh: bool, lifetime: Option<Duration>| {
            let name = random(prefix);
            let token = Token { family, is_refresh, made: Instant::now(), lifetime, replaced: None };
            self.tokens.insert(name.clone(), token);
            name
        };
        let access = new("at", false, Some(Duration::from_secs(lifetime_secs)));
        Issued { access, refresh: with_refresh.then(|| new("rt", true, None)), lifetime_secs }
    }

    fn punish(&mut self, family: usize) {
        if !std::mem::replace(&mut self.families[family].is_revoked, true) {
            self.stats.punished += 1;
            self.log.note(LogEvent::Punished, Some(family));
        }
    }
}

impl Flow {
    fn stats(&self) -> FlowStats {
        FlowStats {
            user_code: self.user_code.clone(),
            polls: self.polls.len() as u64,
            pollers: most_within(&self.polls, self.interval * 4 / 5),
        }
    }
}

/// 128 random bits, with what they are in front.
pub(super) fn random(prefix: &str) -> String {
    format!("sandbox-{prefix}-{}", SystemNonces.nonce())
}

/// Eight letters that make no words and can't be mistaken for digits.
fn user_code() -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let bytes = SystemNonces.nonce().0.to_le_bytes();
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let code: String = bytes[..8].iter().map(letter).collect();
    format!("{}-{}", &code[..4], &code[4..])
}
