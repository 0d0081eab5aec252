//! An issuer that forgives nothing: a spent refresh token that comes again costs the whole login.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credlatch_core::flow::{FlowKind, Prompt};
use credlatch_core::law::{Deed, Fact, Who};
use credlatch_core::name::ProviderId;
use credlatch_core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use credlatch_core::rotation::{Exchanged, Fresh};
use credlatch_core::secret::Secret;
use credlatch_core::state::Nonce;

use super::machine::{Machine, World};
use super::observe;

/// How long an access token lives, in milliseconds.
pub(crate) const HOUR_MS: u64 = 3_600_000;

/// What the issuer knows.
#[derive(Clone, Default)]
pub(crate) struct Accounts {
    /// The live refresh token of each login.
    live: BTreeMap<String, String>,
    spent: BTreeSet<String>,
    issued: u64,
    /// Refresh tokens that were presented.
    pub(crate) presented: usize,
    /// Whether it gives no device codes at present.
    pub(crate) is_closed: bool,
}

impl Accounts {
    /// A new login, or the next tokens of one.
    pub(crate) fn issue(&mut self, provider: &str) -> Fresh {
        self.issued += 1;
        let token = |kind: &str| format!("{kind}-{provider}-{:04}", self.issued);
        let (access, refresh) = (token("access"), token("refresh"));
        if let Some(old) = self.live.insert(provider.to_owned(), refresh.clone()) {
            self.spent.insert(old);
        }
        let refresh = Secret::try_from(refresh).unwrap();
        Fresh {
            access: Secret::try_from(access).unwrap(),
            refresh: Some(refresh),
            expires_in_ms: Some(HOUR_MS),
            scopes: None,
        }
    }

    /// The refresh tokens it would accept.
    pub(crate) fn live(&self) -> Vec<String> {
        self.live.values().cloned().collect()
    }
}

/// The issuer as one participant reaches it.
pub(crate) struct Server<'a> {
    pub(crate) machine: &'a Arc<Machine>,
    pub(crate) who: Who,
}

impl Server<'_> {
    fn ask<R>(&self, deed: Deed, answer: impl FnOnce(&mut World) -> R) -> R {
        let durable = observe::durable(&self.machine.world().files);
        if let observe::Seen::State(state) = durable {
            self.machine.note(Fact::Durable { state });
        }
        self.machine.note(Fact::ActBegan { who: self.who, deed: deed.clone() });
        self.machine.mark(|| format!("the issuer was sent {}", name(&deed)));
        let meanwhile = self.machine.inner().meanwhile.take();
        if let Some(act) = meanwhile {
            act();
        }
        let answer = answer(&mut self.machine.inner().world);
        self.machine.mark(|| format!("the issuer answered to {}", name(&deed)));
        self.machine.note(Fact::ActEnded { who: self.who, deed });
        answer
    }

    fn flow(&self, provider: &str) -> Nonce {
        let state = observe::document(&self.machine.world().files.nodes).state();
        let flow = state.slot(provider).and_then(|slot| slot.flow.as_ref());
        flow.map_or(Nonce(0), |flow| flow.id)
    }
}

fn name(deed: &Deed) -> &'static str {
    match deed {
        Deed::RequestPrompt { .. } => "a request for a device code",
        Deed::Poll { .. } => "a poll",
        Deed::Present { .. } => "a refresh token",
        Deed::ExchangeCode { .. } => "a code",
        Deed::Revoke { .. } => "a revocation",
    }
}

impl Issuer for Server<'_> {
    fn refresh(&self, provider: &ProviderId, refresh: &Secret, _scopes: &[String]) -> Exchanged {
        let token = refresh.expose_secret().to_owned();
        let mut succession = None;
        let answer = self.ask(Deed::Present { token: token.clone() }, |world| {
            let accounts = &mut world.accounts;
            accounts.presented += 1;
            if accounts.live.get(provider.as_str()) != Some(&token) {
                if accounts.spent.contains(&token) {
                    accounts.live.remove(provider.as_str());
                }
                return Exchanged::Rejected { code: "invalid_grant".to_owned() };
            }
            let fresh = accounts.issue(provider.as_str());
            succession = fresh.refresh.as_ref().map(|new| new.expose_secret().to_owned());
            Exchanged::Granted(fresh)
        });
        if let Some(new) = succession {
            self.machine.note(Fact::Succession { old: token, new });
        }
        answer
    }

    fn prompt(&self, provider: &ProviderId, _kind: FlowKind) -> Prompting {
        let deed = Deed::RequestPrompt { provider: provider.clone(), flow: self.flow(provider.as_str()) };
        let is_closed = self.ask(deed, |world| world.accounts.is_closed);
        if is_closed {
            return Prompting::Failed("server_error".into());
        }
        let prompt = Prompt {
            device_code: Some(Secret::try_from("device-code").unwrap()),
            user_code: "WDJB-MJHT".to_owned(),
            verification_uri: "https://example.com/device".to_owned(),
            verification_uri_complete: None,
            interval_secs: 5,
        };
        Prompting::Prompt { prompt, expires_in_ms: 600_000 }
    }

    fn poll(&self, provider: &ProviderId, _prompt: &Prompt) -> Polled {
        self.ask(Deed::Poll { flow: self.flow(provider.as_str()) }, |_| ());
        Polled::Code(Code { code: Secret::try_from("the-code").unwrap(), verifier: None, redirect_uri: String::new() })
    }

    fn exchange(&self, provider: &ProviderId, _code: &Code) -> CodeExchanged {
        let fresh = self.machine.inner().world.accounts.issue(provider.as_str());
        self.machine.mark(|| "the issuer exchanged the code".to_owned());
        CodeExchanged::Granted(fresh)
    }

    fn revoke(&self, provider: &ProviderId, token: &Secret) -> Revoked {
        let accounts = &mut self.machine.inner().world.accounts;
        if accounts.live.get(provider.as_str()).is_some_and(|live| live == token.expose_secret()) {
            accounts.live.remove(provider.as_str());
        }
        Revoked::Yes
    }
}
