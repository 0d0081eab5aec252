//! A participant's hand: it does the steps of a scenario, and writes down what can be seen of them from outside.

mod request;

use std::sync::Arc;

use credlatch_core::clear::Clear;
use credlatch_core::engine::{Chosen, Cleared, FlowView, Poller, Rotation, RotationRequest, TransactError};
use credlatch_core::law::Fact;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{SetStrategy, Strategy};
use credlatch_core::port::{Clock, Keeps};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::Cause;
use credlatch_core::state::{Grant, Material, Nonce, Source, State};
use credlatch_core::{Event, Refusal};

use super::stage::{grant, times};
use crate::conduct::Process;
use crate::scenario::Step;
use crate::world::here::Here;
use crate::world::ports::SimPorts;
use crate::world::sim::{Sim, SimMutex};
use crate::world::{places, secret, situation, told};

/// What a participant remembers from one step to the next.
pub struct Hand<S: Sim> {
    process: Arc<Process<S>>,
    here: Arc<Here>,
    poller: Option<Poller<SimPorts<S>>>,
    flow: Option<(ProviderId, Nonce)>,
    holds: Option<Chosen>,
    used: Option<(ProviderId, Label, u64)>,
    cleared: Option<(Cleared, Vec<u64>)>,
    start: Arc<State>,
}

impl<S: Sim> Hand<S> {
    /// The hand of this thread's participant.
    pub fn new(process: Arc<Process<S>>) -> Self {
        let start = Arc::clone(&process.world.start);
        Self { process, here: S::here(), poller: None, flow: None, holds: None, used: None, cleared: None, start }
    }

    /// Does the steps, until they end or the participant dies.
    pub fn act(mut self, steps: &[Step]) {
        let since = situation::observed();
        for (at, step) in steps.iter().enumerate() {
            self.keep_only(since, at);
            if self.here.is_dead() {
                break;
            }
            self.step(step);
        }
        self.release();
        self.keep_only(since, steps.len());
    }

    /// Between two steps only what it remembers itself makes a difference.
    fn keep_only(&self, since: u128, at: usize) {
        if self.here.forgets() {
            let poller = self.poller.as_ref().map(|poller| format!("{:?}", poller.step()));
            // As long as it holds a record, whoever shows the same version shows that record, and its uses.
            let of = |Chosen { live, turn, .. }: &Chosen| (live.label.clone(), live.version, live.expiry, *turn);
            let holds = format!("{:?}", self.holds.as_ref().map(of));
            places::holds_record(self.holds.as_ref().map(|chosen| &chosen.live));
            let remembers = (at, format!("{:?}", self.flow), poller, format!("{:?}", self.used), holds);
            situation::keep_only(since, Keeps::Nothing, remembers);
        }
    }

