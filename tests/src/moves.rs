//! Arbitrary histories of the machine alone: every event, in any order, by actors that come late, twice or never.

use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::clear::{Clear, Remove};
use credlatch_core::custody::Watched;
use credlatch_core::flow::{
    Adopt, Cancel, ClaimCode, Failed, FlowEnd, FlowKind, Prompt, Prompted, Start, Step as FlowStep, Succeeded,
};
use credlatch_core::law::{Broken, Fact, Stepped, Trace, check_step};
use credlatch_core::machine::Act;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{Answer, Choice, Report, SetStrategy, Strategy, Unusable, select};
use credlatch_core::put::{How, Put, SuspendLink};
use credlatch_core::rewrite::Rewrite;
use credlatch_core::rotation::{ClaimRotation, Exchanged, Fresh, Settle};
use credlatch_core::state::{Actor, Custody, Link, Material, Nonce, Source, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};
use serde::{Deserialize, Serialize};

use crate::acts::Acts;
use crate::run::stage::{grant, times};
use crate::scenario::Why;
use crate::world::clock::Times;
use crate::world::server::Tokens;
use crate::world::{fingerprint, secret};

/// One move. `late` counts back from the newest act: 0 is the newest. Who claims `watched` has been there since the last
/// boot; the platform says which boot it is, or doesn't, from a `Boot` on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each is the event of its name.
pub enum Move {
    Put { provider: ProviderId, label: Label, what: What, bulk: bool },
    Suspend { provider: ProviderId, label: Label },
    Remove { provider: ProviderId, label: Label },
    Clear { provider: Option<ProviderId> },
    Claim { provider: ProviderId, label: Label, cause: Why },
    ClaimWatched { provider: ProviderId, label: Label, cause: Why },
    Settle { late: usize, outcome: Outcome },
    Start { provider: ProviderId, label: Label, kind: FlowKind },
    Prompted { late: usize, expires_in_ms: u64 },
    SlowDown { late: usize },
    ClaimCode { late: usize },
    Succeed { late: usize },
    Fail { late: usize, expired: bool },
    Cancel { late: usize },
    Adopt { late: usize },
    Die { late: usize },
    Report { provider: ProviderId, label: Label, older: u64, answer: Answer, model: bool, dead: bool },
    SetStrategy { provider: ProviderId, strategy: Strategy },
    OweRewrite { file: u8, key: u8 },
    RewriteDone { file: u8, key: u8 },
    Purge,
    Choose { provider: ProviderId, turn: u64 },
    Wait { ms: u64 },
    SetWallClock { by_ms: i64 },
    Reboot,
    Boot { known: bool },
}

/// What is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // A key, a grant or a link, told apart by a number.
pub enum What {
    Key(u8),
    Grant(u8),
    Link(u8),
}

/// How an exchange comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // As in `Exchanged`.
pub enum Outcome {
    Granted,
    Rejected,
    NotConsumed,
    Unknown,
}

/// An act that was begun: who it was, and of what.
#[derive(Clone)]
struct Begun {
    provider: ProviderId,
    label: Label,
    flow: Nonce,
    attempt: Nonce,
}

/// A machine with everything that was begun on it.
pub struct Machine {
    state: State,
    now: Stamp,
    begun: Vec<Begun>,
    nonces: u128,
    acts: Acts,
    trace: Trace,
    /// Which boot it is, whether the platform says so or not.
    boot: u64,
    /// When each claim of this boot was made, by the clock since it began.
    claimed: BTreeMap<Nonce, u64>,
    decide: Decide,
}

/// What decides: [`apply`], or a wrong one.
pub type Decide = fn(&State, &Stamp, &Event) -> Step;

impl Default for Machine {
    fn default() -> Self {
        let now = Times::default().now();
        Self {
            state: State::default(),
            now,
            begun: Vec::new(),
            nonces: 0,
            acts: Acts::default(),
            trace: Trace::default(),
            boot: now.boot,
            claimed: BTreeMap::new(),
            decide: apply,
        }
    }
}

impl Machine {
    /// Makes the moves; the laws of steps are checked after each.
    ///
    /// # Errors
    /// The first breach.
    pub fn run(moves: &[Move]) -> Result<Trace, Broken> {
        Self::run_as(apply, moves)
    }

    /// The same with another machine, which may be a wrong one.
    ///
    /// # Errors
    /// The first breach.
    pub fn run_as(decide: Decide, moves: &[Move]) -> Result<Trace, Broken> {
        let mut machine = Self { decide, ..Self::default() };
        for one in moves {
            machine.make(one)?;
        }
        Ok(machine.trace)
    }

    fn make(&mut self, one: &Move) -> Result<(), Broken> {
        match one {
            Move::Wait { ms } => self.pass(*ms),
            Move::SetWallClock { by_ms } => self.now.wall_ms = self.now.wall_ms.saturating_add_signed(*by_ms),
            Move::Reboot => {
                self.boot += 1;
                self.now.boot = if self.now.boot == 0 { 0 } else { self.boot };
                self.now.up_ms = 0;
                self.claimed.clear();
                self.trace.0.extend(self.acts.restart());
                self.pass(1_000);
            }
            Move::Boot { known } => self.now.boot = if *known { self.boot } else { 0 },
            Move::Choose { provider, turn } => self.choose(provider, *turn),
            _ => {
                if let Some(event) = self.event(one) {
                    return self.step(event);
                }
            }
        }
        Ok(())
    }

