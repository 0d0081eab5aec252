//! Arbitrary histories of a sealed home.

use proptest::prelude::*;

use super::{Forgery, Has, Move, Place};

/// Up to 24 moves.
pub fn histories() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(moves(), 1..25)
}

fn moves() -> impl Strategy<Value = Move> {
    let place = || prop::sample::select(&Place::ALL[..]);
    let act = || 1..3_u8;
    prop_oneof![
        3 => place().prop_map(Move::Set),
        2 => (place(), act()).prop_map(|(place, act)| Move::WriteAnswer(place, act)),
        4 => (place(), forgeries()).prop_map(|(place, forgery)| Move::Forge(place, forgery)),
        2 => (act(), prop::option::of(act())).prop_map(|(act, of)| Move::ForgeAnswer(act, of)),
        4 => (place(), has()).prop_map(|(place, has)| Move::Look(place, has)),
        3 => (place(), act()).prop_map(|(place, act)| Move::LookAtAnswer(place, act)),
    ]
}

fn forgeries() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        Just(Forgery::PlainText),
        Just(Forgery::OtherProfile),
        Just(Forgery::StrangersKey),
        any::<usize>().prop_map(Forgery::Older),
        any::<usize>().prop_map(Forgery::OlderBody),
        any::<usize>().prop_map(Forgery::Flipped),
        any::<usize>().prop_map(Forgery::Cut),
    ]
}

fn has() -> impl Strategy<Value = Has> {
    prop_oneof![3 => Just(Has::Key), 1 => Just(Has::Nothing), 1 => Just(Has::AnotherKey)]
}
