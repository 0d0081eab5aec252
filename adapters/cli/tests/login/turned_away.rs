//! An issuer that answers and turns the request away: what it answered is told, by whoever hears it and whoever comes later.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use credlatch_sandbox::Fault;

use crate::world::{World, read_request};

/// What a command printed, in one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A login that lasts, whose issuer turns everybody away with this; every command says so, and what helps.
#[track_caller]
fn is_told(world: &World, status: i32, answer: &str, helps: &str) {
    let check = |what: &str, told: &str| {
        for word in [answer, helps, "`credlatch rotate acme --now`"] {
            assert!(told.contains(word), "{what}: {word:?} is not in: {told}");
        }
        for wrong in ["could not be reached", "try again later", "look whether its issuer"] {
            assert!(!told.contains(wrong), "{what}: {told}");
        }
    };
    world.put("acme", 3600);
    let stored = world.home.document();
    for what in ["the first", "whoever comes later"] {
        let said = world.say(&["rotate", "acme"]);
        said.failed(status, answer);
        check(what, &line(&said.err));
    }
    let doctor = world.say(&["doctor"]);
    assert_eq!(doctor.status, 1, "{}", doctor.out);
    check("doctor", &line(&doctor.out));
    let shown = world.say(&["status"]).out;
    assert!(
        line(&shown).contains("The acme entry default could not be rotated: ") && line(&shown).contains(answer),
        "{shown}"
    );
    assert!(world.status()["providers"][0]["entries"][0]["trouble"].as_str().unwrap().contains(answer));
    let document = std::fs::read_to_string(&stored).unwrap();
    assert!(document.contains("turned_away") && document.contains("settled"), "nothing is consumed: {document}");
    assert_eq!(world.say(&["token", "acme"]).status, 0, "it is good while it lasts");
    world.put("acme", 0);
    for _ in 0..2 {
        let said = world.say(&["token", "acme"]);
        said.failed(status, answer);
        check("token", &line(&said.err));
    }
}

#[test]
fn a_refusal_that_no_wait_mends_is_told_with_its_status_and_code_and_what_helps() {
    for (status, code, ends, helps) in [
        (400, "invalid_client", 2, "look at `client_id` in"),
        (401, "invalid_client", 2, "look at `client_id` in"),
        (400, "unauthorized_client", 2, "look at `client_id` in"),
        (400, "invalid_request", 2, "look at `token_endpoint` in"),
        (400, "unsupported_grant_type", 2, "look at `token_endpoint` in"),
        (403, "access_denied", 7, "look at `client_id` and `token_endpoint` in"),
    ] {
        let world = World::new();
        world.sandbox.adjust(|settings| settings.fault = Some(Fault::Refuse(status, code.to_owned())));
        is_told(&world, ends, &format!("{} answered HTTP {status} {code}", world.sandbox.url()), helps);
        // Once it is mended nothing is left of it.
        world.sandbox.adjust(|settings| settings.fault = None);
        let rotated = world.say(&["rotate", "acme", "--now"]);
        assert_eq!(rotated.status, 0, "{}", rotated.err);
        let doctor = world.say(&["doctor"]);
        assert!(doctor.status == 0 && !doctor.out.contains("answered"), "{}", doctor.out);
    }
}

#[test]
fn doctor_goes_on_telling_what_no_wait_mends_when_the_next_try_may_be_made() {
    for (answer, is_told) in [(Fault::Refuse(400, "invalid_client".to_owned()), true), (Fault::Busy(600), false)] {
        let world = World::new();
        world.put("acme", 3600);
        world.sandbox.adjust(|settings| settings.fault = Some(answer));
        assert_eq!(world.say(&["rotate", "acme"]).status, if is_told { 2 } else { 7 });
        let text = std::fs::read_to_string(world.home.document()).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["profile"]["providers"]["acme"]["entries"][0]["health"]["retry_at"]["after_ms"] = 0.into();
        std::fs::write(world.home.document(), document.to_string()).unwrap();
        let doctor = world.say(&["doctor"]);
        assert_eq!(doctor.status, i32::from(is_told), "{}", doctor.out);
        let told = line(&doctor.out);
        let ready = "answered HTTP 400 invalid_client; the next try is made when it is needed";
        assert_eq!(told.contains(ready), is_told, "{told}");
        assert!(!is_told || told.contains("client_id"), "{told}");
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_told() {
    let world = World::with(|row| {
        let endpoint = row.oauth.as_mut().unwrap().token_endpoint.as_mut().unwrap();
        endpoint.push_str("/nowhere");
    });
    is_told(&world, 2, "answered HTTP 404", "look at `token_endpoint` in");
}

#[test]
fn a_page_that_does_not_speak_oauth_is_told_as_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(|stream| challenge(&stream.unwrap())));
    let world = World::with(|row| {
        row.oauth.as_mut().unwrap().token_endpoint = Some(format!("http://127.0.0.1:{port}/token"));
    });
    is_told(&world, 7, &format!("http://127.0.0.1:{port} answered HTTP 403"), "try from another network");
}