    fn pass(&mut self, ms: u64) {
        self.now.wall_ms = self.now.wall_ms.saturating_add(ms);
        self.now.up_ms += ms;
        self.trace.0.push(Fact::Passed { ms });
        self.trace.0.extend(self.acts.pass(ms));
    }

    /// What a process knows of the doubt of this entry that has been there since the last boot.
    fn watched(&self, provider: &ProviderId, label: &Label) -> Option<Watched> {
        let grant = self.state.entry(provider.as_str(), label.as_str())?.grant()?;
        let Custody::InDoubt(doubt) = &grant.custody else { return None };
        let first_ms = self.claimed.get(&doubt.attempt)?;
        Some(Watched { attempt: doubt.attempt, for_ms: self.now.up_ms.saturating_sub(*first_ms) })
    }

    fn step(&mut self, event: Event) -> Result<(), Broken> {
        let step = (self.decide)(&self.state, &self.now, &event);
        check_step(&self.state, &self.now, &event, &step)?;
        let text = format!("{step:?} {event:?}");
        self.trace.0.extend(self.acts.before(&event));
        let after = self.acts.after(&self.state, &step);
        let before = std::mem::replace(&mut self.state, step.state.clone());
        self.trace.0.push(Fact::Printed { text, secrets: vec!["sk-move-".to_owned()] });
        self.trace.0.push(Fact::Stepped(Box::new(Stepped {
            who: 0,
            now: self.now,
            before,
            event,
            after: step.state,
            verdict: step.verdict,
        })));
        self.trace.0.extend(after);
        Ok(())
    }

    fn choose(&mut self, provider: &ProviderId, turn: u64) {
        let Some(slot) = self.state.slot(provider.as_str()) else { return };
        let chosen = select(slot, &self.now, &Choice { turn, ..Choice::default() });
        self.trace.0.push(Fact::Chosen {
            now: self.now,
            state: Arc::new(self.state.clone()),
            provider: provider.clone(),
            at: chosen.ok(),
            told_when: matches!(chosen, Err(Unusable::Resting(_))),
        });
    }

    fn event(&mut self, one: &Move) -> Option<Event> {
        Some(match one.clone() {
            Move::Put { provider, label, what, bulk } => Event::Put(self.put(provider, label, what, bulk)),
            Move::Suspend { provider, label } => {
                let version = self.version(&provider, &label);
                Event::SuspendLink(SuspendLink { provider, label, version })
            }
            Move::Remove { provider, label } => Event::Remove(Remove { provider, label }),
            Move::Clear { provider } => Event::Clear(provider.map_or(Clear::Everything, Clear::Provider)),
            Move::Claim { provider, label, cause } => self.claim(provider, label, cause, None),
            Move::ClaimWatched { provider, label, cause } => {
                let watched = self.watched(&provider, &label);
                self.claim(provider, label, cause, watched)
            }
            Move::Settle { late, outcome } => {
                let Begun { provider, label, attempt, .. } = self.late(late)?;
                Event::Settle(Settle { provider, label, attempt, outcome: exchanged(outcome, attempt) })
            }
            Move::Start { provider, label, kind } => {
                let flow = self.nonce();
                let act = self.begin(&provider, &label, Some(flow));
                Event::StartFlow(Start { provider, label, flow, kind, act })
            }
            Move::Report { provider, label, older, answer, model, dead } => {
                let version = self.version(&provider, &label).saturating_sub(older);
                let model = model.then(|| "large".to_owned());
                let dead = dead.then(|| "token_revoked".to_owned());
                Event::Report(Report { provider, label, version, answer, rest_ms: None, model, dead })
            }
            Move::SetStrategy { provider, strategy } => Event::SetStrategy(SetStrategy { provider, strategy }),
            Move::OweRewrite { file, key } => Event::OweRewrite(rewrite(file, key)),
            Move::RewriteDone { file, key } => Event::RewriteDone(rewrite(file, key)),
            Move::Purge => Event::Purge,
            other => return self.flow_event(&other),
        })
    }

    fn claim(&mut self, provider: ProviderId, label: Label, cause: Why, watched: Option<Watched>) -> Event {
        let version = self.version(&provider, &label);
        let act = self.begin(&provider, &label, None);
        let cause = cause.into();
        self.claimed.insert(act.attempt, self.now.up_ms);
        Event::ClaimRotation(ClaimRotation {
            provider,
            label,
            version,
            cause,
            act,
            times: times(),
            reach: None,
            watched,
        })
    }

