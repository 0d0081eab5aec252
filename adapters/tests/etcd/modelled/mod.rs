//! The store over the model: the contract, and what readers get while nobody answers or nothing is told.

mod counts;
mod moments;
mod ordered;
mod plays;
mod wrong;

use std::sync::Arc;
use std::time::Duration;

use credlatch::conformance::{Clause, Suite};
use credlatch::etcd::Etcd;
use credlatch::etcd::port::Cluster;
use credlatch::store::{ActId, ByteStore, Commit, CommitId, SecretBytes, StoreErrorKind, StoreHome};
use credlatch::{Latch, Profile, Secret};

use crate::machine::notices;
use crate::model::{Fate, Member, Model};
use wrong::{Wrong, WrongCluster};

/// Names that no other model of this process has.
fn fresh(what: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("the model {what} {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn home(cluster: Arc<dyn Cluster>, folder: &std::path::Path) -> Arc<dyn StoreHome> {
    let home = Etcd::modelled(cluster, "model").at_home(folder).unwrap().of_any_commits();
    Arc::new(home)
}

fn right(member: Member) -> Arc<dyn Cluster> {
    Arc::new(member)
}

#[test]
fn a_store_over_the_model_keeps_the_contract_and_settles_what_nobody_knows() {
    let (model, folder) = (Model::new(&fresh("of the contract")), tempfile::tempdir().unwrap());
    let fates = [Fate::AnswerLost, Fate::Lost, Fate::Late, Fate::Refused];
    let next = std::sync::atomic::AtomicUsize::new(0);
    let suite = Suite::new(|| home(Arc::new(Member(Arc::clone(&model), "one".to_owned())), folder.path()))
        .failing(|_| {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            model.next(fates[at % fates.len()]);
        })
        // What was read before may be read again while nobody answers, and that is said: another test looks at it.
        .without(Clause::Troubles);
    let report = suite.run();
    let not_asked =
        [Clause::ReservationHolds, Clause::Troubles, Clause::CopyIsTold, Clause::Processes, Clause::EndsWithProcess];
    assert!(report.is_kept(), "{report}");
    assert_eq!(report.not_asked(), not_asked, "{report}");
}

#[test]
fn while_nobody_answers_what_was_stored_is_read_on_and_nothing_is_never_said() {
    let (model, folder) = (Model::new(&fresh("that is away")), tempfile::tempdir().unwrap());
    let home = home(Arc::new(Member(Arc::clone(&model), "one".to_owned())), folder.path());
    let (stored, empty) = (Profile::new("stored").unwrap(), Profile::new("empty").unwrap());
    let (stored, empty) = (home.store(&stored).unwrap(), home.store(&empty).unwrap());
    let (id, document) = (CommitId::new(2).unwrap(), SecretBytes::from(b"one".to_vec()));
    stored.lock(Duration::ZERO).unwrap().commit(&Commit::new(None, id, &document)).unwrap();
    assert_eq!(empty.read().unwrap(), None);
    model.away(true);
    assert_eq!(stored.read().unwrap().map(|stored| stored.id), Some(id));
    assert_eq!(empty.read().unwrap_err().kind, StoreErrorKind::Unreachable);
    for store in [&stored, &empty] {
        let locked = store.lock(Duration::ZERO).and_then(|mut locked| locked.read());
        assert_eq!(locked.unwrap_err().kind, StoreErrorKind::Unreachable);
        assert_eq!(store.begin_act(ActId(1), 1).err().unwrap().kind, StoreErrorKind::Unreachable);
        assert!(store.act(ActId(2)).is_err(), "nobody is taken for dead");
    }
    model.away(false);
    assert_eq!(stored.lock(Duration::ZERO).unwrap().read().unwrap().map(|stored| stored.id), Some(id));
}

#[test]
fn a_watch_that_tells_nothing_costs_two_seconds_and_one_that_lives_costs_none() {
    let (model, folder) = (Model::new(&fresh("of watches")), tempfile::tempdir().unwrap());
    let at = |name: &str| Member(Arc::clone(&model), name.to_owned());
    let open = |cluster: Arc<dyn Cluster>, name: &str| {
        home(cluster, &folder.path().join(name)).store(&Profile::default()).unwrap()
    };
    let (writer, reader, deaf) = (
        open(Arc::new(at("one")), "one"),
        open(Arc::new(at("two")), "two"),
        open(Arc::new(WrongCluster::new(at("deaf"), Wrong::WatchesNothing)), "deaf"),
    );
    let commit = |replaces: Option<u64>, id: u64| {
        let (document, replaces) = (SecretBytes::from(id.to_string().into_bytes()), replaces.and_then(CommitId::new));
        writer
            .lock(Duration::ZERO)
            .unwrap()
            .commit(&Commit::new(replaces, CommitId::new(id).unwrap(), &document))
            .unwrap();
    };
    // As the engine does: what the word doesn't say is read.
    let sees = |store: &Arc<dyn ByteStore>| match store.current_commit().unwrap() {
        Some(id) => id.get(),
        None => store.read().unwrap().unwrap().id.get(),
    };
    commit(None, 2);
    assert_eq!((sees(&reader), sees(&deaf)), (2, 2));
    // Each begins to watch with its second look.
    assert_eq!((sees(&reader), sees(&deaf)), (2, 2));
    commit(Some(2), 4);
    let began = std::time::Instant::now();
    while sees(&reader) != 4 {
        assert!(began.elapsed() < Duration::from_millis(1500), "a watch that lives tells nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    while sees(&deaf) != 4 {
        assert!(began.elapsed() < Duration::from_millis(3500), "nobody looks once more");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn whoever_reads_on_follows_a_cluster_that_was_rolled_back() {
    let (model, folder) = (Model::new(&fresh("that is rolled back")), tempfile::tempdir().unwrap());
    let at = |name: &str| home(Arc::new(Member(Arc::clone(&model), name.to_owned())), &folder.path().join(name));
    let [writer, reader] = ["one", "two"].map(|name| at(name).store(&Profile::default()).unwrap());
    let mut replaces = None;
    for id in [2, 4] {
        let document = SecretBytes::from(id.to_string().into_bytes());
        let id = CommitId::new(id).unwrap();
        writer.lock(Duration::ZERO).unwrap().commit(&Commit::new(replaces, id, &document)).unwrap();
        replaces = Some(id);
    }
    let sees = |store: &Arc<dyn ByteStore>| match store.current_commit().unwrap() {
        Some(id) => id.get(),
        None => store.read().unwrap().unwrap().id.get(),
    };
    assert_eq!((sees(&writer), sees(&reader)), (4, 4));
    let first = model.history("model/profiles/default")[0].modified;
    model.roll_back(first);
    for store in [&writer, &reader] {
        let began = std::time::Instant::now();
        while sees(store) != 2 {
            assert!(began.elapsed() < Duration::from_millis(3500), "what is gone is read on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let document = SecretBytes::from(b"6".to_vec());
    let mut locked = writer.lock(Duration::ZERO).unwrap();
    locked.commit(&Commit::new(CommitId::new(2), CommitId::new(6).unwrap(), &document)).unwrap();
}

#[test]
fn whoever_made_the_key_is_told_where_it_is_though_nobody_knows_yet_whether_anything_is_sealed_with_it() {
    let (model, folder) = (Model::new(&fresh("of a first commit")), tempfile::tempdir().unwrap());
    let etcd = Etcd::modelled(right(Member(Arc::clone(&model), "one".to_owned())), "model");
    let builder = Latch::builder().home(folder.path()).etcd(etcd).look_ahead(false).claims("").fingerprint_key("");
    let latch = builder.seal_keys("").open().unwrap();
    let set = || latch.set("minimax", Secret::try_from("mm-1").unwrap());
    let name = Member(Arc::clone(&model), String::new()).name();
    let said = || -> Vec<String> { notices(&name).into_iter().map(|notice| notice.what).collect() };
    // The key is reserved, and made for that.
    model.next(Fate::AnswerLost);
    set().unwrap_err();
    assert_eq!(said(), [""; 0]);
    model.next(Fate::AnswerLost);
    model.next(Fate::Refused);
    set().unwrap_err();
    let [may_be] = &said()[..] else { panic!("nothing is said") };
    assert!(may_be.contains("may be sealed with a new key") && may_be.contains("seal.key"), "{may_be}");
    set().unwrap();
    let [is] = &said()[..] else { panic!("nothing is said") };
    assert!(is.contains("is sealed with a new key") && is.contains("seal.key"), "{is}");
    set().unwrap();
    assert_eq!(said(), [""; 0]);
}
