//! What the enumeration found, each as small as it can be told.

use std::path::Path;
use std::sync::{Arc, Mutex};

use credlatch_core::law::{self, Trace};
use credlatch_core::port::Store;
use rustix::io::Errno;

use super::disk::{file_at, find};
use super::fault::{Call, FailureMode, Fault, Lasts};
use super::issuer::Server;
use super::machine::Machine;
use super::observe::{self, CLAIMS, DOCUMENT, FOLDER, HOME, LOCK};
use super::ops::{bare, named, put_key, used};
use super::process::Process;
use super::record::{Recording, preamble};
use super::wrong::Wrong;
use super::{HEIR, OP, faults, image, steps};

/// A process made the store's directory and was killed before it synced the one above. The next found the directory there,
/// committed, synced the directory itself and returned; a power cut then took the directory's name, and all that was in it.
#[test]
fn a_directory_whose_maker_died_is_made_durable_by_the_first_commit() {
    let machine = Machine::new(bare(HOME));
    machine.make_folder(Path::new(FOLDER)).unwrap();
    let engine = Process::new(&machine, HEIR, None).engine(Path::new(HOME));
    engine.transact(&[put_key("beta", "default", "beta-key")]).unwrap();
    assert_eq!(observe::durable(&machine.world().files).generation(), 1);
}

/// The first commit made the lock file and the document durable by one sync. A power cut before it could leave the document
/// without the lock file it names, and a store that nobody had copied refused to rotate because it looked like a copy.
#[test]
fn a_first_document_never_outlives_its_lock_file() {
    let mut with_document = 0;
    for point in Recording::of(named("first"), None).unwrap().points {
        for nodes in image::all(&point.world.files) {
            if file_at(&nodes, Path::new(DOCUMENT)).is_some() {
                assert!(file_at(&nodes, Path::new(LOCK)).is_some(), "after: {}", point.after);
                with_document += 1;
            }
        }
    }
    assert!(with_document > 0);
}

/// A draft was found by its sign of life, which lies in another directory. A power cut may keep the draft's name and take
/// that of the sign; then nobody ever removed the draft, tokens and all.
#[test]
fn a_draft_whose_sign_of_life_was_lost_is_swept_after_the_restart() {
    let machine = Machine::new(used());
    let draft = Process::new(&machine, OP, None).engine(Path::new(HOME)).store().reserve(100).unwrap();
    let drafted = machine.world();
    drop(draft);
    let is_stray = |nodes: &super::disk::Nodes| {
        let litter = observe::litter(nodes);
        litter.len() == 1 && !litter[0].starts_with(CLAIMS) && find(nodes, Path::new(CLAIMS)).is_ok()
    };
    let strays: Vec<_> = image::all(&drafted.files).into_iter().filter(is_stray).collect();
    assert!(!strays.is_empty());
    for nodes in strays {
        let machine = Machine::new(drafted.rebooted(drafted.files.cut_down_to(nodes)));
        let engine = Process::new(&machine, HEIR, None).engine(Path::new(HOME));
        engine.transact(&[put_key("beta", "later", "beta-key-later")]).unwrap();
        assert_eq!(observe::litter(&machine.world().files.nodes), [""; 0]);
    }
}

/// A settlement whose first try failed before its commit gave its reservation away, and the second had to ask the disk for
/// new space, which may be what it lacks.
#[test]
fn what_was_reserved_is_there_for_the_second_try() {
    let machine = Machine::new(used());
    let reserved = Arc::new(Mutex::new(None));
    let (inside, also) = (Arc::clone(&machine), Arc::clone(&reserved));
    machine.inner().meanwhile = Some(Box::new(move || {
        let mut inner = inside.inner();
        let draft =
            observe::litter(&inner.world.files.nodes).into_iter().find(|path| !path.starts_with(CLAIMS)).unwrap();
        *also.lock().unwrap() = inner.world.files.find(Path::new(&draft)).ok();
        let at = inner.calls.len();
        inner.fault = Some(Fault { at, lasts: Lasts::No, how: FailureMode::With(Errno::IO) });
    }));
    let engine = Process::new(&machine, OP, None).engine(Path::new(HOME));
    (named("rotate").run)(&engine, &Server { machine: &machine, who: OP }).unwrap();
    let document = machine.inner().world.files.find(Path::new(DOCUMENT)).ok();
    assert!(document.is_some() && document == *reserved.lock().unwrap());
}

/// The first try to save a login was unknown, the last failed, and the login was called not saved though it was.
#[test]
fn a_login_whose_first_try_was_unknown_is_not_called_unsaved() {
    let op = named("log in");
    let at = Recording::of(op, None).unwrap().calls.iter().rposition(|call| *call == Call::Rename).unwrap();
    faults::one(op, Fault { at, lasts: Lasts::ForChanges, how: FailureMode::Muddled(Errno::IO) }).unwrap();
}

/// A cancel was saved, then the read for its answer failed, and it was called not saved.
#[test]
fn a_cancel_answers_from_its_commit() {
    let op = named("cancel a login");
    let calls = Recording::of(op, None).unwrap().calls;
    let renamed = calls.iter().rposition(|call| *call == Call::Rename).unwrap();
    for at in renamed + 1..calls.len() {
        faults::one(op, Fault { at, lasts: Lasts::No, how: FailureMode::With(Errno::IO) }).unwrap();
    }
}

/// Another process rotates while the first one's request is under way, a minute after it was sent, because the first one was
/// stopped. Whoever believed a process table that doesn't list the first one presented its refresh token a second time.
#[test]
fn a_living_actor_that_the_process_table_does_not_list_is_waited_for() {
    let beside = |wrong: Option<Wrong>| {
        let machine = Machine::new(used());
        steps::by(Some(OP));
        machine.inner().tape = Some(preamble(&used()));
        let other = Arc::clone(&machine);
        machine.inner().meanwhile = Some(Box::new(move || {
            let engine = Process::new(&other, HEIR, wrong).engine(Path::new(HOME));
            // Once to find it dead, and once when no request of the dead can be under way.
            for _ in 0..2 {
                drop((named("rotate").run)(&engine, &Server { machine: &other, who: HEIR }));
                other.inner().world.pass(60_000);
            }
        }));
        let engine = Process::new(&machine, OP, None).engine(Path::new(HOME));
        drop((named("rotate").run)(&engine, &Server { machine: &machine, who: OP }));
        let facts = machine.inner().tape.take().unwrap_or_default().facts;
        (machine.world().accounts.presented, law::LAWS[3].judge(&Trace(facts)).is_ok())
    };
    assert_eq!(beside(None), (1, true));
    assert_eq!(beside(Some(Wrong::PidOverLock)), (2, false), "law 4, `no_replay`");
}
