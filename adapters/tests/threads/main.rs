//! Threads of one process at one store, as they are: what loom explores in small is looked at here with real locks and files.
#![cfg(all(feature = "file", unix))]

mod group;
mod readers;

use std::marker::PhantomData;
use std::sync::Arc;

use credlatch::core::Event;
use credlatch::core::engine::Engine;
use credlatch::core::name::{Label, ProviderId};
use credlatch::core::port::{Ports, Store};
use credlatch::core::put::{Put, PutMode};
use credlatch::core::secret::Secret;
use credlatch::core::state::{Material, Source};
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};

/// The ports as they ship, over this store.
pub(crate) struct Over<S>(PhantomData<fn() -> S>);

impl<S: Store + 'static> Ports for Over<S> {
    type Seam = ParkingLot;
    type Store = S;
    type Clock = SystemClock;
    type Nonces = SystemNonces;
}

pub(crate) fn engine<S: Store + 'static>(store: S) -> Arc<Engine<Over<S>>> {
    Arc::new(Engine::new(store, SystemClock, SystemNonces, 30_000))
}

/// Storing a key of one provider under a label.
pub(crate) fn put(label: &str, key: &str) -> Event {
    Event::Put(Put {
        provider: ProviderId::new("acme").unwrap(),
        label: Label::new(label).unwrap(),
        material: Material::ApiKey(Secret::try_from(key).unwrap()),
        source: Source::Manual,
        how: PutMode::Named,
    })
}
