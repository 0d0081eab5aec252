//! An issuer that answers what a test says.

use std::collections::VecDeque;

use super::rig::Rig;
use crate::machine::exchanged::Exchanged;
use crate::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use crate::sample;
use crate::state::flow::{FlowKind, Prompt};
use crate::state::name::ProviderId;
use crate::state::secret::Secret;

/// What the issuer answers, each once.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) refreshes: VecDeque<Exchanged>,
    pub(super) prompts: VecDeque<Prompting>,
    pub(super) polls: VecDeque<Polled>,
    pub(super) exchanges: VecDeque<CodeExchanged>,
}

impl Issuer for Rig {
    fn refresh(&self, _provider: &ProviderId, refresh: &Secret, scopes: &[String]) -> Exchanged {
        self.ask("refresh", &format!("{} {}", refresh.expose_secret(), scopes.join("+")));
        self.answers().refreshes.pop_front().expect("a refresh that the test expects")
    }

    fn prompt(&self, _provider: &ProviderId, kind: FlowKind) -> Prompting {
        self.ask("prompt", &format!("{kind:?}"));
        let prompt = self.answers().prompts.pop_front();
        prompt.unwrap_or_else(|| Prompting::Prompt { prompt: sample::prompt(), expires_in_ms: 600_000 })
    }

    fn poll(&self, _provider: &ProviderId, prompt: &Prompt) -> Polled {
        self.ask("poll", &prompt.user_code);
        self.answers().polls.pop_front().expect("a poll that the test expects")
    }

    fn exchange(&self, _provider: &ProviderId, code: &Code) -> CodeExchanged {
        self.ask("exchange", code.code.expose_secret());
        self.answers().exchanges.pop_front().expect("an exchange that the test expects")
    }

    fn revoke(&self, _provider: &ProviderId, token: &Secret) -> Revoked {
        self.ask("revoke", token.expose_secret());
        Revoked::Yes
    }
}
