//! One engine over a store in memory, with a clock whose waits take no time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use credlatch::memory::MemoryStore;
use credlatch::oauth::HttpIssuer;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};
use credlatch_core::Event;
use credlatch_core::engine::{Chosen, Engine, NoToken, Rotation, RotationRequest};
use credlatch_core::extra::Extra;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::Choice;
use credlatch_core::port::{Clock, Ports};
use credlatch_core::provider::{Provider, Table};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::{Cause, Times};
use credlatch_core::secret::Secret;
use credlatch_core::state::{Custody, Grant, Material, Source};
use credlatch_core::time::{Expiry, Stamp};
use credlatch_sandbox::Sandbox;

/// How far ahead of the machine's the clocks of a world begin: tests look back further than a machine may be up.
const HEAD_START_MS: u64 = 86_400_000;

/// System clocks that can be moved ahead, and on which a wait only moves them ahead.
#[derive(Debug)]
pub(crate) struct Hasty(AtomicU64);

impl Default for Hasty {
    fn default() -> Self {
        Self(AtomicU64::new(HEAD_START_MS))
    }
}

impl Clock for Hasty {
    fn now(&self) -> Stamp {
        let ahead = self.0.load(Ordering::SeqCst);
        let now = SystemClock.now();
        Stamp { wall_ms: now.wall_ms + ahead, up_ms: now.up_ms + ahead, ..now }
    }

    fn pause(&self, ms: u64) {
        self.leap(ms);
        thread::sleep(Duration::from_millis(1));
    }
}

impl Hasty {
    pub(crate) fn leap(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub(crate) struct Here;

impl Ports for Here {
    type Seam = ParkingLot;
    type Store = MemoryStore;
    type Clock = Hasty;
    type Nonces = SystemNonces;
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) issuer: HttpIssuer,
    pub(crate) engine: Engine<Here>,
    pub(crate) times: Times,
}

pub(crate) fn acme() -> ProviderId {
    ProviderId::new("acme").unwrap()
}

pub(crate) fn label() -> Label {
    Label::new("default").unwrap()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

pub(crate) fn issuer(row: Provider) -> HttpIssuer {
    HttpIssuer::new(Table::new(vec![row]).unwrap())
}

/// A row of the sandbox, with what a test wants otherwise.
pub(crate) fn row(sandbox: &Sandbox, change: impl FnOnce(&mut credlatch_core::provider::OAuth)) -> Provider {
    let mut row = sandbox.provider_row("acme");
    change(row.oauth.as_mut().unwrap());
    row
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut credlatch_core::provider::OAuth)) -> Self {
        let sandbox = Sandbox::start().unwrap();
        let row = row(&sandbox, change);
        Self::over(sandbox, row)
    }

    pub(crate) fn over(sandbox: Sandbox, row: Provider) -> Self {
        let times = row.oauth.as_ref().unwrap().times();
        let engine = Engine::new(MemoryStore::new(), Hasty::default(), SystemNonces, 5_000);
        Self { sandbox, issuer: issuer(row), engine, times }
    }

    /// Stores a grant of the sandbox whose access token lives so long altogether and has so much left.
    pub(crate) fn store(&self, lifetime_ms: u64, left_ms: u64) -> String {
        let (access, refresh) = self.sandbox.grant();
        let now = self.engine.clock().now();
        let age_ms = lifetime_ms - left_ms;
        let issued = Stamp { wall_ms: now.wall_ms - age_ms, up_ms: now.up_ms - age_ms, ..now };
        let grant = Grant {
            access: secret(&access),
            refresh: Some(secret(&refresh)),
            expiry: Expiry::After(issued.plus_ms(lifetime_ms)),
            issued,
            scopes: Vec::new(),
            custody: Custody::Settled,
            origins: None,
            shared: None,
            extra: Extra::default(),
        };
        let put = Put {
            provider: acme(),
            label: label(),
            material: Material::Oauth(Box::new(grant)),
            source: Source::Manual,
            how: PutMode::Named,
        };
        self.engine.transact(&[Event::Put(put)]).unwrap();
        access
    }

    pub(crate) fn token(&self) -> Result<Chosen, NoToken> {
        self.engine.token(&self.issuer, &acme(), &Choice::default(), self.times, 20_000)
    }

    pub(crate) fn rotate(&self, cause: Cause) -> Rotation {
        let version = self.engine.snapshot().unwrap().live("acme", "default").unwrap().version;
        let request = RotationRequest { provider: acme(), label: label(), version, cause, times: self.times };
        self.engine.rotate(&self.issuer, &request, 20_000).unwrap()
    }

    pub(crate) fn custody(&self) -> Custody {
        let snapshot = self.engine.snapshot().unwrap();
        snapshot.state.entry("acme", "default").unwrap().grant().unwrap().custody.clone()
    }
}

/// What a chosen entry would send.
pub(crate) fn text(chosen: &Chosen) -> String {
    chosen.live.secret().unwrap().expose_secret().to_owned()
}
