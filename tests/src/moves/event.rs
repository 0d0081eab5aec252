//! The event that a move is, by whoever began what it is about.

use credlatch_core::Event;
use credlatch_core::allowlist::{Allow, VariableName};
use credlatch_core::clear::{Clear, Remove};
use credlatch_core::custody::Watched;
use credlatch_core::fingerprint::{digest, fingerprint};
use credlatch_core::flow::{
    Adopt, Cancel, ClaimCode, Failed, FlowEnd, Prompt, Prompted, Start, Step as FlowStep, Succeeded,
};
use credlatch_core::machine::Act;
use credlatch_core::moving::{Arrival, MoveStep, Resume, SetAside, Stage};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{Report, SetStrategy};
use credlatch_core::put::{Put, PutMode, SuspendLink};
use credlatch_core::rewrite::Rewrite;
use credlatch_core::rotation::{Answer, Cause, ClaimRotation, Exchanged, Fresh, Left, Settle};
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::{Actor, Claim, Link, Material, Nonce, Source};

use super::{Answered, Begun, Machine, Move, Progress, PutMaterial, Stride, Trail};
use crate::run::stage::{grant, times};
use crate::world::secret;
use crate::world::server::Tokens;

impl Machine {
    pub(super) fn event(&mut self, one: &Move) -> Option<Event> {
        Some(match one.clone() {
            Move::Put { provider, label, what, bulk } => Event::Put(self.put(provider, label, what, bulk)),
            Move::Suspend { provider, label } => {
                let version = self.version(&provider, &label);
                Event::SuspendLink(SuspendLink { provider, label, version })
            }
            Move::Remove { provider, label } => Event::Remove(Remove { provider, label }),
            Move::Clear { provider } => Event::Clear(provider.map_or(Clear::Everything, Clear::Provider)),
            Move::Claim { provider, label, cause, way } => self.claim(provider, label, cause, None, way),
            Move::ClaimWatched { provider, label, cause } => {
                let watched = self.watched(&provider, &label);
                self.claim(provider, label, cause, watched, Progress::Noted)
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
            Move::Allow { name, allowed } => {
                let name = VariableName::new(&format!("V{name}")).expect("it is a name");
                Event::Allow(Allow { name, allowed })
            }
            Move::Purge => Event::Purge,
            Move::Mark => Event::MarkShared(MarkShared { why: Shared::Copied, counted: 0 }),
            Move::AdoptCopy => Event::AdoptCopy,
            Move::Step { step, id } => Event::Move(self.stride(step, id)),
            Move::WriteDown { late } => {
                self.write_down(late);
                return None;
            }
            Move::Die { late } | Move::Inherit { late } => return self.inherit(late, matches!(one, Move::Die { .. })),
            other => return self.flow_event(&other),
        })
    }

    /// A step of a move. What arrives is what was here when it was set aside last, as from another store.
    fn stride(&mut self, step: Stride, id: u8) -> MoveStep {
        let (id, other) = (Nonce(u128::from(id) + 1), "file:///other".to_owned());
        match step {
            Stride::SetAside => {
                self.aside = self.state.clone();
                MoveStep::SetAside(SetAside { id, to: other, actor: actor(id, false) })
            }
            Stride::Resume => MoveStep::Resume(Resume { id, name: id, of: self.mover(), actor: actor(id, true) }),
            Stride::Rename => {
                let name = Nonce(id.0 + 100);
                MoveStep::Resume(Resume { id, name, of: self.mover(), actor: actor(id, true) })
            }
            Stride::Recall => {
                let name = Nonce(id.0 + 100);
                MoveStep::Recall(Resume { id, name, of: self.mover(), actor: actor(id, true) })
            }
            Stride::Receive => MoveStep::Receive(Box::new(Arrival { id, from: other, state: self.aside.clone() })),
            Stride::HandOver => MoveStep::HandOver(id),
            Stride::Activate => MoveStep::Activate(id),
            Stride::LetGo => MoveStep::LetGo(id, other),
            Stride::Conclude => MoveStep::Conclude(id),
            Stride::Withdraw => MoveStep::Withdraw(id),
            Stride::Adopt => {
                let stage = self.state.moving.as_ref().map_or(Stage::SetAside, |moving| moving.stage);
                MoveStep::Adopt(id, stage, actor(id, false))
            }
        }
    }

    /// Who moves it by now.
    fn mover(&self) -> Option<Actor> {
        self.state.moving.as_ref()?.actor.clone()
    }

    /// What was granted to an act is written down, if it can have asked for it.
    fn write_down(&mut self, late: usize) {
        let Some(Begun { provider, label, flow, attempt }) = self.late(late) else { return };
        let is_login = flow != attempt;
        let Exchanged::Granted(fresh) = exchanged(Answered::Granted, attempt) else { return };
        let trail = self.trails.entry(attempt).or_default();
        if is_login || trail.noted.is_some() {
            let label = (!is_login).then_some(label);
            trail.answer = Some(Answer { attempt, provider, label, received: self.now, fresh, origins: None });
        }
    }

    /// What whoever has the store's lock does about an act that died, or that lives and has written something down: early,
    /// late, or once more.
    fn inherit(&mut self, late: usize, is_dead: bool) -> Option<Event> {
        let attempt = self.late(late)?.attempt;
        let trail = self.trails.get(&attempt);
        let left = match trail {
            Some(Trail { answer: Some(answer), .. }) => Left::Answer(Box::new(answer.clone())),
            _ if !is_dead => Left::Going,
            Some(Trail { noted: Some(at), .. }) => Left::MaybeSent { noted: Some(*at) },
            Some(_) => Left::NoNote,
            None => Left::MaybeSent { noted: None },
        };
        let claimed = self.state.claims().find(|claim| claim.attempt == attempt).cloned();
        let gone = || Claim { attempt, actor: actor(attempt, false), at: self.now, doubt: None };
        left.inherited(&self.state, &claimed.unwrap_or_else(gone), &self.now)
    }

    fn claim(
        &mut self,
        provider: ProviderId,
        label: Label,
        cause: Cause,
        watched: Option<Watched>,
        way: Progress,
    ) -> Event {
        let version = self.version(&provider, &label);
        let mut act = self.begin(&provider, &label, None);
        act.actor.notes = way != Progress::Older;
        let noted = (way == Progress::Noted).then_some(self.now);
        self.trails.insert(act.attempt, Trail { noted, answer: None });
        if way == Progress::Unsent {
            self.acts.withhold(act.attempt);
        }
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
        | Move::Adopt { late }) = one
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
                Event::FlowSucceeded(Succeeded { step, material, source: Source::Login, came: self.now })
            }
            Move::Fail { expired, .. } => {
                let end = if *expired { FlowEnd::Expired } else { FlowEnd::Failed("access_denied".to_owned()) };
                Event::FlowFailed(Failed::new(step, end))
            }
            Move::Cancel { .. } => Event::CancelFlow(Cancel { provider, flow }),
            _ => {
                let act = self.begin(&provider, &label, Some(flow));
                Event::AdoptFlow(Adopt { provider, flow, from: None, act })
            }
        })
    }

    fn put(&mut self, provider: ProviderId, label: Label, what: PutMaterial, bulk: bool) -> Put {
        let (material, source) = match what {
            PutMaterial::Key(number) => {
                (Material::ApiKey(secret(&format!("sk-move-{number}"))), Source::Env("KEY".to_owned()))
            }
            PutMaterial::Grant(number) => {
                let tokens = tokens(Nonce(u128::from(number) + (1 << 64)));
                (grant(&tokens, 60_000, self.now), Source::Hermes("manual".to_owned()))
            }
            PutMaterial::Link(number) => {
                let account = digest(&["account", &number.to_string()]);
                let link = Link {
                    path: "/home/person/login".to_owned(),
                    account,
                    suspended: false,
                    extra: credlatch_core::extra::Extra::default(),
                };
                (Material::Link(link), Source::ClaudeCode)
            }
        };
        let how = if bulk { PutMode::Bulk } else { PutMode::Named };
        let source = if bulk { source } else { Source::Manual };
        Put { provider, label, material, source, how }
    }

    fn nonce(&mut self) -> Nonce {
        self.nonces += 1;
        Nonce(self.nonces)
    }

    fn begin(&mut self, provider: &ProviderId, label: &Label, flow: Option<Nonce>) -> Act {
        let attempt = self.nonce();
        let flow = flow.unwrap_or(attempt);
        self.begun.push(Begun { provider: provider.clone(), label: label.clone(), flow, attempt });
        Act { attempt, actor: actor(attempt, true) }
    }

    fn late(&self, late: usize) -> Option<Begun> {
        self.begun.iter().rev().nth(late).or(self.begun.first()).cloned()
    }

    fn version(&self, provider: &ProviderId, label: &Label) -> u64 {
        self.state.entry(provider.as_str(), label.as_str()).map_or(self.state.last_version, |entry| entry.version)
    }
}

fn actor(name: Nonce, notes: bool) -> Actor {
    Actor { name, pid: 1, started: 1, pid_namespace: 0, notes }
}

fn rewrite(file: u8, key: u8) -> Rewrite {
    let variables = vec![(format!("KEY_{key}"), fingerprint(&secret(&format!("sk-move-{key}"))))];
    Rewrite { path: format!("/home/person/{file}"), variables, extra: credlatch_core::extra::Extra::default() }
}

fn tokens(of: Nonce) -> Tokens {
    Tokens { access: format!("sk-move-access-{of}"), refresh: format!("sk-move-refresh-{of}") }
}

fn exchanged(outcome: Answered, attempt: Nonce) -> Exchanged {
    let Tokens { access, refresh } = tokens(attempt);
    match outcome {
        Answered::Granted => Exchanged::Granted(Fresh {
            access: secret(&access),
            refresh: Some(secret(&refresh)),
            expires_in_ms: Some(3_600_000),
            scopes: None,
        }),
        Answered::Rejected => Exchanged::Rejected { code: "invalid_grant".to_owned() },
        Answered::NotConsumed => Exchanged::NotConsumed { retry_after_ms: None },
        Answered::Unknown => Exchanged::Unknown,
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
