//! One who takes part: a mover, a rotation, a person. Each makes one step at a time, and what it does next hangs on nothing but what
//! it has seen.

use credlatch_core::Event;
use credlatch_core::custody::Nonce;
use credlatch_core::law::{Broken, Who};
use credlatch_core::machine::Verdict;
use credlatch_core::moving::{MoveStep, Next};
use credlatch_core::state::State;

use super::adopter::{Adopter, Adopting};
use super::cast::Person;
use super::given::actor;
use super::person::acts;
use super::rotation::Rotation;
use super::world::{Decide, ROUTE, SOURCE, TARGET, World};

/// One who takes part, and where it is.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Mover(Mover),
    Rotation(usize, Rotation),
    Adopter(usize, Adopter),
    Person(Person),
    Through,
}

#[derive(Clone, Debug)]
pub(super) enum Mover {
    /// It looks at the source.
    LooksAtSource,
    /// It looks at the target.
    LooksAtTarget(Box<State>),
    /// It looks at the source again, before the target forgets what is there.
    LooksAgain(Box<State>, Next),
    /// It makes a step.
    Steps(Box<State>, Next),
    /// The target would not receive it.
    TakesBack(Nonce),
}

impl Part {
    /// What it is about to do, for people.
    pub(super) fn tell(&self) -> String {
        match self {
            Self::Mover(Mover::LooksAtSource) => "looks at the source".to_owned(),
            Self::Mover(Mover::LooksAtTarget(_)) => "looks at the target".to_owned(),
            Self::Mover(Mover::LooksAgain(..)) => "looks at the source again".to_owned(),
            Self::Mover(Mover::Steps(_, next)) => format!("{next:?}"),
            Self::Mover(Mover::TakesBack(_)) => "takes the source back".to_owned(),
            Self::Rotation(store, rotation) => {
                let what = match rotation {
                    Rotation::Claims => "claims",
                    Rotation::Presents(_) => "presents",
                    Rotation::Settles(_) => "settles",
                };
                format!("{what} in the {}", ["source", "target"][*store])
            }
            Self::Adopter(store, adopter) => adopter.tell(*store),
            Self::Person(person) => format!("{person:?}"),
            Self::Through => "nothing".to_owned(),
        }
    }

    /// Whether it may die now: whoever has begun and isn't through.
    pub(super) fn may_die(&self) -> bool {
        !matches!(
            self,
            Self::Through
                | Self::Person(_)
                | Self::Rotation(_, Rotation::Claims)
                | Self::Adopter(_, Adopter::LooksHere)
        )
    }

    /// The same mover, after the target has refused what it was about to store there.
    pub(super) fn refused(&self) -> Option<Self> {
        match self {
            Self::Mover(Mover::Steps(_, Next::Receive(id))) => Some(Self::Mover(Mover::TakesBack(*id))),
            _ => None,
        }
    }

    /// Makes its next step; none if it can't now.
    pub(super) fn step(
        &self,
        who: Who,
        world: &mut World,
        decide: Decide,
        adopting: Adopting,
    ) -> Option<Result<Self, Broken>> {
        match self {
            Self::Mover(mover) => Some(move_on(mover, who, world, decide)),
            Self::Rotation(store, rotation) => {
                let done = rotation.step(who, *store, world);
                Some(done.map(|next| next.map_or(Self::Through, |next| Self::Rotation(*store, next))))
            }
            Self::Adopter(store, adopter) => {
                let done = adopter.step(who, *store, world, adopting)?;
                Some(done.map(|next| next.map_or(Self::Through, |next| Self::Adopter(*store, next))))
            }
            Self::Person(person) => {
                let then = match person {
                    Person::LosesTargetForAWhile => Self::Person(Person::FindsTarget),
                    _ => Self::Through,
                };
                acts(*person, who, world).map(|done| done.map(|()| then))
            }
            Self::Through => None,
        }
    }
}

fn move_on(mover: &Mover, who: Who, world: &mut World, decide: Decide) -> Result<Part, Broken> {
    Ok(Part::Mover(match mover {
        Mover::LooksAtSource => {
            world.living.insert(who);
            world.transact(who, SOURCE, None)?;
            Mover::LooksAtTarget(Box::new(world.store(SOURCE).clone()))
        }
        Mover::LooksAtTarget(source) => {
            world.transact(who, TARGET, None)?;
            let next = decide(source, world.store(TARGET), ROUTE);
            let Ok(next) = next.by(source, &actor(who), world.sent(who), |other| Ok::<_, ()>(world.is_alive(other)))
            else {
                return Ok(Part::Through);
            };
            if matches!(next, Next::Finished | Next::Stopped(_)) {
                world.living.remove(&who);
                return Ok(Part::Through);
            }
            if let Next::Withdraw(_) = next {
                Mover::LooksAgain(source.clone(), next)
            } else {
                Mover::Steps(source.clone(), next)
            }
        }
        Mover::LooksAgain(source, next) => {
            world.transact(who, SOURCE, None)?;
            if world.store(SOURCE).moving == source.moving {
                Mover::Steps(source.clone(), next.clone())
            } else {
                Mover::LooksAtSource
            }
        }
        Mover::Steps(source, next) => {
            // A number of its own for each move that it begins.
            let number = || Nonce(u128::from(who) * 1_000 + world.names());
            let Some((side, step)) = next.clone().step(source, ROUTE, &actor(who), number) else {
                return Ok(Part::Through);
            };
            world.sends(who, &step);
            let (verdict, _) = world.transact(who, side as usize, Some(&Event::Move(step)))?;
            if matches!(verdict, Verdict::Refused(_)) {
                world.living.remove(&who);
                return Ok(Part::Through);
            }
            Mover::LooksAtSource
        }
        Mover::TakesBack(id) => {
            world.transact(who, SOURCE, Some(&Event::Move(MoveStep::TakeBack(*id, actor(who)))))?;
            world.living.remove(&who);
            return Ok(Part::Through);
        }
    }))
}
