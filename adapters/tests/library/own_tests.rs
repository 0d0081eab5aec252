//! What a program's own tests need: rows, a clock, stores and an issuer of their own, and nothing of the machine's.

use std::time::Duration;

use credlatch::memory::{FakeIssuer, MemoryHome};
use credlatch::system::{FakeClock, SystemClock};
use credlatch::{
    Answer, BadTable, ErrorKind, FlowState, Label, Latch, Profile, Provider, ProviderId, Revocation, Secret,
};

const CODEX: &str = "openai-codex";
const HOUR: Duration = Duration::from_secs(3600);

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn row(id: &str, host: &str) -> Provider {
    let mut row = Provider::named(ProviderId::new(id).unwrap());
    row.native_hosts = vec![host.to_owned()];
    row.base_urls.openai = Some(format!("https://{host}/v1"));
    row
}

#[test]
fn a_row_of_the_programs_own_is_known_in_memory_and_its_word_is_enough_there() {
    let builder = Latch::builder().provider(row("gateway", "gate.example")).provider(row("openai", "gate.example"));
    let latch = builder.in_memory(SystemClock).unwrap();
    for provider in ["gateway", "openai"] {
        latch.set(provider, secret("key-1")).unwrap();
        let mut headers = http::HeaderMap::new();
        latch.token(provider).unwrap().authorize_for("https://gate.example/v1/x", &mut headers).unwrap();
        assert!(headers["authorization"].is_sensitive());
    }
    assert!(latch.provider("anthropic").is_ok(), "the rows that ship stay known");
}

#[test]
fn a_table_brings_its_rows_and_what_breaks_its_rules_is_an_error_of_a_kind() {
    let table = credlatch::Table::new(vec![row("gateway", "gate.example")]).unwrap();
    let latch = Latch::builder().table(&table).in_memory(SystemClock).unwrap();
    assert!(latch.provider("gateway").is_ok() && latch.provider("openai").is_ok());
    let bad = Latch::builder().provider(row("gateway", "gate.example/path")).in_memory(SystemClock).unwrap_err();
    assert_eq!(bad.kind(), ErrorKind::Usage);
    let below = std::error::Error::source(&bad).unwrap();
    assert!(below.downcast_ref::<BadTable>().is_some(), "{below}");
}

#[cfg(all(feature = "file", unix))]
#[test]
fn a_row_of_the_programs_own_moves_nothing_on_disk_before_a_person_agreed() {
    let home = tempfile::tempdir().unwrap();
    let builder = || Latch::builder().home(home.path());
    builder().open().unwrap().set("openai", secret("sk-theirs")).unwrap();
    let latch = builder().provider(row("openai", "gate.example")).open().unwrap();
    for refused in [latch.current("openai").unwrap_err(), latch.set("openai", secret("sk-2")).unwrap_err()] {
        assert_eq!(refused.kind(), ErrorKind::Usage);
        assert!(refused.message().contains("this program") && refused.message().contains("gate.example"), "{refused}");
    }
    latch.accept_hosts("openai").unwrap();
    assert_eq!(latch.current("openai").unwrap().expose_secret(), "sk-theirs");
}

#[cfg(all(feature = "file", unix))]
#[test]
fn a_store_on_disk_is_opened_on_a_clock_and_an_issuer_of_a_tests_own() {
    let home = tempfile::tempdir().unwrap();
    let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
    let latch = Latch::builder().home(home.path()).clock(clock.clone()).issuer(issuer.clone()).open().unwrap();
    let _ = latch.set_tokens(CODEX, &Label::default(), issuer.signed_in()).unwrap();
    assert_eq!(latch.token(CODEX).unwrap().expires_at(), Some(clock.wall() + HOUR));
    clock.advance(HOUR);
    assert_eq!((latch.token(CODEX).unwrap().expose_secret(), issuer.refreshes()), ("access-2", 1));
    let program = Latch::builder().home(home.path()).clock(clock).exchange_process("credlatch");
    assert_eq!(program.open().unwrap_err().kind(), ErrorKind::Usage, "another process has another clock");
}

