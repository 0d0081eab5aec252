//! What a participant does for its requests: it draws a credential, holds it, lets go of it, and reports what was answered.

use std::sync::Arc;

use credlatch_core::Event;
use credlatch_core::engine::{NoToken, Picked};
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
        let picked = self.process.conduct.token(&self.process, provider);
        self.draw_ends(&picked);
        self.hold(provider, picked);
    }

    pub(super) fn current(&mut self, provider: &ProviderId) {
        self.release();
        let now = self.process.engine.clock().now();
        let before = self.process.engine.snapshot().map(|snapshot| Arc::clone(&snapshot.state));
        self.draw_begins(provider, before.as_ref().ok());
        let picked = self.process.conduct.current(&self.process, provider);
        self.draw_ends(&picked);
        if let Ok(state) = before {
            self.record_choice(provider, now, &state, &picked);
        }
        self.hold(provider, picked);
    }

    fn draw_begins(&self, provider: &ProviderId, state: Option<&Arc<State>>) {
        let Here { who, process, .. } = *self.here;
        let now = self.process.engine.clock().now();
        let state = state.map_or_else(Arc::default, Arc::clone);
        self.here.record(Fact::DrawBegan { who, process, provider: provider.clone(), now, state });
    }

    fn draw_ends(&self, picked: &Result<Picked, NoToken>) {
        let now = self.process.engine.clock().now();
        let label = picked.as_ref().ok().map(|picked| picked.live.label.clone());
        self.here.record(Fact::DrawEnded { who: self.here.who, now, label });
    }

    /// What was chosen from which state: known if nothing was committed between a look before and the choice.
    fn record_choice(&self, provider: &ProviderId, now: Stamp, state: &Arc<State>, picked: &Result<Picked, NoToken>) {
        let after = self.process.engine.snapshot().map(|snapshot| snapshot.state.generation);
        if after != Ok(state.generation) || self.process.engine.clock().now() != now {
            return;
        }
        let entries = state.slot(provider.as_str()).map_or(&[][..], |slot| &slot.entries);
        let place = |picked: &Picked| entries.iter().position(|entry| entry.label == picked.live.label);
        self.here.record(Fact::Chosen {
            now,
            state: Arc::clone(state),
            provider: provider.clone(),
            at: picked.as_ref().ok().and_then(place),
            told_when: matches!(picked, Err(NoToken::Resting(_))),
        });
    }

    fn hold(&mut self, provider: &ProviderId, picked: Result<Picked, NoToken>) {
        let Ok(picked) = picked else { return };
        let Here { who, process, .. } = *self.here;
        self.used = Some((provider.clone(), picked.live.label.clone(), picked.live.version));
        self.here.record(Fact::Held { who, process, version: picked.live.version, holds: true });
        self.holds = Some(picked);
    }

    pub(super) fn release(&mut self) {
        if let Some(picked) = self.holds.take() {
            let Here { who, process, .. } = *self.here;
            self.here.record(Fact::Held { who, process, version: picked.live.version, holds: false });
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
        let picked = self.process.engine.current(provider.as_str(), &Choice::default());
        self.draw_ends(&picked);
        if let Ok(picked) = picked {
            child::plan(&self.process, &self.here, provider, &picked);
        }
    }
}
