//! The issuer's port. A participant may die before it sends, while its request is on the way, or before the answer.

use std::fmt::Debug;
use std::sync::Arc;

use credlatch_core::flow::{FlowKind, Prompt};
use credlatch_core::law::{Deed, Fact};
use credlatch_core::machine::{Event, Verdict};
use credlatch_core::name::ProviderId;
use credlatch_core::origin::Reach;
use credlatch_core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use credlatch_core::rotation::{Exchanged, Fresh};
use credlatch_core::secret::Secret;
use credlatch_core::state::Nonce;

use super::here::Here;
use super::server::{PollOutcome, Server, Tokens, Treatment, flow_of};
use super::sim::{Sim, SimMutex};
use super::{World, secret, situation};

/// How long a request may be in flight after its sender died.
pub const HTTP_TIMEOUT_MS: u64 = 15_000;

/// The issuer as the participants of a world reach it.
pub struct SimIssuer<S: Sim>(pub Arc<World<S>>);

impl<S: Sim> SimIssuer<S> {
    /// The server, after everything whose time is up has arrived or was dropped.
    fn server<R: Debug>(&self, ask: impl FnOnce(&mut Server) -> R) -> R {
        let told = self.0.server.visit(|server| {
            self.0.deliver(server);
            ask(server)
        });
        situation::is_told(&told);
        told
    }

    fn did<R: Debug>(&self, deed: &Deed, ask: impl FnOnce(&mut Server) -> R) -> Option<R> {
        let here = S::here();
        here.operate().ok()?;
        here.record(Fact::ActBegan { who: here.who, deed: deed.clone() });
        let answer = self.server(|server| {
            let dies = here.operate().is_err();
            if dies { None } else { Some(ask(server)) }
        });
        // Whatever happens to the sender from here on, its request is no longer in flight.
        self.0.recorder.push(Fact::ActEnded { who: here.who, deed: deed.clone() });
        here.operate().ok()?;
        answer
    }

    fn fresh(&self, tokens: &Tokens) -> Fresh {
        Fresh {
            access: secret(&tokens.access),
            refresh: Some(secret(&tokens.refresh)),
            expires_in_ms: Some(self.0.lifetime_ms),
            scopes: None,
        }
    }

    /// The flow whose code a participant has just claimed, or else polled for.
    fn claimed(here: &Here) -> Nonce {
        let found = here.recorder.look(|facts| {
            facts.iter().rev().find_map(|fact| match fact {
                Fact::ActBegan { who, deed: Deed::Poll { flow } } if *who == here.who => Some(*flow),
                _ => None,
            })
        });
        found.unwrap_or(Nonce(u128::MAX - u128::from(here.who)))
    }

    /// The flow that a participant has just reserved; one of its own if it reserved none.
    fn reserved(here: &Here) -> Nonce {
        let found = here.recorder.look(|facts| {
            facts.iter().rev().find_map(|fact| match fact {
                Fact::Stepped(step) if step.who == here.who && step.verdict == Verdict::Done => match &step.event {
                    Event::StartFlow(start) => Some(start.flow),
                    _ => None,
                },
                _ => None,
            })
        });
        found.unwrap_or(Nonce(u128::MAX - u128::from(here.who)))
    }
}

impl<S: Sim> World<S> {
    /// Time passes, for requests that are in flight too.
    pub fn pass(&self, ms: u64) {
        self.clock.pass(ms);
        self.recorder.push(Fact::Passed { ms });
        self.server.visit(|server| self.deliver(server));
    }

    /// Requests of the dead whose time is up arrive now, or are dropped.
    pub fn deliver(&self, server: &mut Server) {
        let now = self.clock.now().up_ms;
        let (due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut server.in_flight).into_iter().partition(|(_, _, until)| *until <= now);
        server.in_flight = waiting;
        for (token, who, _) in due {
            if server.manner.late_arrival {
                self.redeem(server, &token);
            }
            self.recorder.push(Fact::ActEnded { who, deed: Deed::Present { token } });
        }
    }

    fn redeem(&self, server: &mut Server, token: &str) -> Option<Tokens> {
        let tokens = server.redeem(token)?;
        self.recorder.push(Fact::Succession { old: token.to_owned(), new: tokens.refresh.clone() });
        Some(tokens)
    }

    fn present(&self, here: &Here, server: &mut Server, token: &str, until_up_ms: u64) -> Exchange {
        let is_late = self.clock.now().up_ms >= until_up_ms;
        if here.operate().is_err() && !is_late {
            server.in_flight.push((token.to_owned(), here.who, until_up_ms));
            return Exchange::OnItsWay;
        }
        if is_late {
            // The client gave up before the server was reached, and can't know that.
            return Exchange::Answered(Exchanged::Unknown);
        }
        let answer = server.next_answer();
        match answer {
            Treatment::NotReached => Exchange::Answered(Exchanged::NotConsumed { retry_after_ms: None }),
            Treatment::Reject => {
                server.revoke(token);
                Exchange::Answered(Exchanged::Rejected { code: "invalid_grant".to_owned() })
            }
            Treatment::Grant | Treatment::Lost => match self.redeem(server, token) {
                _ if answer == Treatment::Lost => Exchange::Answered(Exchanged::Unknown),
                Some(tokens) => Exchange::Granted(tokens),
                None => Exchange::Answered(Exchanged::Rejected { code: "invalid_grant".to_owned() }),
            },
        }
    }
}