#[test]
fn two_latches_over_one_home_in_memory_are_as_two_processes_on_a_file() {
    let (home, issuer, clock) = (MemoryHome::new(), FakeIssuer::new(), FakeClock::default());
    let open = || Latch::builder().memory(&home).issuer(issuer.clone()).clock(clock.clone()).open().unwrap();
    let (one, other) = (open(), open());
    let _ = one.set_tokens(CODEX, &Label::default(), issuer.signed_in()).unwrap();
    clock.advance(HOUR);
    assert_eq!(one.token(CODEX).unwrap().expose_secret(), "access-2");
    let held = other.token(CODEX).unwrap();
    assert_eq!((held.expose_secret(), issuer.refreshes()), ("access-2", 1), "one exchange for both");

    let cleared = one.clear(CODEX).unwrap();
    assert!(!cleared.is_drained(), "the other latch holds it");
    assert_eq!(cleared.drain(Duration::ZERO).unwrap_err().kind(), ErrorKind::Busy);
    drop(held);
    cleared.drain(Duration::from_secs(60)).unwrap();
    assert_eq!((cleared.revoke(), issuer.revocations() > 0), (Revocation::Yes, true));
    assert_eq!(other.current(CODEX).unwrap_err().kind(), ErrorKind::NoCredential);
    assert!(Latch::in_memory().current(CODEX).is_err(), "one that shares nothing");
}

#[cfg(all(feature = "file", unix))]
#[test]
fn profiles_in_memory_are_apart_and_stay_though_they_are_closed() {
    let (home, clock) = (MemoryHome::new(), FakeClock::default());
    let profiles = Latch::builder().memory(&home).clock(clock.clone()).profiles().unwrap().keep_open(1);
    assert!(profiles.list().unwrap().is_empty());
    for name in ["bob", "alice"] {
        profiles.profile(name).unwrap().set("minimax", secret(&format!("mm-{name}"))).unwrap();
    }
    assert_eq!(profiles.count_open(), 1);
    for name in ["alice", "bob"] {
        assert_eq!(profiles.scope(name).current("minimax").unwrap().expose_secret(), format!("mm-{name}"));
    }
    assert_eq!(profiles.scope("carol").current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    let names: Vec<String> = profiles.list().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(profiles.profile("alice").unwrap().status().unwrap().at(), clock.wall());
    let alone = Latch::builder().memory(&home).profile(Profile::new("bob").unwrap()).open().unwrap();
    assert_eq!(alone.current("minimax").unwrap().expose_secret(), "mm-bob", "one home, however it is opened");
}

#[test]
fn the_fake_issuer_is_as_strict_as_a_real_one() {
    let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
    let latch = Latch::builder().issuer(issuer.clone()).patience(Duration::ZERO).in_memory(clock.clone()).unwrap();
    let stolen = issuer.signed_in();
    let _ = latch.set_tokens(CODEX, &Label::default(), stolen.clone()).unwrap();
    clock.advance(HOUR);
    assert_eq!(latch.token(CODEX).unwrap().expose_secret(), "access-2");
    // Somebody else presents the spent token: the whole login is taken back.
    let thief = Latch::builder().issuer(issuer.clone()).in_memory(clock.clone()).unwrap();
    let _ = thief.set_tokens(CODEX, &Label::default(), stolen).unwrap();
    assert_eq!(thief.rotate(CODEX, &Label::default()).unwrap_err().kind(), ErrorKind::SignIn);
    clock.advance(HOUR);
    assert_eq!(latch.token(CODEX).unwrap_err().kind(), ErrorKind::SignIn);

    let _ = latch.set_tokens(CODEX, &Label::default(), issuer.signed_in()).unwrap();
    clock.advance(HOUR);
    issuer.answer_next(Answer::NotConsumed { retry_after: Some(Duration::from_secs(90)) });
    let error = latch.token(CODEX).unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_at()),
        (ErrorKind::Unreachable, Some(clock.wall() + Duration::from_secs(90)))
    );
    clock.advance(Duration::from_secs(90));
    assert!(latch.token(CODEX).is_ok());
    assert!(!format!("{issuer:?}").contains("access-"));
}

#[test]
fn a_login_at_the_fake_issuer_ends_as_the_person_says() {
    for (is_approved, state) in [(true, FlowState::Succeeded), (false, FlowState::Failed("access_denied".to_owned()))] {
        let issuer = FakeIssuer::new();
        let latch = Latch::builder().issuer(issuer.clone()).in_memory(FakeClock::default()).unwrap();
        let say = if is_approved { FakeIssuer::approve } else { FakeIssuer::deny };
        say(&issuer);
        let flow = match latch.login(CODEX) {
            Ok(flow) => flow,
            // Whoever is denied before the call has returned is told so by it.
            Err(error) => {
                assert!(!is_approved && error.kind() == ErrorKind::SignIn, "{error}");
                assert!(error.to_string().contains("access_denied") && latch.token(CODEX).is_err(), "{error}");
                continue;
            }
        };
        assert!(format!("{flow:?}").contains(&flow.id()) && flow.is_started_here());
        assert_eq!(flow.clone().wait().is_ok(), is_approved);
        assert_eq!(flow.status().unwrap().state, state);
        assert_eq!(latch.token(CODEX).is_ok(), is_approved);
    }
}
