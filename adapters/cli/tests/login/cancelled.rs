//! Logins that are cancelled at each step: whatever the issuer still grants, nothing is stored.

use std::thread;
use std::time::Duration;

use credlatch::FlowState;

use crate::world::{HEEDING, LoggingIn, World, signal, under, until};

/// Whatever happens after the end of a cancelled login, nothing may be stored.
fn nothing_is_stored(world: &World) {
    world.say(&["token", "acme"]).failed(3, "acme");
    let flows = world.say(&["flows", "--json"]).json();
    assert_eq!(flows["flows"][0]["status"], "cancelled", "{flows}");
}

#[test]
fn ctrl_c_cancels_the_login_and_another_can_begin() {
    let world = World::new();
    let login = LoggingIn::new(under(&HEEDING, &world.command(&["login", "acme", "--json"])).spawn().unwrap());
    let (code, id) = (login.code().to_owned(), login.id().to_owned());
    signal("INT", &login.child);
    assert_eq!(login.end(), ("cancelled".to_owned(), 4));
    world.sandbox.approve(&code);
    nothing_is_stored(&world);
    let next = world.log_in();
    assert_eq!(next.first["event"], "started");
    assert_ne!(next.id(), id);
    world.sandbox.approve(next.code());
    assert_eq!(next.end(), ("succeeded".to_owned(), 0));
}

#[test]
fn report_3972_e_cancel_by_the_command_reaches_every_process() {
    let world = World::new();
    let all: Vec<_> = (0..4).map(|_| world.log_in()).collect();
    let cancelled = world.say(&["cancel", all[0].id(), "--json"]).json();
    assert_eq!(cancelled["status"], "cancelled");
    for one in all {
        assert_eq!(one.end(), ("cancelled".to_owned(), 4));
    }
    nothing_is_stored(&world);
}

#[test]
fn report_3972_e_cancel_before_there_is_a_code() {
    let world = silent();
    let login = under(&HEEDING, &world.command(&["login", "acme", "--json"])).spawn().unwrap();
    until("the login is reserved", || world.say(&["flows", "--json"]).out.contains("pending"));
    signal("INT", &login);
    let ended = login.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(4), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("\"cancelled\""));
    nothing_is_stored(&world);
}

/// A world whose issuer takes the request for a code and never answers.
pub(crate) fn silent() -> World {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let held: Vec<_> = listener.incoming().map_while(Result::ok).collect();
        drop(held);
    });
    World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        oauth.device_authorization_endpoint = Some(format!("http://127.0.0.1:{port}/device_authorization"));
    })
}

#[test]
fn report_3972_e_cancel_while_the_issuer_answers_a_poll_with_tokens() {
    let world = World::new();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(1500));
    let login = world.log_in();
    world.sandbox.approve(login.code());
    until("the issuer has granted", || world.sandbox.stats().logins == 1);
    let cancelled = world.say(&["cancel", login.id(), "--json"]).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(login.end(), ("cancelled".to_owned(), 4));
    nothing_is_stored(&world);
    // Nothing else is stored for this provider, so what came too late is revoked, by the process that polled.
    until("it is revoked", || world.sandbox.stats().revocations == 1);
}

#[test]
fn report_3972_e_cancel_after_success_changes_nothing() {
    let world = World::new();
    let login = world.log_in();
    let id = login.id().to_owned();
    world.sandbox.approve(login.code());
    assert_eq!(login.end(), ("succeeded".to_owned(), 0));
    assert_eq!(world.say(&["cancel", &id, "--json"]).json()["status"], "succeeded");
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
}

#[test]
fn report_3972_f_neither_expiry_nor_failure_overwrites_cancelled() {
    let world = World::new();
    let login = world.log_in();
    let code = login.code().to_owned();
    assert_eq!(world.say(&["cancel", login.id()]).status, 0);
    world.sandbox.deny(&code);
    world.sandbox.adjust(|settings| settings.code_lifetime = Duration::ZERO);
    assert_eq!(login.end(), ("cancelled".to_owned(), 4));
    thread::sleep(Duration::from_millis(100));
    nothing_is_stored(&world);
}

#[test]
fn a_refusal_is_told_as_a_failure() {
    let world = World::new();
    let login = world.log_in();
    world.sandbox.deny(login.code());
    assert_eq!(login.end(), ("failed".to_owned(), 4));
}

/// In this process: each of these logins is cancelled a little later than the one before, which sweeps every boundary
/// around the poll that brings its tokens.
#[test]
fn report_3972_e_success_and_cancel_never_both_win() {
    // The first poll comes after 3 s.
    let delays = (0..24).map(|step| Duration::from_millis(2_900 + step * 12));
    let ends: Vec<bool> = thread::scope(|scope| {
        let all: Vec<_> = delays.map(|after| scope.spawn(move || cancelled_after(after))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let cancelled = ends.iter().filter(|cancelled| **cancelled).count();
    println!("of {} logins cancelled around their success {cancelled} were cancelled in time", ends.len());
}

/// Whether the cancel won; either way the store agrees with the answer.
fn cancelled_after(delay: Duration) -> bool {
    let world = World::new();
    world.sandbox.adjust(|settings| settings.auto_approve = true);
    let latch = world.latch();
    let flow = latch.login("acme").unwrap();
    let (canceller, id) = (latch.clone(), flow.id());
    let cancel = thread::spawn(move || {
        thread::sleep(delay);
        canceller.cancel(&id).unwrap()
    });
    let waited = flow.wait();
    let told = cancel.join().unwrap();
    let is_stored = latch.current("acme").is_ok();
    let is_cancelled = flow.status().unwrap().state == FlowState::Cancelled;
    assert_eq!(told == FlowState::Cancelled, is_cancelled);
    assert_eq!((waited.is_ok(), is_stored), (!is_cancelled, !is_cancelled), "after {delay:?}");
    is_cancelled
}

#[test]
fn terminating_one_who_joined_leaves_the_login_to_the_others() {
    let world = World::new();
    let first = world.log_in();
    let second = LoggingIn::new(world.start(&["login", "acme", "--json"]));
    assert_eq!(second.first["event"], "joined");
    signal("TERM", &second.child);
    assert_eq!(second.end().1, -1, "it ended by the signal");
    world.sandbox.approve(first.code());
    assert_eq!(first.end(), ("succeeded".to_owned(), 0));
}
