//! What an issuer says reaches a terminal escaped, or not at all.

use std::io::{BufRead, BufReader};

use serde_json::json;

use crate::helper::Said;
use crate::server::{Reply, Server};
use crate::world::World;

const UNSEEN: &str = "\u{202e}\u{200b}\u{2066}\u{feff}\u{2028}\u{e0041}\u{9b}";

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| c != '\n' && (c.is_control() || UNSEEN.contains(c)))
}

/// An issuer that answers a device authorization request so, and every poll with an error.
fn issuer(user_code: &str, page: &str) -> (Server, World) {
    let device = json!({"device_code": "dc-1", "user_code": user_code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?c"), "expires_in": 600, "interval": 1});
    let said = format!("denied\u{1b}[2J{UNSEEN}\r\nrm -rf");
    let refused = json!({"error": format!("access_denied{UNSEEN}"), "error_description": said, "error_uri": said});
    let server = Server::start(move |asked| {
        Reply::ok(if asked.path == "/device" { device.to_string() } else { refused.to_string() })
    });
    let endpoint = |path: &str| Some(format!("http://{}/{path}", server.place()));
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        (oauth.token_endpoint, oauth.device_authorization_endpoint) = (endpoint("token"), endpoint("device"));
    });
    (server, world)
}

#[test]
fn a_page_that_an_issuer_names_is_shown_escaped() {
    let page = "http://127.0.0.1/device/\u{202e}\u{200b}\u{2066}\u{feff}\u{e0041}";
    let (_server, world) = issuer("BCDF-GHJK", page);
    let login = Said::from(world.start(&["login", "acme"]).wait_with_output().unwrap());
    assert!(is_harmless(&login.out) && is_harmless(&login.err), "{:?}{:?}", login.out, login.err);
    assert!(login.out.contains(r"/device/\u{202e}\u{200b}\u{2066}\u{feff}\u{e0041}"), "{}", login.out);
    assert_ne!(login.status, 0);

    let (_server, world) = issuer("BCDF-GHJK", page);
    let login = Said::from(world.start(&["login", "acme", "--json"]).wait_with_output().unwrap());
    assert!(is_harmless(&login.out) && is_harmless(&login.err), "{:?}{:?}", login.out, login.err);
    let first: serde_json::Value = serde_json::from_str(login.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["verification_uri"], page);
}

#[test]
fn a_watcher_reads_the_page_of_an_issuer_in_plain_json() {
    let page = "http://127.0.0.1/device/\u{202e}\u{e0041}";
    let (_server, world) = issuer("BCDF-GHJK", page);
    let mut watcher = world.start(&["watch", "--from", "0"]);
    world.say(&["login", "acme"]);
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let told = lines.find(|line| line.contains("/device/"));
    watcher.kill().unwrap();
    watcher.wait().unwrap();
    let told = told.unwrap();
    assert!(is_harmless(&told), "{told:?}");
    let status: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(status["providers"][0]["flow"]["verification_uri"], page, "{told}");
}

#[test]
fn a_code_and_an_error_that_are_no_text_for_people_are_not_shown() {
    for code in ["\u{1b}[2JBCDF", "BC\u{202e}DF", "BC\nDF", "BC\u{9b}DF"] {
        let (_server, world) = issuer(code, "http://127.0.0.1/device");
        let login = Said::from(world.start(&["login", "acme"]).wait_with_output().unwrap());
        assert!(is_harmless(&login.out) && is_harmless(&login.err), "{:?}{:?}", login.out, login.err);
        assert!(!login.out.contains("DF") && login.status != 0, "{}{}", login.out, login.err);
    }
    let (_server, world) = issuer("BCDF-GHJK", "http://127.0.0.1/device");
    world.put("acme", 0);
    for said in [world.say(&["rotate", "acme"]), world.say(&["doctor"])] {
        assert!(is_harmless(&said.out) && is_harmless(&said.err), "{:?}{:?}", said.out, said.err);
        assert!(!said.out.contains("rm -rf") && !said.err.contains("rm -rf"), "{}{}", said.out, said.err);
    }
    // What it says of the error is told in one line, with all that shows nothing as its number.
    let login = world.say(&["login", "acme"]);
    assert!(is_harmless(&login.out) && is_harmless(&login.err), "{:?}{:?}", login.out, login.err);
    assert!(login.err.contains(r"\u{1b}[2J\u{202e}") && login.err.contains(r"\u{a}rm -rf"), "{}", login.err);
}