/// Answers a request with a page for people.
fn challenge(mut stream: &TcpStream) {
    read_request(stream);
    let page = "<!doctype html><title>Just a moment</title>";
    let answer = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len());
    stream.write_all(answer.as_bytes()).unwrap();
}

#[test]
fn a_login_that_no_second_try_mends_says_what_does() {
    let stranger = World::with(|row| row.oauth.as_mut().unwrap().client_id = Some("somebody-else".to_owned()));
    let moved = World::with(|row| {
        row.oauth.as_mut().unwrap().device_authorization_endpoint.as_mut().unwrap().push_str("/nowhere");
    });
    for (world, code, helps) in
        [(stranger, "invalid_client", "look at `client_id` in"), (moved, "http_404", "look at the endpoints")]
    {
        let said = world.say(&["login", "acme"]);
        said.failed(2, code);
        assert!(said.err.contains(helps), "{}", said.err);
    }
}

#[test]
fn an_issuer_that_wants_to_be_left_alone_says_until_when_at_once() {
    let day = std::time::Duration::from_secs(86_400);
    let date = || {
        let at = std::time::SystemTime::now() + day;
        let ms = at.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        credlatch::rfc3339_ms(u64::try_from(ms).unwrap())[..10].to_owned()
    };
    let world = World::new();
    world.put("acme", 3600);
    world.sandbox.adjust(|settings| settings.fault = Some(Fault::Busy(86_400)));
    let before = date();
    let first = world.say(&["rotate", "acme"]);
    first.failed(7, "asked to be left alone (HTTP 503)");
    let second = world.say(&["rotate", "acme"]);
    second.failed(7, "asked to be left alone (HTTP 503)");
    let doctor = world.say(&["doctor"]);
    let dates = [before, date()];
    for said in [&first.err, &second.err, &doctor.out].map(|text| line(text)) {
        assert!(dates.iter().any(|date| said.contains(&format!("at {date}T"))), "{dates:?}: {said}");
        assert!(said.contains("`credlatch rotate acme --now`"), "{said}");
    }
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn the_command_that_is_named_is_of_the_entry_that_was_meant() {
    let world = World::new();
    let (access, refresh) = world.sandbox.grant();
    let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600}}"#);
    crate::world::fed(world.command(&["set", "acme", "--kind", "oauth", "--label", "at work"]), &login);
    world.sandbox.adjust(|settings| settings.fault = Some(Fault::Busy(86_400)));
    let said = world.say(&["rotate", "acme", "--label", "at work"]);
    said.failed(7, "`credlatch rotate acme --label 'at work' --now`");
}

#[test]
fn an_issuer_that_wants_a_person_is_no_reason_to_wait() {
    for code in ["interaction_required", "consent_required", "login_required"] {
        let world = World::new().ended();
        world.sandbox.adjust(|settings| settings.fault = Some(Fault::Refuse(400, code.to_owned())));
        for args in [&["token", "acme"][..], &["rotate", "acme"]] {
            let said = world.say(args);
            said.failed(4, &format!("wants a person to sign in (HTTP 400 {code})"));
            assert!(said.err.contains("`credlatch login acme`") && !said.err.contains("next try"), "{}", said.err);
        }
        let doctor = world.say(&["doctor"]);
        assert!(doctor.status == 1 && line(&doctor.out).contains(code), "{}", doctor.out);
    }
}
