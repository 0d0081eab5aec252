//! The comparison of the table with a registry and with programs tells what is new, and nothing else.

use std::collections::BTreeMap;

use credlatch::Latch;
use credlatch_tests::names::root;
use credlatch_tests::registry::{Aside, News};

fn told(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, seen)| ((*name).to_owned(), (*seen).to_owned())).collect()
}

#[test]
fn what_is_new_in_a_registry_and_in_programs_is_told_with_where_it_was_seen() {
    let fixture = root().join("tests/registry/fixture");
    let registry = serde_json::from_slice(&std::fs::read(fixture.join("registry.json")).unwrap()).unwrap();
    let (latch, aside) = (Latch::in_memory(), Aside::load().unwrap());
    let mut news = News::of_registry(latch.providers(), &aside, &registry);
    news.add_programs(latch.providers(), &aside, &fixture.join("sdk")).unwrap();
    let expected = News {
        providers: told(&[("acme", "the registry")]),
        variables: told(&[
            ("ACME_API_BASE", "the registry"),
            ("ACME_API_KEY", "acme"),
            ("GIZMO_API_KEY", "client.py"),
            ("GIZMO_BASE_URL", "modules/acme/index.mjs"),
            ("TOGETHER_NEW_API_KEY", "togetherai"),
        ]),
        hosts: told(&[("api.moved.example", "togetherai")]),
    };
    assert_eq!(news, expected);
    assert!(news.to_string().contains("variable GIZMO_API_KEY (client.py)\n"));
    assert!(News::default().is_empty() && !news.is_empty());
}

#[test]
fn nothing_is_set_aside_that_the_table_has() {
    let latch = Latch::in_memory();
    let aside = Aside::load().unwrap();
    for name in aside.names().filter(|name| !name.ends_with('*')) {
        assert!(latch.providers().of_variable(name).is_empty(), "{name}");
        assert!(latch.providers().of_host(name).is_empty(), "{name}");
    }
}
