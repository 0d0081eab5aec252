//! The operations that are crashed: each on a store that was used before, or on none.

use std::path::Path;

use credlatch_core::Event;
use credlatch_core::clear::Clear;
use credlatch_core::engine::{Engine, FlowView, Rotation, RotationRequest, TransactError};
use credlatch_core::flow::{FlowEnd, FlowKind};
use credlatch_core::law::Fact;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::StoreError;
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::{Cause, Times};
use credlatch_core::secret::Secret;
use credlatch_core::state::{Material, Source, State};

use super::disk::{Change, Node};
use super::issuer::{HOUR_MS, Server};
use super::machine::{Machine, World};
use super::observe::{self, HOME};
use super::process::{Here, Process};
use super::{BASE, OP};

/// Why an operation was not done, as its caller was told.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The old state stands.
    NotSaved(StoreError),
    /// Nobody knows yet.
    Unknown(StoreError),
    /// The issuer's tokens are in memory.
    Unsaved(StoreError),
    /// Anything else.
    Otherwise,
}

impl From<TransactError> for Refused {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::NotSaved(error) => Self::NotSaved(error),
            TransactError::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// One kind of operation.
pub(crate) struct Op {
    pub(crate) name: &'static str,
    /// The store it is done to.
    pub(crate) base: fn() -> World,
    pub(crate) run: fn(&Engine<Here>, &Server<'_>) -> Result<u64, Refused>,
    /// Whether a state shows that it was done.
    pub(crate) is_done: fn(&State) -> bool,
}

pub(crate) const OPS: &[Op] = &[
    Op { name: "first", base: || bare(HOME), run: set_spare, is_done: has_spare },
    Op { name: "first, without a home", base: || bare("/home"), run: set_spare, is_done: has_spare },
    Op { name: "set", base: used, run: set_spare, is_done: has_spare },
    Op {
        name: "set after a commit that nothing made durable since",
        base: unsettled,
        run: set_spare,
        is_done: has_spare,
    },
    Op { name: "set several", base: used, run: set_several, is_done: has_several },
    Op { name: "remove", base: used, run: remove_key, is_done: |state| state.entry("acme", "key").is_none() },
    Op { name: "clear", base: used, run: clear_acme, is_done: is_clear },
    Op { name: "rotate", base: used, run: rotate_acme, is_done: is_rotated },
    Op { name: "log in", base: used, run: log_in, is_done: |state| refresh(state, "gamma").is_some() },
    Op {
        name: "adopt a login",
        base: abandoned_login,
        run: log_in,
        is_done: |state| refresh(state, "gamma").is_some(),
    },
    Op { name: "cancel a login", base: abandoned_login, run: cancel, is_done: is_cancelled },
    Op {
        name: "purge",
        base: ended_login,
        run: nothing,
        is_done: |state| state.slot("gamma").is_some_and(|slot| slot.ended.is_empty()),
    },
    Op { name: "nothing", base: used, run: nothing, is_done: |_| true },
];

/// The operation of that name.
pub(crate) fn named(name: &str) -> &'static Op {
    OPS.iter().find(|op| op.name == name).unwrap()
}

fn refresh<'a>(state: &'a State, provider: &str) -> Option<&'a str> {
    Some(state.entry(provider, "default")?.grant()?.refresh.as_ref()?.expose_secret())
}

fn is_cancelled(state: &State) -> bool {
    state.slot("gamma").is_some_and(|slot| slot.ended.iter().any(|ended| ended.end == FlowEnd::Cancelled))
}

pub(crate) fn is_clear(state: &State) -> bool {
    state.slot("acme").is_some_and(|slot| slot.entries.is_empty())
}

pub(crate) fn is_rotated(state: &State) -> bool {
    refresh(state, "acme") == Some("refresh-acme-0002")
}

pub(crate) fn has_spare(state: &State) -> bool {
    state.entry("beta", "spare").is_some()
}

pub(crate) fn has_several(state: &State) -> bool {
    has_spare(state) && state.entry("delta", "default").is_some()
}

pub(crate) fn provider(name: &str) -> ProviderId {
    ProviderId::new(name).unwrap()
}

pub(crate) fn put_key(name: &str, label: &str, secret: &str) -> Event {
    let secret = Secret::try_from(secret).unwrap();
    Event::Put(Put {
        provider: provider(name),
        label: Label::new(label).unwrap(),
        material: Material::ApiKey(secret),
        source: Source::Manual,
        how: PutMode::Named,
    })
}

/// A file system with nothing but this directory.
pub(crate) fn bare(home: &str) -> World {
    let mut world = World::new();
    for folder in Path::new(home).ancestors().collect::<Vec<_>>().into_iter().rev().skip(1) {
        let slot = world.files.slot(folder).unwrap();
        let node = world.files.make(Node::Folder(std::collections::BTreeMap::new()));
        world.files.change(Change::Name { slot, node: Some(node) });
    }
    world.files.settle();
    world
}

/// A store with a login whose access token has ended and a key for one provider, and a key for another.
pub(crate) fn used() -> World {
    stocked(bare(HOME))
}

