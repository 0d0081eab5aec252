//! What a person does, all at once.

use credlatch_core::clear::Clear;
use credlatch_core::custody::Nonce;
use credlatch_core::law::{Broken, Who};
use credlatch_core::moving::{Next, Route, Side, Stage, next};
use credlatch_core::state::{Material, State};
use credlatch_core::{Event, apply};

use super::cast::Person;
use super::given::{NOW, actor, put, secret};
use super::world::{OTHER, ROUTE, SOURCE, TARGET, World};

/// Does it. None if it has to wait.
pub(super) fn acts(person: Person, who: Who, world: &mut World) -> Option<Result<(), Broken>> {
    let (store, event) = match person {
        Person::AdoptsSourceAsBefore => return adopts_as_before(who, world),
        Person::ClearsSource => (SOURCE, Event::Clear(Clear::Everything)),
        Person::ClearsTarget => (TARGET, Event::Clear(Clear::Everything)),
        Person::SetsInTarget => (TARGET, put("other", Material::ApiKey(secret("key-1")))),
        Person::MovesTargetOn => return moves_on(who, world),
        Person::LosesTarget | Person::LosesTargetForAWhile => {
            world.loses_the_target();
            return Some(Ok(()));
        }
        Person::FindsTarget => {
            world.finds_the_target();
            return Some(Ok(()));
        }
        Person::BringsSourceBack => return world.brings_back(SOURCE).then_some(Ok(())),
        Person::BringsTargetBack => return world.brings_back(TARGET).then_some(Ok(())),
        Person::ReplacesSource => return world.replaces_source(fresh()).then_some(Ok(())),
        Person::CopiesSource => return world.copies_elsewhere(SOURCE).then_some(Ok(())),
        Person::CopiesTarget => return world.copies_elsewhere(TARGET).then_some(Ok(())),
    };
    Some(world.transact(who, store, Some(&event)).map(drop))
}

/// None while somebody moves it.
fn adopts_as_before(who: Who, world: &mut World) -> Option<Result<(), Broken>> {
    let mover = world.store(SOURCE).moving.as_ref().and_then(|moving| moving.actor.as_ref());
    if mover.is_some_and(|mover| world.is_alive(mover)) {
        return None;
    }
    world.adopts_as_before(who, SOURCE);
    Some(Ok(()))
}

/// Moves what is in the target on to another store, once it is used there and nobody is at work; whoever does it says first that nothing
/// is left in the source.
fn moves_on(who: Who, world: &mut World) -> Option<Result<(), Broken>> {
    const ON: Route<'_> = Route { from: ROUTE.to, to: "file:///c" };
    let stage = world.store(TARGET).moving.as_ref().map(|moving| moving.stage);
    if !matches!(stage, Some(Stage::Active | Stage::Done)) {
        return None;
    }
    if let Err(broken) = world.transact(who, TARGET, Some(&Event::AdoptCopy)) {
        return Some(Err(broken));
    }
    loop {
        let next = next(world.store(TARGET), world.store(OTHER), ON);
        if let Next::Stopped(_) = next {
            return None;
        }
        let source = world.store(TARGET).clone();
        let Some((side, step)) = next.step(&source, ON, &actor(who), || Nonce(5_000)) else { return Some(Ok(())) };
        let store = if side == Side::Source { TARGET } else { OTHER };
        if let Err(broken) = world.transact(who, store, Some(&Event::Move(step))) {
            return Some(Err(broken));
        }
    }
}

/// A store with another key.
fn fresh() -> State {
    apply(&State::default(), &NOW, &put("new", Material::ApiKey(secret("key-2")))).state
}