    fn step(&mut self, step: &Step) {
        let who = self.here.who;
        match step {
            Step::Set { provider, label, secret: text } => self.put(key(provider, label, text, PutMode::Named)),
            Step::SetGrant { provider, label } => self.set_grant(provider, label),
            Step::SetKnown { provider, label, of, anew } => self.set_known(provider, label, of, *anew),
            Step::Import { provider, keys } => {
                let put = |(label, text): &(Label, String)| Event::Put(key(provider, label, text, PutMode::Bulk));
                let puts: Vec<_> = keys.iter().map(put).collect();
                self.here.record(Fact::PassBegan { who, pass: puts.len() });
                let _ = self.process.conduct.import(&self.process, &puts);
                self.here.record(Fact::PassEnded { who });
            }
            Step::Login { provider } => self.login(provider),
            Step::Poll => {
                if let Some(poller) = self.poller.take() {
                    let _ = self.process.engine.poll_to_end(&self.process.issuer, poller);
                }
            }
            Step::Await => {
                if let (Some((provider, flow)), None) = (&self.flow, &self.poller) {
                    let _ = self.process.engine.await_flow(&self.process.issuer, provider, *flow);
                }
            }
            Step::Cancel { provider } => self.cancel(provider),
            Step::Clear { provider } => self.clear(provider),
            Step::TakeTurns { provider } => {
                let (provider, strategy) = (provider.clone(), Strategy::RoundRobin);
                self.transact(&[Event::SetStrategy(SetStrategy { provider, strategy })]);
            }
            Step::ClearAll => {
                if let Ok(done) = self.process.engine.clear(Clear::Everything) {
                    self.process.engine.revoke_all(&self.process.issuer, &done.effects);
                }
            }
            Step::Drain => self.drain(),
            Step::Remove { provider, label } => {
                if let Ok(done) = self.process.engine.remove(provider.clone(), label.clone()) {
                    self.process.engine.revoke_all(&self.process.issuer, &done.effects);
                }
            }
            Step::Rotate { provider, label, cause } => self.rotate(provider, label, *cause),
            Step::Token { provider } => self.token(provider),
            Step::Current { provider } => self.current(provider),
            Step::Release => self.release(),
            Step::Report { answer, dead } => self.report(*answer, *dead),
            Step::Purge => self.transact(&[Event::Purge]),
            Step::Read => self.read(),
            Step::Wait { ms } => self.process.world.pass(*ms),
            Step::SetWallClock { by_ms } => self.process.world.clock.set_wall(*by_ms),
            Step::Plan { provider } => self.plan(provider),
            Step::Print => self.print(),
            Step::Agree => self.process.world.rows.agree(&self.process.world.recorder),
            Step::Key => self.process.world.disk.key(1),
            Step::LoseKey => self.process.world.disk.key(2),
            Step::Tear => self.process.world.disk.tear(&self.here),
            Step::BackUp => self.process.world.back_up(),
            Step::BringBack { what } => self.process.world.bring_back(*what),
        }
    }

    fn transact(&self, events: &[Event]) {
        if let Ok(done) = self.process.engine.transact(events) {
            self.process.engine.revoke_all(&self.process.issuer, &done.effects);
        }
    }

    /// Stores something by its name, and says what it is told of that.
    fn put(&self, put: Put) {
        let verdict = match self.process.conduct.put(&self.process, put.clone()) {
            Ok(verdict) => Some(verdict),
            Err(TransactError::NotSaved(_)) => None,
            // Nobody knows, and whoever is told so is told the truth.
            Err(TransactError::Unknown(_)) => return,
        };
        self.here.record(Fact::Told { who: self.here.who, put: Box::new(put), verdict });
    }

    fn set_grant(&self, provider: &ProviderId, label: &Label) {
        let world = &self.process.world;
        let family = format!("{}.{}", self.here.who, world.clock.nonce(self.here.who).0 & 0xffff_ffff);
        let tokens = world.server.visit(|server| server.new_grant(&family));
        situation::is_told(&tokens);
        self.here.record(Fact::Came { token: tokens.refresh.clone(), from: self.here.origins() });
        self.put(Put {
            provider: provider.clone(),
            label: label.clone(),
            material: grant(&tokens, world.lifetime_ms, world.clock.now()),
            source: Source::Login,
            how: PutMode::Named,
        });
    }

    fn set_known(&self, provider: &ProviderId, label: &Label, of: &Label, anew: bool) {
        let Some(known) = self.start.entry(provider.as_str(), of.as_str()) else { return };
        let Some(grant) = known.grant() else { return };
        if grant.refresh.is_none() {
            return;
        }
        let access = if anew { secret(&format!("at-again-{}", self.here.who)) } else { grant.access.clone() };
        self.put(Put {
            provider: provider.clone(),
            label: label.clone(),
            material: Material::Oauth(Box::new(Grant { access, ..grant.clone() })),
            source: Source::Manual,
            how: PutMode::Named,
        });
    }

