//! Law 19: a login that moves is used from one store at most, and is in one of them at least.

use super::*;
use crate::machine::shared::MarkShared;
use crate::sample::grant;
use crate::state::shared::Shared;

fn login() -> State {
    stored([named("a", grant("at-1", Some("rt-1")))])
}

fn aside() -> State {
    let mark = MarkShared { why: Shared::Copied, counted: 0 };
    after(&login(), &at(0), &[Event::MarkShared(mark)])
}

fn stands(store: u32, state: &State) -> Fact {
    Fact::Stands { store, state: shared(state) }
}

#[test]
fn two_stores_never_present_one_token() {
    breaks(19, &[stands(0, &login()), stands(1, &login())], "two stores would present one");
    keeps(19, &[stands(0, &aside()), stands(1, &login())]);
    keeps(19, &[stands(0, &login()), stands(0, &aside()), stands(1, &aside()), stands(1, &login())]);
}

#[test]
fn a_token_that_leaves_one_store_is_in_the_other_or_over() {
    let nothing = State::default();
    breaks(19, &[stands(0, &login()), stands(0, &nothing)], "in neither store");
    keeps(19, &[stands(0, &aside()), stands(1, &login()), stands(0, &nothing)]);
    let replaced = Fact::Succession { old: "rt-1".to_owned(), new: "rt-2".to_owned() };
    keeps(19, &[stands(0, &login()), replaced, stands(0, &nothing)]);
    let cleared = stepped(&login(), &Event::Clear(Clear::Everything), &nothing);
    keeps(19, &[stands(0, &login()), cleared, stands(0, &nothing)]);
}

#[test]
fn what_a_person_takes_back_beside_a_store_that_uses_it_is_for_the_person_to_see_to() {
    let back = stepped(&aside(), &Event::AdoptCopy, &login());
    let used = [stands(0, &aside()), stands(1, &login()), back.clone(), stands(0, &login())];
    keeps(19, &used);
    let unused = [stands(0, &aside()), stands(1, &aside()), back, stands(0, &login()), stands(1, &login())];
    breaks(19, &unused, "two stores would present one");
}

#[test]
fn its_witness_is_a_death_while_both_stores_hold_it() {
    let died = Fact::Died { who: 1 };
    assert!(witnesses(19, &[stands(0, &aside()), stands(1, &aside()), died.clone()]));
    assert!(!witnesses(19, &[stands(0, &aside()), died.clone(), stands(1, &aside())]));
    assert!(!witnesses(19, &[stands(0, &aside()), stands(1, &aside()), stands(0, &State::default()), died]));
}
