//! What a participant does for its requests: it draws a credential, holds it, lets go of it, and reports what was answered.

use std::sync::Arc;

use credlatch_core::Event;
use credlatch_core::engine::{Chosen, NoToken};
use credlatch_core::law::Fact;
use credlatch_core::name::ProviderId;
use credlatch_core::pool::{Choice, FailureKind, Report};
use credlatch_core::port::Clock;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;

use super::Hand;
use crate::world::child;
use crate::world::here::Here;
use crate::world::sim::Sim;

impl<S: Sim> Hand<S> {
    pub(super) fn token(&mut self, provider: &ProviderId) {
        self.release();
        let before = self.process.engine.snapshot().map(|snapshot| Arc::clone(&snapshot.state));
        self.draw_begins(provider, before.as_ref().ok());
        let chosen = self.process.conduct.token(&self.process, provider);
        self.draw_ends(&chosen);
        self.hold(provider, chosen);
    }

    pub(super) fn current(&mut self, provider: &ProviderId) {
        self.release();
        let now = self.process.engine.clock().now();
        let before = self.process.engine.snapshot().map(|snapshot| Arc::clone(&snapshot.state));
        self.draw_begins(provider, before.as_ref().ok());
        let chosen = self.process.conduct.current(&self.process, provider);
        self.draw_ends(&chosen);
        if let Ok(state) = before {
            self.record_choice(provider, now, &state, &chosen);
        }
        self.hold(provider, chosen);
    }

    fn draw_begins(&self, provider: &ProviderId, state: Option<&Arc<State>>) {
        let Here { who, process, .. } = *self.here;
        let now = self.process.engine.clock().now();
        let state = state.map_or_else(Arc::default, Arc::clone);
        self.here.record(Fact::DrawBegan { who, process, provider: provider.clone(), now, state });
    }

    fn draw_ends(&self, chosen: &Result<Chosen, NoToken>) {
        let now = self.process.engine.clock().now();
        let label = chosen.as_ref().ok().map(|chosen| chosen.live.label.clone());
        self.here.record(Fact::DrawEnded { who: self.here.who, now, label });
    }

    /// What was chosen from which state: known if nothing was committed between a look before and the choice.
    fn record_choice(&self, provider: &ProviderId, now: Stamp, state: &Arc<State>, chosen: &Result<Chosen, NoToken>) {
        let after = self.process.engine.snapshot().map(|snapshot| snapshot.state.generation);
        if after != Ok(state.generation) || self.process.engine.clock().now() != now {
            return;
        }
        let entries = state.pool(provider.as_str());
        let place = |chosen: &Chosen| entries.iter().position(|entry| entry.label == chosen.live.label);
        self.here.record(Fact::Chosen {
            now,
            state: Arc::clone(state),
            provider: provider.clone(),
            at: chosen.as_ref().ok().and_then(place),
            told_when: matches!(chosen, Err(NoToken::Resting(_))),
        });
    }

    fn hold(&mut self, provider: &ProviderId, chosen: Result<Chosen, NoToken>) {
        let Ok(chosen) = chosen else { return };
        let Here { who, process, .. } = *self.here;
        self.used = Some((provider.clone(), chosen.live.label.clone(), chosen.live.version));
        self.here.record(Fact::Held { who, process, version: chosen.live.version, holds: true });
        self.holds = Some(chosen);
    }

    pub(super) fn release(&mut self) {
        if let Some(chosen) = self.holds.take() {
            let Here { who, process, .. } = *self.here;
            self.here.record(Fact::Held { who, process, version: chosen.live.version, holds: false });
        }
    }

    pub(super) fn report(&self, answer: FailureKind, dead: bool) {
        let Some((provider, label, version)) = self.used.clone() else { return };
        let dead = dead.then(|| "token_revoked".to_owned());
        self.transact(&[Event::Report(Report { provider, label, version, answer, rest_ms: None, model: None, dead })]);
    }

    pub(super) fn plan(&self, provider: &ProviderId) {
        // What it is planned for is a request too.
        self.draw_begins(provider, None);
        let chosen = self.process.engine.current(provider.as_str(), &Choice::default());
        self.draw_ends(&chosen);
        if let Ok(chosen) = chosen {
            child::plan(&self.process, &self.here, provider, &chosen);
        }
    }
}
