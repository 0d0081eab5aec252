//! The whole library over a store from outside: logins, renewals, clears, copies, profiles.

use std::time::Duration;

use credlatch::memory::FakeIssuer;
use credlatch::store::StoreErrorKind;
use credlatch::system::FakeClock;
use credlatch::{Builder, ErrorKind, Label, Latch, Outcome, Profile, Revocation, Secret};

use crate::sample::Sample;

const CODEX: &str = "openai-codex";
const HOUR: Duration = Duration::from_secs(3600);

/// A home of stores from outside, with an issuer and a clock of the test's own.
#[derive(Default)]
struct World {
    stores: Sample,
    issuer: FakeIssuer,
    clock: FakeClock,
}

impl World {
    fn builder(&self) -> Builder {
        Latch::builder().stores(self.stores.clone()).issuer(self.issuer.clone()).clock(self.clock.clone())
    }

    /// A latch of the default profile, as another process would open one.
    fn open(&self) -> Latch {
        self.builder().open().unwrap()
    }

    fn sign_in(&self, latch: &Latch) {
        let _ = latch.set_tokens(CODEX, &Label::default(), self.issuer.signed_in()).unwrap();
    }
}

#[test]
fn a_login_is_renewed_once_for_all_and_cleared_for_all() {
    let world = World::default();
    let (one, other) = (world.open(), world.open());
    world.sign_in(&one);
    world.clock.advance(HOUR);
    assert_eq!(one.token(CODEX).unwrap().expose_secret(), "access-2");
    let held = other.token(CODEX).unwrap();
    assert_eq!((held.expose_secret(), world.issuer.refreshes()), ("access-2", 1), "one exchange for both");
    let refused = Outcome::from_http(401, &http::HeaderMap::new(), b"");
    let _ = other.report(&held, &refused).unwrap();
    assert_eq!(world.issuer.refreshes(), 2, "a refusal is a reason to renew");

    let cleared = one.clear(CODEX).unwrap();
    drop(held);
    cleared.drain(Duration::from_secs(60)).unwrap();
    assert_eq!(cleared.revoke(), Revocation::Yes);
    assert_eq!(other.current(CODEX).unwrap_err().kind(), ErrorKind::NoCredential);
}

#[test]
fn a_person_signs_in() {
    let world = World::default();
    world.issuer.approve();
    let latch = world.open();
    latch.login(CODEX).unwrap().wait().unwrap();
    assert!(world.open().token(CODEX).is_ok());
}

#[test]
fn a_full_store_asks_no_issuer_and_one_that_cannot_be_reached_is_told() {
    let world = World::default();
    let (latch, profile) = (world.open(), Profile::default());
    world.sign_in(&latch);
    world.clock.advance(HOUR);
    world.stores.fill(&profile, true);
    assert!(latch.token(CODEX).is_err());
    assert_eq!(world.issuer.refreshes(), 0, "tokens that can't be saved are not asked for");
    world.stores.fill(&profile, false);
    assert_eq!(latch.token(CODEX).unwrap().expose_secret(), "access-2");
    world.stores.trouble(&profile, Some(StoreErrorKind::Unreachable));
    assert_eq!(latch.current(CODEX).unwrap_err().kind(), ErrorKind::Unreachable);
}

#[test]
fn a_state_that_makes_no_sense_is_refused_by_the_name_of_its_store_and_stays() {
    let (world, profile) = (World::default(), Profile::default());
    world.sign_in(&world.open());
    world.stores.edit(&profile, |text| text.replace("\"last_version\": 1,", "\"last_version\": 0,"));
    let latch = world.open();
    let (read, written) = (latch.current(CODEX).unwrap_err(), latch.clear(CODEX).unwrap_err());
    for error in [read, written] {
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.to_string().contains("the sample 0x"), "{error}");
        assert!(error.to_string().contains("was never given"), "{error}");
    }
}

#[test]
fn a_copy_presents_nothing_until_a_person_adopts_it() {
    let world = World::default();
    world.sign_in(&world.open());
    world.stores.make_copy(&Profile::default());
    world.clock.advance(HOUR);
    let latch = world.open();
    assert!(latch.token(CODEX).is_err());
    assert_eq!(world.issuer.refreshes(), 0);
    world.builder().adopt_copy().unwrap();
    assert_eq!((latch.token(CODEX).unwrap().expose_secret(), world.issuer.refreshes()), ("access-2", 1));
}

#[cfg(all(feature = "file", unix))]
#[test]
fn profiles_are_apart() {
    let world = World::default();
    let profiles = world.builder().profiles().unwrap();
    for name in ["alice", "bob"] {
        let key = Secret::try_from(format!("mm-{name}")).unwrap();
        profiles.profile(name).unwrap().set("minimax", key).unwrap();
    }
    assert_eq!(profiles.scope("alice").current("minimax").unwrap().expose_secret(), "mm-alice");
    let names: Vec<String> = profiles.list().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["alice", "bob"]);
}

/// A store of a program's own is sealed if the program has a key: the store sees no secret, in a document or an answer.
#[cfg(all(feature = "seal", unix))]
#[test]
fn a_store_of_a_programs_own_is_sealed_with_the_key_it_is_given() {
    use credlatch::SealKeySource;

    let world = World::default();
    let key = |digits: &str| SealKeySource::Command(format!("echo {}", digits.repeat(32)));
    let open = |builder: Builder| builder.seal_keys("").open().unwrap();
    let sealed = open(world.builder().seal_key(key("5a")));
    world.sign_in(&sealed);
    world.clock.advance(HOUR);
    assert_eq!(sealed.token(CODEX).unwrap().expose_secret(), "access-2");
    world.stores.edit(&Profile::default(), |document| {
        assert!(document.starts_with(r#"{"version":3"#) && !document.contains("access-"), "{document}");
        document.to_owned()
    });
    for builder in [world.builder(), world.builder().seal_key(key("00"))] {
        let latch = open(builder);
        assert_eq!(latch.current(CODEX).unwrap_err().kind(), ErrorKind::Sealed);
        assert_eq!(latch.set("minimax", Secret::try_from("mm-1").unwrap()).unwrap_err().kind(), ErrorKind::Sealed);
    }
    assert_eq!(open(world.builder().seal_key(key("5a"))).current(CODEX).unwrap().expose_secret(), "access-2");
    // In the place of another profile's it is refused.
    world.stores.edit(&Profile::default(), |document| document.replace("\"default\"", "\"other\""));
    assert_eq!(open(world.builder().seal_key(key("5a"))).current(CODEX).unwrap_err().kind(), ErrorKind::Unreadable);
}