    fn flow_event(&mut self, one: &Move) -> Option<Event> {
        let (Move::Prompted { late, .. }
        | Move::SlowDown { late }
        | Move::ClaimCode { late }
        | Move::Succeed { late }
        | Move::Fail { late, .. }
        | Move::Cancel { late }
        | Move::Adopt { late }
        | Move::Die { late }) = one
        else {
            return None;
        };
        let Begun { provider, label, flow, attempt } = self.late(*late)?;
        let step = FlowStep { provider: provider.clone(), flow, attempt };
        Some(match one {
            Move::Prompted { expires_in_ms, .. } => {
                Event::FlowPrompted(Prompted { step, prompt: prompt(), expires_in_ms: *expires_in_ms })
            }
            Move::SlowDown { .. } => Event::FlowSlowedDown(step),
            Move::ClaimCode { .. } => {
                Event::ClaimCode(ClaimCode { step, act: self.begin(&provider, &label, Some(flow)) })
            }
            Move::Succeed { .. } => {
                let tokens = tokens(attempt);
                let material = grant(&tokens, 3_600_000, self.now);
                let fingerprint = fingerprint(&tokens.refresh);
                Event::FlowSucceeded(Succeeded { step, material, source: Source::Login, fingerprint })
            }
            Move::Fail { expired, .. } => {
                let end = if *expired { FlowEnd::Expired } else { FlowEnd::Failed("access_denied".to_owned()) };
                Event::FlowFailed(Failed { step, end })
            }
            Move::Cancel { .. } => Event::CancelFlow(Cancel { provider, flow }),
            Move::Adopt { .. } => {
                let act = self.begin(&provider, &label, Some(flow));
                Event::AdoptFlow(Adopt { provider, flow, act })
            }
            _ => Event::ActorGone { attempt },
        })
    }

    fn put(&mut self, provider: ProviderId, label: Label, what: What, bulk: bool) -> Put {
        let (material, text, source) = match what {
            What::Key(number) => {
                let text = format!("sk-move-{number}");
                (Material::ApiKey(secret(&text)), text, Source::Env("KEY".to_owned()))
            }
            What::Grant(number) => {
                let tokens = tokens(Nonce(u128::from(number) + (1 << 64)));
                (grant(&tokens, 60_000, self.now), tokens.refresh, Source::Hermes("manual".to_owned()))
            }
            What::Link(number) => {
                let account = fingerprint(&format!("account-{number}"));
                let link = Link {
                    path: "/home/person/login".to_owned(),
                    account,
                    suspended: false,
                    extra: credlatch_core::extra::Extra::default(),
                };
                (Material::Link(link), format!("account-{number}"), Source::ClaudeCode)
            }
        };
        let how = if bulk { How::Bulk } else { How::Named };
        let source = if bulk { source } else { Source::Manual };
        Put { provider, label, material, source, fingerprint: fingerprint(&text), how }
    }

    fn nonce(&mut self) -> Nonce {
        self.nonces += 1;
        Nonce(self.nonces)
    }

    fn begin(&mut self, provider: &ProviderId, label: &Label, flow: Option<Nonce>) -> Act {
        let attempt = self.nonce();
        let flow = flow.unwrap_or(attempt);
        self.begun.push(Begun { provider: provider.clone(), label: label.clone(), flow, attempt });
        Act { attempt, actor: Actor { name: attempt, pid: 1, started: 1, pid_namespace: 0 } }
    }

    fn late(&self, late: usize) -> Option<Begun> {
        self.begun.iter().rev().nth(late).or(self.begun.first()).cloned()
    }

    fn version(&self, provider: &ProviderId, label: &Label) -> u64 {
        self.state.entry(provider.as_str(), label.as_str()).map_or(self.state.last_version, |entry| entry.version)
    }
}

fn rewrite(file: u8, key: u8) -> Rewrite {
    let variables = vec![(format!("KEY_{key}"), fingerprint(&format!("sk-move-{key}")))];
    Rewrite { path: format!("/home/person/{file}"), variables, extra: credlatch_core::extra::Extra::default() }
}

fn tokens(of: Nonce) -> Tokens {
    Tokens { access: format!("sk-move-access-{of}"), refresh: format!("sk-move-refresh-{of}") }
}

fn exchanged(outcome: Outcome, attempt: Nonce) -> Exchanged {
    let Tokens { access, refresh } = tokens(attempt);
    match outcome {
        Outcome::Granted => Exchanged::Granted(Fresh {
            access: secret(&access),
            fingerprint: fingerprint(&refresh),
            refresh: Some(secret(&refresh)),
            expires_in_ms: Some(3_600_000),
            scopes: None,
        }),
        Outcome::Rejected => Exchanged::Rejected { code: "invalid_grant".to_owned() },
        Outcome::NotConsumed => Exchanged::NotConsumed { retry_after_ms: None },
        Outcome::Unknown => Exchanged::Unknown,
    }
}

fn prompt() -> Prompt {
    Prompt {
        device_code: Some(secret("sk-move-device-code")),
        user_code: "ABCD-EFGH".to_owned(),
        verification_uri: "https://issuer.example/device".to_owned(),
        verification_uri_complete: None,
        interval_secs: 5,
    }
}
