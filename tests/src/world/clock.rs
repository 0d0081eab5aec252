//! Clocks and nonces that the scenario owns.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::Who;
use credlatch_core::port::{Clock, Nonces};
use credlatch_core::state::Nonce;
use credlatch_core::time::Stamp;

use super::sim::Sim;
use super::{World, places, situation};

const START_WALL_MS: u64 = 1_767_225_600_000;
const START_UP_MS: u64 = 1_000_000;

/// The state of both clocks. Looking at them takes no turn: time passes in steps of the scenario.
#[derive(Debug)]
pub struct Times {
    wall_ms: AtomicU64,
    up_ms: AtomicU64,
    boot: AtomicU64,
    nonces: Mutex<BTreeMap<Who, u32>>,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            wall_ms: AtomicU64::new(START_WALL_MS),
            up_ms: AtomicU64::new(START_UP_MS),
            boot: AtomicU64::new(1),
            nonces: Mutex::default(),
        }
    }
}

impl Times {
    /// A reading of both.
    pub fn now(&self) -> Stamp {
        places::looks_at("clocks");
        let now = self.reading();
        places::finds((now.wall_ms, now.up_ms, now.boot));
        now
    }

    fn reading(&self) -> Stamp {
        Stamp {
            wall_ms: self.wall_ms.load(Ordering::Relaxed),
            up_ms: self.up_ms.load(Ordering::Relaxed),
            boot: self.boot.load(Ordering::Relaxed),
        }
    }

    /// From now on the platform doesn't say which boot it is.
    pub fn hide_boot(&self) {
        self.boot.store(0, Ordering::Relaxed);
    }

    /// Time passes, on both.
    pub fn pass(&self, ms: u64) {
        if ms > 0 {
            situation::time_passes();
        }
        self.wall_ms.fetch_add(ms, Ordering::Relaxed);
        self.up_ms.fetch_add(ms, Ordering::Relaxed);
        self.changed();
    }

    /// Somebody sets the wall clock, ahead or back.
    pub fn set_wall(&self, by_ms: i64) {
        let wall_ms = self.wall_ms.load(Ordering::Relaxed);
        situation::time_passes();
        self.wall_ms.store(wall_ms.saturating_add_signed(by_ms), Ordering::Relaxed);
        self.changed();
    }

    fn changed(&self) {
        let now = self.reading();
        places::alter("clocks", (now.wall_ms, now.up_ms, now.boot));
    }

    /// A number that was never given before. Each participant has its own row of them, so that what one draws doesn't hang
    /// on how far the others are.
    pub fn nonce(&self, who: Who) -> Nonce {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let count = nonces.entry(who).or_default();
        *count += 1;
        situation::draws();
        Nonce(u128::from(who) << 32 | u128::from(*count))
    }
}

/// The clock port.
pub struct SimClock<S: Sim>(pub Arc<World<S>>);

impl<S: Sim> Clock for SimClock<S> {
    fn now(&self) -> Stamp {
        let mut now = self.0.clock.now();
        let here = S::here();
        if here.is_dead() {
            now.up_ms += here.afterlife_ms(0);
        }
        now
    }

    fn pause(&self, ms: u64) {
        let here = S::here();
        if here.is_dead() {
            here.afterlife_ms(ms);
        } else {
            self.0.pass(ms);
        }
    }
}

/// The port for nonces.
pub struct SimNonces<S: Sim>(pub Arc<World<S>>);

impl<S: Sim> Nonces for SimNonces<S> {
    fn nonce(&self) -> Nonce {
        self.0.clock.nonce(S::here().who)
    }
}
