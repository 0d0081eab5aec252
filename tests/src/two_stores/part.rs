//! Who takes part: movers, rotations, a person. Each makes one step at a time, and what it does next hangs on nothing but what
//! it has seen.

use credlatch_core::clear::Clear;
use credlatch_core::custody::Nonce;
use credlatch_core::extra::Extra;
use credlatch_core::law::{Broken, Who};
use credlatch_core::machine::{Act, Verdict};
use credlatch_core::moving::{MoveStep, Next, Route, Side, Stage, next};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::{Cause, ClaimRotation, Exchanged, Fresh, Settle, Times};
use credlatch_core::secret::Secret;
use credlatch_core::state::{Actor, Custody, Grant, Material, Source, State};
use credlatch_core::time::Expiry;
use credlatch_core::{Effect, Event, apply};

use super::adopter::{Adopter, Adopting};
use super::world::{Decide, NOW, OTHER, ROUTE, SOURCE, TARGET, World};

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// How many move it.
    pub movers: usize,
    /// Whether somebody rotates in the source, and in the target.
    pub rotates: [bool; 2],
    /// Whether a person says that the source lives on, the target, and the other store.
    pub adopts: [bool; 3],
    /// What else a person does some time.
    pub person: Option<Person>,
}

impl Cast {
    /// Two movers.
    pub const MOVERS: Self = Self { movers: 2, rotates: [false, false], adopts: [false; 3], person: None };
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Says to a program that knows no moves that the source lives on.
    AdoptsSourceAsBefore,
    /// Signs out in the source.
    ClearsSource,
    /// Signs out in the target.
    ClearsTarget,
    /// Stores a key in the target.
    SetsInTarget,
    /// Moves what is in the target on to another store.
    MovesTargetOn,
    /// Has the target's directory no more where it was: it isn't mounted.
    LosesTarget,
    /// The same, and some time it is there again.
    LosesTargetForAWhile,
    /// Has it again.
    FindsTarget,
    /// Puts a copy over the source, from when it had been set aside.
    BringsSourceBack,
    /// Puts a copy over the target, from when all had arrived.
    BringsTargetBack,
    /// Begins another store at the source's address, while what was there is in the target too.
    ReplacesSource,
    /// Has a copy of the source, from when it had been set aside, in another place.
    CopiesSource,
    /// Has a copy of the target, from when all had arrived, in another place.
    CopiesTarget,
}

impl Person {
    /// Each of them.
    pub const ALL: &'static [Self] =
        &[Self::AdoptsSourceAsBefore, Self::ClearsSource, Self::ClearsTarget, Self::SetsInTarget];

    /// Each who changes what is where, which nobody who moves is told of.
    pub const BEHIND_BACKS: &'static [Self] = &[
        Self::MovesTargetOn,
        Self::LosesTarget,
        Self::LosesTargetForAWhile,
        Self::BringsSourceBack,
        Self::BringsTargetBack,
        Self::ReplacesSource,
    ];

    /// Each who has a copy beside its original.
    pub const COPIES: &'static [Self] = &[Self::CopiesSource, Self::CopiesTarget];
}

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

#[derive(Clone, Debug)]
pub(super) enum Rotation {
    Claims,
    Presents(String),
    Settles(Option<String>),
}

/// The sign of life of somebody.
pub(super) fn actor(who: Who) -> Actor {
    Actor { name: Nonce(1_000 + u128::from(who)), pid: who, started: 0, pid_namespace: 0, notes: false }
}

fn acme() -> ProviderId {
    ProviderId::new("acme").expect("it is an id")
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text).expect("it is a secret")
}

/// The source at the beginning: a login and a key.
pub(super) fn source() -> State {
    let grant = Grant {
        access: secret("at-0"),
        refresh: Some(secret("rt-0")),
        expiry: Expiry::After(NOW.plus_ms(3_600_000)),
        issued: NOW,
        scopes: Vec::new(),
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra: Extra::default(),
    };
    let puts = [put("default", Material::Oauth(Box::new(grant))), put("spare", Material::ApiKey(secret("key-0")))];
    puts.iter().fold(State::default(), |state, put| apply(&state, &NOW, put).state)
}

/// A store with another key.
fn fresh() -> State {
    apply(&State::default(), &NOW, &put("new", Material::ApiKey(secret("key-2")))).state
}

fn put(label: &str, material: Material) -> Event {
    let label = Label::new(label).expect("it is a label");
    Event::Put(Put { provider: acme(), label, material, source: Source::Manual, how: PutMode::Named })
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
            Self::Rotation(store, rotation) => Some(rotate(rotation, who, *store, world)),
            Self::Adopter(store, adopter) => adopter.step(who, *store, world, adopting),
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

fn rotate(rotation: &Rotation, who: Who, store: usize, world: &mut World) -> Result<Part, Broken> {
    let attempt = Nonce(u128::from(who));
    Ok(match rotation {
        Rotation::Claims => {
            let Some(version) = world.store(store).entry("acme", "default").map(|entry| entry.version) else {
                return Ok(Part::Through);
            };
            world.living.insert(who);
            let (provider, label, act) = (acme(), Label::default(), Act { attempt, actor: actor(who) });
            let times = Times { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 };
            let (cause, reach, watched) = (Cause::Asked, None, None);
            let claim = ClaimRotation { provider, label, version, cause, act, times, reach, watched };
            let (_, effects) = world.transact(who, store, Some(&Event::ClaimRotation(claim)))?;
            if let Some(Effect::Refresh { refresh, .. }) = effects.into_iter().next() {
                return Ok(Part::Rotation(store, Rotation::Presents(refresh.expose_secret().to_owned())));
            }
            world.living.remove(&who);
            Part::Through
        }
        Rotation::Presents(token) => Part::Rotation(store, Rotation::Settles(world.presents(who, token))),
        Rotation::Settles(given) => {
            let granted = |token: &String| {
                let (access, refresh) = (secret(&format!("at-{token}")), Some(secret(token)));
                Exchanged::Granted(Fresh { access, refresh, expires_in_ms: Some(3_600_000), scopes: None })
            };
            let outcome = given.as_ref().map_or(Exchanged::Rejected { code: "invalid_grant".to_owned() }, granted);
            let settle = Settle { provider: acme(), label: Label::default(), attempt, outcome };
            world.transact(who, store, Some(&Event::Settle(settle)))?;
            world.living.remove(&who);
            Part::Through
        }
    })
}

/// None if it has to wait.
fn acts(person: Person, who: Who, world: &mut World) -> Option<Result<(), Broken>> {
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
