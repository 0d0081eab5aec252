//! What there is at the beginning, and who is who.

use credlatch_core::custody::Nonce;
use credlatch_core::extra::Extra;
use credlatch_core::law::Who;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::secret::Secret;
use credlatch_core::state::{Actor, Custody, Grant, Material, Source, State};
use credlatch_core::time::{Expiry, Stamp};
use credlatch_core::{Event, apply};

/// It never passes.
pub(super) const NOW: Stamp = Stamp { wall_ms: 1_800_000_000_000, up_ms: 1_000, boot: 7 };

/// The sign of life of somebody.
pub(super) fn actor(who: Who) -> Actor {
    Actor { name: Nonce(1_000 + u128::from(who)), pid: who, started: 0, pid_namespace: 0, notes: false }
}

pub(super) fn acme() -> ProviderId {
    ProviderId::new("acme").expect("it is an id")
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::try_from(text).expect("it is a secret")
}

/// The source at the beginning: a login and a key.
pub(super) fn source() -> State {
    let grant = Grant {
        access: secret("at-0"),
        refresh: Some(secret("rt-0")),
        expiry: Expiry::After(NOW.plus_ms(3_600_000)),
        issued: NOW,
        scopes: Vec::new(),
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra: Extra::default(),
    };
    let puts = [put("default", Material::Oauth(Box::new(grant))), put("spare", Material::ApiKey(secret("key-0")))];
    puts.iter().fold(State::default(), |state, put| apply(&state, &NOW, put).state)
}

pub(super) fn put(label: &str, material: Material) -> Event {
    let label = Label::new(label).expect("it is a label");
    Event::Put(Put { provider: acme(), label, material, source: Source::Manual, how: PutMode::Named })
}