    fn login(&mut self, provider: &ProviderId) {
        if let Ok(login) = self.process.conduct.login(&self.process, provider, &Label::default()) {
            self.flow = Some((provider.clone(), login.flow));
            self.poller = login.poller;
        }
    }

    fn cancel(&mut self, provider: &ProviderId) {
        let live = |state: &State| Some(state.slot(provider.as_str())?.flow.as_ref()?.id);
        let found = || self.process.engine.read(|snapshot| live(&snapshot.state)).ok().flatten();
        let known = self.flow.as_ref().filter(|(of, _)| of == provider).map(|(_, flow)| *flow);
        if let Some(flow) = known.or_else(found) {
            let seen: Result<FlowView, _> = self.process.engine.cancel(provider, flow);
            drop(seen);
        }
    }

    fn clear(&mut self, provider: &ProviderId) {
        let who = self.here.who;
        self.here.record(Fact::ClearBegan { who, provider: provider.clone() });
        let done = self.process.conduct.clear(&self.process, Clear::Provider(provider.clone()));
        self.here.record(Fact::ClearEnded { who });
        if let Ok(done) = done {
            if !done.withheld.is_empty() {
                self.here.record(Fact::Withheld { who });
            }
            self.process.engine.revoke_all(&self.process.issuer, &done.effects);
            self.cleared = Some((done, self.versions_before_my_clear(provider.as_str())));
        }
    }

    /// The versions that were there before this participant's last clear.
    fn versions_before_my_clear(&self, provider: &str) -> Vec<u64> {
        self.here.recorder.look(|facts| {
            let mine = facts.iter().rev().find_map(|fact| match fact {
                Fact::Stepped(step) if step.who == self.here.who && matches!(step.event, Event::Clear(_)) => Some(step),
                _ => None,
            });
            let slot = mine.and_then(|step| step.before.slot(provider));
            slot.map(|slot| slot.entries.iter().map(|entry| entry.version).collect()).unwrap_or_default()
        })
    }

    fn drain(&mut self) {
        let Some((cleared, versions)) = self.cleared.take() else { return };
        if self.process.conduct.drain(&self.process, &cleared) {
            self.here.record(Fact::Drained { process: self.here.process, versions });
        }
    }

    fn rotate(&self, provider: &ProviderId, label: &Label, cause: Cause) {
        let used = self.used.as_ref().filter(|(of, called, _)| of == provider && called == label);
        let known = || self.start.entry(provider.as_str(), label.as_str()).map(|entry| entry.version);
        let version = used.map(|(_, _, version)| *version).or_else(known);
        let Some(version) = version else { return };
        let request =
            RotationRequest { provider: provider.clone(), label: label.clone(), version, cause, times: times() };
        let rotated = self.process.conduct.rotate(&self.process, &request);
        if matches!(rotated, Ok(Rotation::Refused(Refusal::Elsewhere(_)))) {
            self.here.record(Fact::Withheld { who: self.here.who });
        }
    }

    fn read(&self) {
        let who = self.here.who;
        self.here.record(Fact::ReadBegan { who });
        if let Ok(saw) = self.process.conduct.read(&self.process) {
            self.here.record(Fact::ReadEnded { who, saw });
        }
    }

    fn print(&self) {
        let Ok(snapshot) = self.process.engine.snapshot() else { return };
        let now = self.process.engine.clock().now();
        let secrets = told::secrets(&snapshot.state);
        for text in self.process.conduct.print(&snapshot.state, &now) {
            self.here.record(Fact::Printed { text, secrets: secrets.clone() });
        }
    }
}

fn key(provider: &ProviderId, label: &Label, text: &str, how: PutMode) -> Put {
    Put {
        provider: provider.clone(),
        label: label.clone(),
        material: Material::ApiKey(secret(text)),
        source: if how == PutMode::Bulk { Source::Env(label.as_str().to_owned()) } else { Source::Manual },
        how,
    }
}