/// That, in a world that is there already.
pub(crate) fn stocked(world: World) -> World {
    let mut world = later(world, |engine, server| {
        let now = server.machine.world().now;
        let fresh = server.machine.inner().world.accounts.issue("acme");
        let login = Event::Put(Put {
            provider: provider("acme"),
            label: Label::default(),
            material: Material::Oauth(Box::new(fresh.grant(&now))),
            source: Source::Login,
            how: PutMode::Named,
        });
        let keys = [put_key("acme", "key", "acme-key-1"), put_key("beta", "default", "beta-key-1")];
        engine.transact(&[&[login][..], &keys[..]].concat()).unwrap();
    });
    world.files.settle();
    world.pass(2 * HOUR_MS);
    world
}

/// The same, and another commit since.
fn unsettled() -> World {
    later(used(), |engine, _| drop(engine.transact(&[put_key("beta", "default", "beta-key-2")]).unwrap()))
}

/// The same, with a login whose poller died.
fn abandoned_login() -> World {
    let mut world = later(used(), |engine, server| {
        let login = engine.login(server, &provider("gamma"), &Label::default(), FlowKind::Device).unwrap();
        assert!(login.poller.is_some());
    });
    world.files.settle();
    world
}

/// The same, with a login that failed 300 s ago.
fn ended_login() -> World {
    let mut world = later(used(), |engine, server| {
        server.machine.inner().world.accounts.is_closed = true;
        engine.login(server, &provider("gamma"), &Label::default(), FlowKind::Device).unwrap();
    });
    world.files.settle();
    world.accounts.is_closed = false;
    world.pass(300_000);
    world
}

/// What becomes of a world.
fn later(world: World, act: impl FnOnce(&Engine<Here>, &Server<'_>)) -> World {
    let machine = Machine::new(world);
    let engine = Process::new(&machine, BASE, None).engine(Path::new(HOME));
    act(&engine, &Server { machine: &machine, who: BASE });
    drop(engine);
    machine.world()
}

pub(crate) fn set_spare(engine: &Engine<Here>, _: &Server<'_>) -> Result<u64, Refused> {
    Ok(engine.transact(&[put_key("beta", "spare", "beta-key-spare")])?.after.state.generation)
}

pub(crate) fn set_several(engine: &Engine<Here>, server: &Server<'_>) -> Result<u64, Refused> {
    server.machine.note(Fact::PassBegan { who: OP, pass: 2 });
    let puts = [put_key("beta", "spare", "beta-key-spare"), put_key("delta", "default", "delta-key")];
    let generation = engine.transact(&puts)?.after.state.generation;
    server.machine.note(Fact::PassEnded { who: OP });
    Ok(generation)
}

fn remove_key(engine: &Engine<Here>, _: &Server<'_>) -> Result<u64, Refused> {
    Ok(engine.remove(provider("acme"), Label::new("key").unwrap())?.generation)
}

pub(crate) fn clear_acme(engine: &Engine<Here>, server: &Server<'_>) -> Result<u64, Refused> {
    server.machine.note(Fact::ClearBegan { who: OP, provider: provider("acme") });
    let cleared = engine.clear(Clear::Provider(provider("acme")))?;
    server.machine.note(Fact::ClearEnded { who: OP });
    engine.revoke_all(server, &cleared.effects);
    Ok(cleared.generation)
}

pub(crate) fn rotate_acme(engine: &Engine<Here>, server: &Server<'_>) -> Result<u64, Refused> {
    let snapshot = engine.snapshot().map_err(TransactError::from)?;
    let request = RotationRequest {
        provider: provider("acme"),
        label: Label::default(),
        version: snapshot.live("acme", "default").map_or(0, |live| live.version),
        cause: Cause::Due,
        times: Times::default(),
    };
    match engine.rotate(server, &request, 0)? {
        Rotation::Granted(_) | Rotation::Newer(_) => Ok(shown(server)),
        Rotation::Unsaved(unsaved) => Err(Refused::Unsaved(unsaved.error)),
        _ => Err(Refused::Otherwise),
    }
}

/// The generation that the document shows.
fn shown(server: &Server<'_>) -> u64 {
    observe::document(&server.machine.inner().world.files.nodes).generation()
}

fn log_in(engine: &Engine<Here>, server: &Server<'_>) -> Result<u64, Refused> {
    let login = engine.login(server, &provider("gamma"), &Label::default(), FlowKind::Device)?;
    let Some(poller) = login.poller else { return Err(Refused::Otherwise) };
    match engine.poll_to_end(server, poller)? {
        FlowView::Ended(ended) if ended.end == FlowEnd::Succeeded => {}
        _ => return Err(Refused::Otherwise),
    }
    Ok(shown(server))
}

fn cancel(engine: &Engine<Here>, server: &Server<'_>) -> Result<u64, Refused> {
    let snapshot = engine.snapshot().map_err(TransactError::from)?;
    if let Some(flow) = snapshot.state.slot("gamma").and_then(|slot| slot.flow.as_ref()) {
        engine.cancel(&provider("gamma"), flow.id)?;
    }
    Ok(shown(server))
}

fn nothing(engine: &Engine<Here>, _: &Server<'_>) -> Result<u64, Refused> {
    Ok(engine.transact(&[])?.after.state.generation)
}
