//! A reader that still looks at what was published: whoever clears meanwhile doesn't wait for it, and a drain does.

use std::time::Duration;

use credlatch::core::Event;
use credlatch::core::clear::Clear;
use credlatch::core::put::{Put, PutMode};
use credlatch::core::state::{Material, Source};
use credlatch::{Label, Latch, ProviderId, Secret};

use crate::memory::engine;

#[test]
fn law_1_a_drain_waits_for_a_reader_that_has_found_what_is_cleared_and_holds_nothing_of_it_yet() {
    let engine = engine();
    let put = Put {
        provider: ProviderId::new("acme").unwrap(),
        label: Label::default(),
        material: Material::ApiKey(Secret::try_from("key-1").unwrap()),
        source: Source::Manual,
        how: PutMode::Named,
    };
    engine.transact(&[Event::Put(put)]).unwrap();
    let cleared = engine
        .read(|snapshot| {
            let cleared = engine.clear(Clear::Everything).unwrap();
            assert!(!engine.is_drained(&cleared), "this reader may still take it");
            let taken = snapshot.pool("acme")[0].clone();
            assert!(engine.read(|now| now.pool("acme").is_empty()).unwrap(), "the next one finds nothing");
            (cleared, taken)
        })
        .map(|(cleared, taken)| {
            assert!(!engine.is_drained(&cleared), "it has taken it");
            drop(taken);
            cleared
        })
        .unwrap();
    assert!(engine.is_drained(&cleared));
}

#[test]
fn a_credential_is_all_that_has_to_be_kept_of_a_latch_and_every_thread_counts_its_own() {
    let latch = Latch::in_memory();
    latch.set("minimax", Secret::try_from("mm-1").unwrap()).unwrap();
    let held: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..20).map(|_| scope.spawn(|| latch.current("minimax").unwrap())).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    latch.set_as("minimax", &Label::new("other").unwrap(), Secret::try_from("mm-2").unwrap()).unwrap();
    let uses = latch.status().unwrap().state.entry("minimax", "default").unwrap().health.uses;
    assert_eq!(uses, 20, "each use is counted, wherever its thread counts");
    let cleared = latch.clear("minimax").unwrap();
    assert!(cleared.drain(Duration::from_millis(1)).is_err(), "twenty hold it");
    let (first, rest) = held.split_first().unwrap();
    let first = first.clone();
    drop(rest.to_vec());
    drop(held);
    assert!(!cleared.is_drained());
    drop((latch, cleared));
    assert!(!first.is_current().unwrap(), "what it was asked of is still open");
    let mut headers = http::HeaderMap::new();
    first.authorize(&mut headers);
    assert_eq!(headers.len(), 1);
}