#[derive(Debug)]
enum Exchange {
    OnItsWay,
    Granted(Tokens),
    Answered(Exchanged),
}

impl<S: Sim> Issuer for SimIssuer<S> {
    fn refresh(&self, _: &ProviderId, refresh: &Secret, _: &[String]) -> Exchanged {
        let here = S::here();
        if here.operate().is_err() {
            return Exchanged::Unknown;
        }
        let token = refresh.expose_secret();
        let deed = Deed::Present { token: token.to_owned() };
        here.record(Fact::ActBegan { who: here.who, deed: deed.clone() });
        here.sends(token);
        let until_up_ms = self.0.clock.now().up_ms + HTTP_TIMEOUT_MS;
        let exchange = self.server(|server| self.0.present(&here, server, token, until_up_ms));
        if matches!(exchange, Exchange::OnItsWay) {
            return Exchanged::Unknown;
        }
        self.0.recorder.push(Fact::ActEnded { who: here.who, deed });
        match exchange {
            _ if here.operate().is_err() => Exchanged::Unknown,
            Exchange::Granted(tokens) => Exchanged::Granted(self.fresh(&tokens)),
            Exchange::Answered(answer) => answer,
            Exchange::OnItsWay => Exchanged::Unknown,
        }
    }

    fn reach(&self, _: &ProviderId) -> Option<Reach> {
        Some(self.0.rows.reach(&S::here()))
    }

    fn prompt(&self, provider: &ProviderId, _: FlowKind) -> Prompting {
        let here = S::here();
        let (flow, who) = (Self::reserved(&here), here.who);
        let deed = Deed::RequestPrompt { provider: provider.clone(), flow };
        let given = self.did(&deed, |server| (server.device_code(flow, who), server.manner.interval_secs));
        let Some((Some(code), interval_secs)) = given else { return Prompting::Failed("unreachable".into()) };
        let prompt = Prompt {
            user_code: format!("USER-{}", flow.0),
            device_code: Some(secret(&code)),
            verification_uri: "https://issuer.example/device".to_owned(),
            verification_uri_complete: None,
            interval_secs,
        };
        Prompting::Prompt { prompt, expires_in_ms: 600_000 }
    }

    fn poll(&self, _: &ProviderId, prompt: &Prompt) -> Polled {
        let code = prompt.device_code.as_ref().map_or("", Secret::expose_secret).to_owned();
        let flow = flow_of(&code);
        let here = S::here();
        let told = self.did(&Deed::Poll { flow }, |server| {
            let told = server.poll(&code);
            if let PollOutcome::Granted(tokens) = &told {
                here.recorder.push(Fact::Came { token: tokens.refresh.clone(), from: here.origins() });
            }
            (told, server.manner.exchanges)
        });
        match told {
            None | Some((PollOutcome::Wait, _)) => Polled::Pending,
            Some((PollOutcome::Dead, _)) => Polled::Failed("invalid_grant".into()),
            Some((PollOutcome::Granted(tokens), false)) => Polled::Granted(self.fresh(&tokens)),
            Some((PollOutcome::Granted(tokens), true)) => Polled::Code(Code {
                code: secret(&format!("{} {}", tokens.access, tokens.refresh)),
                verifier: None,
                redirect_uri: String::new(),
            }),
        }
    }

    fn exchange(&self, _: &ProviderId, code: &Code) -> CodeExchanged {
        let here = S::here();
        if here.operate().is_err() {
            return CodeExchanged::Failed("unreachable".into());
        }
        let deed = Deed::ExchangeCode { flow: Self::claimed(&here) };
        here.record(Fact::ActBegan { who: here.who, deed: deed.clone() });
        self.server(|_| ());
        self.0.recorder.push(Fact::ActEnded { who: here.who, deed });
        match code.code.expose_secret().split_once(' ') {
            Some((access, refresh)) if here.operate().is_ok() => {
                let tokens = Tokens { access: access.to_owned(), refresh: refresh.to_owned() };
                CodeExchanged::Granted(self.fresh(&tokens))
            }
            _ => CodeExchanged::Failed("unreachable".into()),
        }
    }

    fn revoke(&self, _: &ProviderId, token: &Secret) -> Revoked {
        if S::here().operate().is_err() {
            return Revoked::No;
        }
        let here = S::here();
        let deed = Deed::Revoke { token: token.expose_secret().to_owned() };
        here.record(Fact::ActBegan { who: here.who, deed: deed.clone() });
        here.sends(token.expose_secret());
        self.server(|server| server.revoke(token.expose_secret()));
        self.0.recorder.push(Fact::ActEnded { who: here.who, deed });
        Revoked::Yes
    }
}
