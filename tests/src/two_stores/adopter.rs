//! A person who says that a store whose move was cut off lives on: the engine's steps, one at a time.

use credlatch_core::Event;
use credlatch_core::law::{Broken, Who};
use credlatch_core::machine::Verdict;
use credlatch_core::moving::{Adoption, MoveStep, Resume, Stage, adoption};
use credlatch_core::shared::Shared;
use credlatch_core::state::{Actor, State};

use super::given::actor;
use super::world::{SOURCE, TARGET, World};

/// Where it is.
#[derive(Clone, Debug)]
pub(super) enum Adopter {
    /// It looks at the store that is to be used again.
    LooksHere,
    /// It looks at the other one.
    LooksThere(Box<State>),
    /// It makes a step.
    Steps(Box<Adoption>),
}

/// How a store comes to be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopting {
    /// As the core decides.
    Right,
    /// As the core decides, and who moves counts as dead.
    BesideAMover,
    /// It asks the other store, and takes this one then, whatever the other says by that time.
    AsksAndTakes,
    /// As the core decides, but that a copy counts as its original.
    MindsNoCopy,
}

impl Adopting {
    fn decides(self, here: &State, there: &State, actor: &Actor) -> Option<Adoption> {
        match self {
            Self::Right | Self::BesideAMover => adoption(here, Some(there), actor),
            Self::AsksAndTakes => match adoption(here, Some(there), actor)? {
                Adoption::Refused(why) => Some(Adoption::Refused(why)),
                _ => takes(here, actor),
            },
            Self::MindsNoCopy => {
                let mut original = here.clone();
                let moving = original.moving.as_mut();
                let _: Option<Shared> = moving.and_then(|moving| moving.shared.take());
                adoption(&original, Some(there), actor)
            }
        }
    }
}

/// The last step, as if all before it were made.
fn takes(here: &State, actor: &Actor) -> Option<Adoption> {
    let moving = here.moving.as_ref()?;
    let (id, is_own) = (moving.id, moving.actor.as_ref() == Some(actor));
    Some(match moving.stage {
        Stage::Arrived => Adoption::Last(MoveStep::Activate(id)),
        _ if is_own => Adoption::Last(MoveStep::Adopt(id, moving.stage, actor.clone())),
        _ => Adoption::Here(MoveStep::Resume(Resume { id, name: id, of: moving.actor.clone(), actor: actor.clone() })),
    })
}

impl Adopter {
    /// What it is about to do, for people.
    pub(super) fn tell(&self, store: usize) -> String {
        let store = ["source", "target", "other store"][store];
        match self {
            Self::LooksHere => format!("a person adopts the {store}"),
            Self::LooksThere(_) => format!("who adopts the {store} looks at what it says of it elsewhere"),
            Self::Steps(next) => format!("who adopts the {store}: {next:?}"),
        }
    }

    /// Makes its next step, and says what comes after it, if anything does; none if it has to wait for somebody who moves the store.
    pub(super) fn step(
        &self,
        who: Who,
        store: usize,
        world: &mut World,
        adopting: Adopting,
    ) -> Option<Result<Option<Self>, Broken>> {
        match self {
            Self::LooksHere => looks(who, store, world, adopting),
            Self::LooksThere(here) => Some(decides(who, here, world, adopting)),
            Self::Steps(next) => Some(makes(who, store, next, world)),
        }
    }
}

fn looks(who: Who, store: usize, world: &mut World, adopting: Adopting) -> Option<Result<Option<Adopter>, Broken>> {
    let mover = world.store(store).moving.as_ref().and_then(|moving| moving.actor.as_ref());
    if adopting != Adopting::BesideAMover && mover.is_some_and(|mover| *mover != actor(who) && world.is_alive(mover)) {
        world.living.remove(&who);
        return None;
    }
    world.living.insert(who);
    Some(world.transact(who, store, None).map(|_| Some(Adopter::LooksThere(Box::new(world.store(store).clone())))))
}

fn decides(who: Who, here: &State, world: &mut World, adopting: Adopting) -> Result<Option<Adopter>, Broken> {
    let other = other(here);
    if world.store(other).moving.is_some() {
        world.transact(who, other, None)?;
    }
    let next = adopting.decides(here, world.store(other), &actor(who));
    if matches!(next, None | Some(Adoption::Refused(_))) {
        world.living.remove(&who);
        return Ok(None);
    }
    Ok(next.map(|next| Adopter::Steps(Box::new(next))))
}

fn makes(who: Who, store: usize, next: &Adoption, world: &mut World) -> Result<Option<Adopter>, Broken> {
    let here = world.store(store).clone();
    let (at, step) = match next {
        Adoption::Here(step) | Adoption::Last(step) => (store, step),
        Adoption::There(step) => (other(&here), step),
        Adoption::Refused(_) => return Ok(None),
    };
    let (verdict, _) = world.transact(who, at, Some(&Event::Move(step.clone())))?;
    if matches!(next, Adoption::Last(_)) && verdict == Verdict::Done {
        world.living.remove(&who);
        return Ok(None);
    }
    Ok(Some(Adopter::LooksHere))
}

/// The store that this one names.
fn other(here: &State) -> usize {
    let is_source = here.moving.as_ref().is_some_and(|moving| moving.stage.holds_what_goes());
    if is_source { TARGET } else { SOURCE }
}
