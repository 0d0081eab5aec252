//! An authorization server for tests, without a network: as strict as real ones, and at a test's command.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credlatch_core::flow::{FlowKind, Prompt};
use credlatch_core::name::ProviderId;
use credlatch_core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use credlatch_core::rotation::{Exchanged, Fresh};
use credlatch_core::secret::Secret;
use parking_lot::{Condvar, Mutex};

use crate::answer::{Answer, Tokens};

/// An authorization server in this process, for [`Builder::issuer`](crate::Builder::issuer) in a program's own tests. Clones
/// are the same server. It answers for every provider.
///
/// It grants `access-1` and `refresh-1` first, then `access-2` and so on, and is strict: whoever presents a refresh token a
/// second time, or one that it never gave, is answered `invalid_grant`, and the newest token of that login is taken back.
///
/// ```
/// use std::time::Duration;
/// use credlatch::memory::FakeIssuer;
/// use credlatch::system::FakeClock;
/// use credlatch::{Answer, ErrorKind, Label, Latch};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
/// let latch = Latch::builder().issuer(issuer.clone()).in_memory(clock.clone())?;
/// let stored = latch.set_tokens("openai-codex", &Label::default(), issuer.signed_in())?;
/// assert!(stored.held_back.is_none());
///
/// clock.advance(Duration::from_secs(3600)); // the token has ended
/// assert_eq!(latch.token("openai-codex")?.expose_secret(), "access-2");
/// assert_eq!(issuer.refreshes(), 1);
///
/// issuer.answer_next(Answer::Rejected("invalid_grant".to_owned()));
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(latch.token("openai-codex").unwrap_err().kind(), ErrorKind::SignIn);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct FakeIssuer(Arc<Server>);

#[derive(Default)]
struct Server {
    state: Mutex<IssuerState>,
    freed: Condvar,
}

#[derive(Default)]
struct IssuerState {
    /// How many grants were made.
    granted: u32,
    /// Each refresh token that was ever given, with its login and whether it is the one to present next.
    refresh: BTreeMap<String, (u32, bool)>,
    logins: u32,
    lifetime: Option<Duration>,
    answers: VecDeque<Answer>,
    refreshes: usize,
    revocations: usize,
    /// What the person who is asked said.
    word: Option<bool>,
    holds: usize,
}

/// While it lives, the issuer answers no refresh: [`FakeIssuer::hold`].
#[must_use = "it holds until it is dropped"]
pub struct Held(FakeIssuer);

impl FakeIssuer {
    /// One whose access tokens live for an hour.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long access tokens live that it grants from now on.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        self.0.state.lock().lifetime = Some(lifetime);
        self
    }

    /// The tokens of a new login, for [`Latch::set_tokens`](crate::Latch::set_tokens).
    pub fn signed_in(&self) -> Tokens {
        let mut state = self.0.state.lock();
        state.logins += 1;
        let login = state.logins;
        state.grant(login)
    }

    /// What the next refresh is answered, in place of what this server would say; several are taken in turn. A grant is as good
    /// as one of its own. [`Answer::Unknown`] leaves the refresh token spent, as a lost answer may.
    pub fn answer_next(&self, answer: Answer) {
        self.0.state.lock().answers.push_back(answer);
    }

    /// Answers no refresh until what is returned is dropped: for tests of what happens meanwhile.
    pub fn hold(&self) -> Held {
        self.0.state.lock().holds += 1;
        Held(self.clone())
    }

    /// The person who is asked at a login agrees, now and from now on.
    pub fn approve(&self) {
        self.0.state.lock().word = Some(true);
    }

    /// The person who is asked at a login refuses, now and from now on.
    pub fn deny(&self) {
        self.0.state.lock().word = Some(false);
    }

    /// How many refresh tokens were presented.
    pub fn refreshes(&self) -> usize {
        self.0.state.lock().refreshes
    }

    /// How many tokens were revoked.
    pub fn revocations(&self) -> usize {
        self.0.state.lock().revocations
    }
}

