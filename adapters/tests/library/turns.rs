//! A pool that is used in turn goes round, whoever asks.

use credlatch::core::Event;
use credlatch::core::pool::{Choice, SetStrategy, Strategy};
use credlatch::core::put::{Put, PutMode};
use credlatch::core::state::{Material, Source};
use credlatch::{Label, ProviderId, Secret};

use crate::memory::engine;

#[test]
fn the_engine_counts_the_turns() {
    let provider = ProviderId::new("acme").unwrap();
    let put = |label: &str| {
        let key = Secret::try_from(format!("key-{label}")).unwrap();
        Event::Put(Put {
            provider: provider.clone(),
            label: Label::new(label).unwrap(),
            material: Material::ApiKey(key),
            source: Source::Manual,
            how: PutMode::Named,
        })
    };
    let in_turn = SetStrategy { provider: provider.clone(), strategy: Strategy::RoundRobin };
    let engine = engine();
    engine.transact(&[put("a"), put("b"), Event::SetStrategy(in_turn)]).unwrap();
    let pick = || engine.current("acme", &Choice::default()).unwrap().live.label.to_string();
    assert_eq!([pick(), pick(), pick(), pick()], ["a", "b", "a", "b"]);
}
