//! Every order of their steps, with deaths before any of them. A situation that is known is not entered again: the parts'
//! futures hang on nothing but what they have seen, and the laws' on what they keep.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::Hash as _;
use std::sync::Arc;

use credlatch_core::law::{Broken, Fact, Law, Monitor, Outlook, Trace, Who};
use credlatch_core::moving::{Next, Obstacle, Stage};
use credlatch_core::state::State;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::LAW;
use super::adopter::{Adopter, Adopting};
use super::cast::{Cast, Person};
use super::given::source;
use super::part::{Mover, Part};
use super::rotation::{self, Rotation};
use super::world::{Decide, ROUTE, TARGET, World};
use crate::judging::Seen;

/// How many may die.
const DEATHS: u32 = 2;

/// More situations than this are a mistake of the scene.
const MOST: usize = 400_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Explored {
    /// How many situations there are.
    pub situations: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// How many situations nobody goes on from.
    pub ends: usize,
    /// How many steps lead to where a person has said of both copies that they live on: nobody can keep what comes after that.
    pub persons_faults: usize,
    /// In how many situations law 19 could have been broken.
    pub witnessed: usize,
    /// What was seen on the ways to the ends.
    pub seen: Seen,
    /// Each law that was broken, with how, and the shortest way there.
    pub broken: BTreeMap<u8, (Broken, Vec<String>)>,
    /// Ends from which the same move, begun again, doesn't come through though nothing is in the way.
    pub stuck: Vec<String>,
    /// What stopped moves that were begun again at an end.
    pub stopped: BTreeMap<String, usize>,
}

#[derive(Clone)]
struct Node {
    world: World,
    parts: Vec<Part>,
    deaths: u32,
    /// Whether the target was full, or could not be written, once.
    has_refused: bool,
    way: Vec<String>,
}

/// Explores.
///
/// # Panics
/// There are more situations than any of these scenes has.
pub fn explore(cast: Cast, decide: Decide, adopting: Adopting) -> Explored {
    let mut parts = vec![Part::Mover(Mover::LooksAtSource); cast.movers];
    let rotations = (0..2).filter(|store| cast.rotates[*store]);
    parts.extend(rotations.map(|store| Part::Rotation(store, Rotation::Claims)));
    let adopted = (0..3).filter(|store| cast.adopts[*store]);
    parts.extend(adopted.map(|store| Part::Adopter(store, Adopter::LooksHere)));
    parts.extend(cast.person.map(Part::Person));
    let first = Node { world: World::new(source()), parts, deaths: 0, has_refused: false, way: Vec::new() };
    let (mut seen, mut found) = (HashSet::new(), Explored::default());
    let mut queue = VecDeque::from([first]);
    while let Some(node) = queue.pop_front() {
        let mut went = false;
        for next in successors(&node, decide, adopting) {
            went = true;
            found.steps += 1;
            let judged = next.and_then(|node| Ok((judge(&node.world.facts)?, node)));
            match judged {
                Ok((_, node)) if is_persons_fault(&node.world) => found.persons_faults += 1,
                Ok((memory, node)) => {
                    if seen.insert(digest(&node, &memory)) {
                        assert!(seen.len() < MOST, "there are too many situations: {:#?}", node.way);
                        found.witnessed += usize::from(is_witness(&node));
                        queue.push_back(node);
                    }
                }
                Err(broken) => {
                    found.broken.entry(broken.number).or_insert((broken, node.way.clone()));
                }
            }
        }
        if !went {
            found.ends += 1;
            found.seen.look(&trace(&node));
            again(&node, decide, &mut found);
        }
    }
    found.situations = seen.len();
    found
}

/// Each step that somebody can make, and each death.
fn successors(node: &Node, decide: Decide, adopting: Adopting) -> Vec<Result<Node, Broken>> {
    let mut all = Vec::new();
    for (at, part) in node.parts.iter().enumerate() {
        let who = Who::try_from(at + 1).unwrap_or_default();
        let mut next = node.clone();
        next.way.push(format!("{who} {}", part.tell()));
        if let Some(stepped) = part.step(who, &mut next.world, decide, adopting) {
            all.push(stepped.map(|part| {
                next.parts[at] = part;
                next
            }));
        }
        if let Some(refused) = part.refused().filter(|_| !node.has_refused) {
            let mut next = node.clone();
            next.way.push("the target refuses".to_owned());
            next.parts[at] = refused;
            next.has_refused = true;
            all.push(Ok(next));
        }
        if part.may_die() && node.deaths < DEATHS && node.world.living.contains(&who) {
            let mut next = node.clone();
            next.way.push(format!("{who} dies"));
            next.world.dies(who);
            next.parts[at] = Part::Through;
            next.deaths += 1;
            all.push(Ok(next));
        }
    }
    all
}

/// The laws that speak of two stores. Those that speak of steps were asked at each.
fn laws() -> impl Iterator<Item = &'static Law> {
    crate::judging::laws().filter(|law| [4, LAW].contains(&law.number))
}

fn judge(facts: &[Arc<Fact>]) -> Result<Vec<Monitor>, Broken> {
    let mut monitors: Vec<_> = laws().map(Law::monitor).collect();
    for monitor in &mut monitors {
        facts.iter().try_for_each(|fact| monitor.see(fact))?;
    }
    Ok(monitors)
}