impl IssuerState {
    fn grant(&mut self, login: u32) -> Tokens {
        self.granted += 1;
        let refresh = format!("refresh-{}", self.granted);
        let tokens = Tokens::new(secret(&format!("access-{}", self.granted))).with_refresh(secret(&refresh));
        self.refresh.insert(refresh, (login, true));
        tokens.expiring_in(self.lifetime.unwrap_or(Duration::from_secs(3600)))
    }

    fn present(&mut self, refresh: &str) -> Answer {
        let Some((login, is_newest)) = self.refresh.get(refresh).copied() else {
            return Answer::Rejected("invalid_grant".to_owned());
        };
        // What is presented is spent, and with what was spent before, its whole login.
        self.refresh.values_mut().filter(|(other, _)| *other == login).for_each(|(_, newest)| *newest = false);
        if is_newest { Answer::Granted(self.grant(login)) } else { Answer::Rejected("invalid_grant".to_owned()) }
    }

    /// What a test wants answered, with what it means for what this server knows.
    fn answer(&mut self, refresh: &str, answer: Answer) -> Answer {
        match &answer {
            Answer::NotConsumed { .. } => {}
            Answer::Granted(tokens) => {
                let login = self.spend(refresh);
                if let Some(next) = &tokens.refresh {
                    self.refresh.insert(next.expose_secret().to_owned(), (login, true));
                }
            }
            Answer::Rejected(_) | Answer::Unknown => {
                self.spend(refresh);
            }
        }
        answer
    }

    fn spend(&mut self, refresh: &str) -> u32 {
        let known = self.refresh.get_mut(refresh);
        known.map_or(0, |(login, newest)| {
            *newest = false;
            *login
        })
    }
}

impl Issuer for FakeIssuer {
    fn refresh(&self, _: &ProviderId, refresh: &Secret, _: &[String]) -> Exchanged {
        let mut state = self.0.state.lock();
        state.refreshes += 1;
        while state.holds > 0 {
            self.0.freed.wait(&mut state);
        }
        let answer = match state.answers.pop_front() {
            Some(answer) => state.answer(refresh.expose_secret(), answer),
            None => state.present(refresh.expose_secret()),
        };
        answer.into()
    }

    fn prompt(&self, _: &ProviderId, kind: FlowKind) -> Prompting {
        if kind == FlowKind::Link {
            return Prompting::Failed("unsupported".into());
        }
        let prompt = Prompt {
            device_code: Some(secret("device-code")),
            user_code: "FAKE-CODE".to_owned(),
            verification_uri: "https://issuer.example/device".to_owned(),
            verification_uri_complete: None,
            interval_secs: 1,
        };
        Prompting::Prompt { prompt, expires_in_ms: 600_000 }
    }

    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        match self.0.state.lock().word {
            None => return Polled::Pending,
            Some(false) => return Polled::Failed("access_denied".into()),
            Some(true) => {}
        }
        Polled::Granted(Fresh::from(self.signed_in()))
    }

    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        CodeExchanged::Granted(Fresh::from(self.signed_in()))
    }

    fn revoke(&self, _: &ProviderId, token: &Secret) -> Revoked {
        let mut state = self.0.state.lock();
        state.revocations += 1;
        state.spend(token.expose_secret());
        Revoked::Yes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.state.lock().holds -= 1;
        self.0.0.freed.notify_all();
    }
}

/// Counts alone: what was granted is nobody's business in a log either.
impl fmt::Debug for FakeIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state.lock();
        f.debug_struct("FakeIssuer")
            .field("granted", &state.granted)
            .field("refreshes", &state.refreshes)
            .finish_non_exhaustive()
    }
}

/// Of a text that is written here, so it can be one.
fn secret(text: &str) -> Secret {
    match Secret::try_from(text) {
        Ok(secret) => secret,
        Err(_) => unreachable!("these are plain words"),
    }
}
