//! Law 20: what is sealed says nothing without the key, and nothing is taken for it but what was sealed for its place.

use super::*;

fn sealed(place: &str, content: &str) -> Fact {
    Fact::Sealed { place: place.to_owned(), content: content.to_owned() }
}

fn opened(place: &str, content: &str) -> Fact {
    Fact::Opened { place: place.to_owned(), content: content.to_owned() }
}

fn forged(place: &str) -> Fact {
    Fact::Forged { place: place.to_owned() }
}

fn unopened(place: &str) -> Fact {
    Fact::Unopened { place: place.to_owned() }
}

#[test]
fn what_is_left_says_no_secret() {
    let left = |text: &str| Fact::Left { text: text.to_owned(), secrets: vec!["key-1".to_owned()] };
    breaks(20, &[left("{key-1}")], "says a secret");
    keeps(20, &[left("{key-2}")]);
}

#[test]
fn what_is_opened_was_sealed_for_that_place() {
    let breach = "what nobody with the key sealed for it";
    breaks(20, &[sealed("work", "one"), opened("work", "two")], breach);
    breaks(20, &[sealed("work", "one"), opened("home", "one")], breach);
    breaks(20, &[opened("work", "one"), sealed("work", "one")], breach);
    // What was sealed there before is a copy that is put back: whether that is noticed, other laws say.
    keeps(20, &[sealed("work", "one"), sealed("work", "two"), forged("work"), opened("work", "one")]);
}

#[test]
fn its_witness_is_a_forgery_that_is_not_opened() {
    assert!(witnesses(20, &[sealed("work", "one"), forged("work"), unopened("work")]));
    assert!(!witnesses(20, &[sealed("work", "one"), unopened("work")]));
    assert!(!witnesses(20, &[forged("home"), unopened("work")]));
    assert!(!witnesses(20, &[forged("work"), sealed("work", "one"), unopened("work")]));
}