fn digest(node: &Node, memory: &[Monitor]) -> u128 {
    let mut hasher = SipHasher13::new();
    let World { live, living, .. } = &node.world;
    let (target, stores, copies) = node.world.all();
    // Secrets don't print, and count all the same.
    let texts =
        stores.iter().chain(copies.iter().flatten()).map(|state| serde_json::to_string(state).unwrap_or_default());
    texts.for_each(|text| text.hash(&mut hasher));
    (target, live, living, node.world.more(), node.deaths, node.has_refused).hash(&mut hasher);
    for part in &node.parts {
        format!("{part:?}").hash(&mut hasher);
        if let Part::Mover(Mover::LooksAtTarget(state) | Mover::LooksAgain(state, _) | Mover::Steps(state, _))
        | Part::Adopter(_, Adopter::LooksThere(state)) = part
        {
            serde_json::to_string(&**state).unwrap_or_default().hash(&mut hasher);
        }
    }
    for monitor in memory {
        monitor.keep(&mut hasher, Outlook { digest: &|_| 0, readers: None });
    }
    hasher.finish128().as_u128()
}

/// Whether somebody adopted the one copy while the other was in use.
fn is_persons_fault(world: &World) -> bool {
    let free = |state: &&State| state.has_refresh_tokens() && !state.is_shared();
    world.all().1.iter().filter(free).count() > 1
}

/// Whether somebody has just died where law 19 could have been broken by that.
fn is_witness(node: &Node) -> bool {
    let is_death = matches!(node.world.facts.last().map(|fact| &**fact), Some(Fact::Died { .. }));
    is_death && crate::judging::laws().any(|law| law.number == LAW && law.is_witnessed(&trace(node)))
}

fn trace(node: &Node) -> Trace {
    Trace(node.world.facts.iter().map(|fact| (**fact).clone()).collect())
}

/// At an end the same move is begun once more, alone: it comes through, or says what is in the way, and breaks no law.
fn again(node: &Node, decide: Decide, found: &mut Explored) {
    let mut world = node.world.clone();
    if let Some(stuck) = goes_through(node, &mut world, decide, &mut found.stopped) {
        found.stuck.push(format!("{stuck}: {:?}", node.way));
    }
    if let Err(broken) = rotation::everywhere(&mut world).and_then(|()| judge(&world.facts)) {
        let way = node.way.iter().cloned().chain(["the same move, once more, and a rotation in each store".to_owned()]);
        found.broken.entry(broken.number).or_insert((broken, way.collect()));
    }
}

/// Moves alone. Why it neither comes through nor says what is in the way; none if it does.
fn goes_through(
    node: &Node,
    world: &mut World,
    decide: Decide,
    stopped: &mut BTreeMap<String, usize>,
) -> Option<String> {
    let mut part = Part::Mover(Mover::LooksAtSource);
    for _ in 0..40 {
        let next = match &part {
            // It is noticed first what happened to it, as by whoever moves.
            Part::Mover(Mover::LooksAtTarget(source)) if world.transact(99, TARGET, None).is_ok() => {
                Some(decide(source, world.store(TARGET), ROUTE))
            }
            _ => None,
        };
        if let Some(Next::Stopped(why)) = next {
            let name = format!("{why:?}").chars().take_while(char::is_ascii_alphabetic).collect();
            *stopped.entry(name).or_default() += 1;
            return (!is_told(&why, node)).then(|| format!("{why:?}"));
        }
        if next == Some(Next::Finished) {
            let is_free = world.store(TARGET).moving.is_some() && !world.store(TARGET).is_shared();
            return (!is_free).then(|| "finished without its end".to_owned());
        }
        match part.step(99, world, decide, Adopting::Right) {
            Some(Ok(next)) => part = next,
            _ => break,
        }
    }
    Some("it goes round".to_owned())
}

/// Whether somebody did something that makes this the right answer.
fn is_told(why: &Obstacle, node: &Node) -> bool {
    let did = |person: Person| node.way.iter().any(|step| step.ends_with(&format!("{person:?}")));
    let has_lost = did(Person::LosesTarget) || did(Person::LosesTargetForAWhile);
    match why {
        // A rotation died, or its answer came too late.
        Obstacle::InDoubt(..) => node.deaths > 0,
        // It went to the target in another move than the one of the backup.
        Obstacle::Empty if did(Person::BringsTargetBack) => true,
        Obstacle::Empty => did(Person::ClearsSource) || did(Person::MovesTargetOn) || has_lost,
        Obstacle::Occupied => did(Person::SetsInTarget) || did(Person::ReplacesSource),
        Obstacle::Shared(_) => did(Person::BringsSourceBack),
        Obstacle::TargetShared(_) => did(Person::BringsTargetBack),
        Obstacle::BroughtBack => did(Person::BringsTargetBack) || did(Person::ClearsSource),
        Obstacle::HandedOver => did(Person::MovesTargetOn) || did(Person::BringsTargetBack) || has_lost,
        Obstacle::UnderWay { stage: Stage::Arrived, .. } | Obstacle::BothActive => did(Person::ReplacesSource),
        Obstacle::AtWork { .. } | Obstacle::Login(_) | Obstacle::UnderWay { .. } | Obstacle::Same => false,
    }
}
