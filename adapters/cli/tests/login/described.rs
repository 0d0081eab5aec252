//! What an issuer says of an error in its own words: it is told until a try succeeds, made plain, cut, and never with a secret.

use std::io::Write;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::world::{World, read_request};

/// An issuer that refuses everything with this code; it says what this makes of the request.
fn refusing(code: &'static str, say: impl Fn(&str) -> String + Send + 'static) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&stream);
            let body = json!({"error": code, "error_description": say(&request)}).to_string();
            let head = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    World::with(|row| {
        let row = row.oauth.as_mut().unwrap();
        row.token_endpoint = Some(format!("http://127.0.0.1:{port}/token"));
        row.device_authorization_endpoint = Some(format!("http://127.0.0.1:{port}/device"));
    })
}

/// What a command printed, in one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_the_issuer_says_of_a_renewal_is_told_by_each_command_until_a_try_succeeds() {
    let world = refusing("invalid_client", |_| "The client was disabled in May.".to_owned());
    world.put("acme", 3600);
    let said = "answered HTTP 401 invalid_client, and says \"The client was disabled in May.\"";
    for args in [&["rotate", "acme"][..], &["rotate", "acme"], &["status"], &["doctor"]] {
        let told = world.say(args);
        assert!(line(&format!("{}{}", told.out, told.err)).contains(said), "{args:?}: {}{}", told.out, told.err);
    }
    let trouble = world.status()["providers"][0]["entries"][0]["trouble"].clone();
    assert!(trouble.as_str().unwrap().contains("disabled in May"), "{trouble}");
    world.put("acme", 3600);
    assert!(!world.say(&["status"]).out.contains("disabled"), "a new login has no trouble");
}

#[test]
fn what_the_issuer_says_is_made_plain_and_cut() {
    let world = refusing("invalid_client", |_| format!("a\u{1b}[2J\u{202e}b\n{}", "c".repeat(300)));
    world.put("acme", 3600);
    for args in [&["rotate", "acme"][..], &["status"], &["doctor"], &["status", "--json"], &["doctor", "--json"]] {
        let told = world.say(args);
        let told = format!("{}{}", told.out, told.err);
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{args:?}: {told}");
        assert!(
            !told.contains(&"c".repeat(200)) && line(&told).replace(' ', "").contains(&"c".repeat(60)),
            "{args:?}: {told}"
        );
    }
    let document: Value = serde_json::from_str(&std::fs::read_to_string(world.home.document()).unwrap()).unwrap();
    let answer = &document["profile"]["providers"]["acme"]["entries"][0]["health"]["turned_away"];
    assert_eq!(answer["description"].as_str().unwrap().chars().count(), 200, "{answer}");
}

#[test]
fn what_repeats_what_was_sent_is_neither_told_nor_kept() {
    let world = refusing("invalid_client", |request| format!("I was sent {request}"));
    world.put("acme", 3600);
    let told = world.say(&["rotate", "acme"]);
    told.failed(2, "invalid_client");
    assert!(!told.err.contains("says") && !told.err.contains("I was sent"), "{}", told.err);
    let document = std::fs::read_to_string(world.home.document()).unwrap();
    assert!(document.contains("turned_away") && !document.contains("I was sent"), "{document}");
}

#[test]
fn what_the_issuer_says_of_a_login_is_told() {
    let world = refusing("invalid_client", |_| "No such client \u{202e}here.".to_owned());
    let told = world.say(&["login", "acme"]);
    told.failed(2, "invalid_client");
    let said = line(&told.err);
    assert!(said.contains("(invalid_client), and says \"No such client \\u{202e}here.\""), "{said}");
    let world = refusing("invalid_client", |request| format!("I was sent {request}"));
    let told = world.say(&["login", "acme"]);
    assert!(!told.err.contains("says"), "{}", told.err);
}
