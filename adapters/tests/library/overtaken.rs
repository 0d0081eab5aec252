//! Rotations that somebody overtakes between their look at the store and their claim.

use std::sync::Mutex;

use credlatch::core::clear::Clear;
use credlatch::core::engine::{Engine, Rotation, RotationRequest};
use credlatch::core::flow::{FlowKind, Prompt};
use credlatch::core::name::{Label, ProviderId};
use credlatch::core::port::{Code, CodeExchanged, Issuer, Nonces, Polled, Ports, Prompting, Revoked};
use credlatch::core::put::{Put, PutMode};
use credlatch::core::rotation::{Cause, Exchanged, Fresh, Times};
use credlatch::core::secret::Secret;
use credlatch::core::state::{Material, Nonce, Source};
use credlatch::core::time::Stamp;
use credlatch::core::{Event, Verdict};
use credlatch::memory::MemoryStore;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};

struct World;

impl Ports for World {
    type Seam = ParkingLot;
    type Store = MemoryStore;
    type Clock = SystemClock;
    type Nonces = Meanwhile;
}

/// Nonces, and something that somebody else does just before the first of them is given: a claim takes its nonce after
/// its look at the store.
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Nonces for Meanwhile {
    fn nonce(&self) -> Nonce {
        let meanwhile = self.0.lock().unwrap().take();
        if let Some(act) = meanwhile {
            act();
        }
        SystemNonces.nonce()
    }
}

struct NobodyIsAsked;

impl Issuer for NobodyIsAsked {
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        panic!("nothing is there to present");
    }
    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        unreachable!()
    }
    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        unreachable!()
    }
    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        unreachable!()
    }
    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        Revoked::Unsupported
    }
}

fn engine(store: &MemoryStore, meanwhile: Option<Box<dyn FnOnce() + Send>>) -> Engine<World> {
    Engine::new(store.clone(), SystemClock, Meanwhile(Mutex::new(meanwhile)), 5_000)
}

#[test]
fn a_login_that_is_cleared_before_its_claim_is_gone_and_not_rejected() {
    let store = MemoryStore::new();
    let provider = ProviderId::new("acme").unwrap();
    let other = engine(&store, None);
    let secret = |text: &str| Secret::try_from(text).unwrap();
    let fresh = Fresh { access: secret("access"), refresh: Some(secret("refresh")), expires_in_ms: None, scopes: None };
    let put = Event::Put(Put {
        provider: provider.clone(),
        label: Label::default(),
        material: Material::Oauth(Box::new(fresh.grant(&Stamp::default()))),
        source: Source::Login,
        how: PutMode::Named,
    });
    assert_eq!(*other.transact(&[put]).unwrap().verdict(), Verdict::Done);

    let clear = Clear::Provider(provider.clone());
    let engine = engine(&store, Some(Box::new(move || drop(other.clear(clear).unwrap()))));
    let request =
        RotationRequest { provider, label: Label::default(), version: 1, cause: Cause::Asked, times: Times::default() };
    let rotation = engine.rotate(&NobodyIsAsked, &request, 5_000).unwrap();
    assert!(matches!(rotation, Rotation::Gone), "{rotation:?}");
}
