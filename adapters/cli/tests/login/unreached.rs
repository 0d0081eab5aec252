//! What stands between here and an issuer: each has its own sentence, with the host and the variable, for whoever meets it and
//! whoever comes later, until a try succeeds.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use crate::helper::said;
use crate::world::{World, read_request};

const PROXY: &str = "HTTPS_PROXY";

/// An issuer at this address.
fn behind(endpoint: &str) -> World {
    World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        oauth.token_endpoint = Some(format!("{endpoint}/token"));
        oauth.device_authorization_endpoint = Some(format!("{endpoint}/device"));
    })
    .ended()
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A command to which the environment names this proxy, and these exceptions.
fn through(world: &World, args: &[&str], proxy: &str, exceptions: &str) -> Command {
    let mut command = world.command(args);
    for name in ["ALL_PROXY", "all_proxy", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    if !proxy.is_empty() {
        command.env(PROXY, proxy);
    }
    command.env("NO_PROXY", exceptions);
    command
}

/// Whoever needs a token, whoever comes later and whoever looks are told this.
#[track_caller]
fn is_told(world: &World, proxy: &str, ends: i32, told: &str) {
    world.put("acme", 0);
    let say = |args: &[&str]| said(&mut through(world, args, proxy, ""));
    for args in [&["token", "acme"][..], &["token", "acme"], &["rotate", "acme", "--now"], &["login", "acme"]] {
        let said = say(args);
        said.failed(ends, told);
        assert!(!said.err.contains("hush"), "{}", said.err);
    }
    assert!(line(&say(&["status"]).out).contains(told), "{}", say(&["status"]).out);
    let doctor = say(&["doctor"]);
    assert!(doctor.status == 1 && line(&doctor.out).contains(told), "{}", doctor.out);
    assert!(!doctor.out.contains("hush") && !std::fs::read_to_string(world.home.document()).unwrap().contains("hush"));
}

#[test]
fn a_host_without_an_address_and_one_that_takes_no_connection_are_told_apart() {
    is_told(&behind("https://issuer.invalid"), "", 7, "no address was found for issuer.invalid");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    is_told(&behind(&format!("http://127.0.0.1:{port}")), "", 7, "127.0.0.1 takes no connection");
}

#[test]
fn a_proxy_in_the_way_is_told_with_the_variable_that_names_it() {
    let world = behind("https://issuer.invalid");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let told = format!("the proxy 127.0.0.1:{port}, which HTTPS_PROXY names, takes no connection");
    is_told(&world, &format!("http://hush:hush@127.0.0.1:{port}"), 7, &told);
    let told = "no address was found for the proxy proxy.invalid:3128, which HTTPS_PROXY names";
    is_told(&world, "http://hush:hush@proxy.invalid:3128", 7, told);

    for (answer, ends, told) in [
        ("407 Proxy Authentication Required", 2, "wants a user name and a password, or other ones"),
        ("403 Forbidden", 7, "made no connection to the issuer"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                read_request(&stream);
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            }
        });
        let told = format!("the proxy 127.0.0.1:{port}, which HTTPS_PROXY names, {told}");
        is_told(&world, &format!("http://127.0.0.1:{port}"), ends, &told);
    }
}

#[test]
fn a_host_that_no_proxy_names_is_not_asked_of_the_proxy() {
    let world = behind("https://auth.issuer.invalid:8443");
    let at_host = "no address was found for auth.issuer.invalid";
    for (exceptions, told) in [
        ("issuer.invalid", at_host),
        ("a.example, .issuer.invalid", at_host),
        ("issuer.invalid:8443", at_host),
        ("issuer.invalid:443", "the proxy 127.0.0.1:1, which HTTPS_PROXY names, takes no connection"),
        ("", "the proxy 127.0.0.1:1, which HTTPS_PROXY names, takes no connection"),
    ] {
        let rotated = said(&mut through(&world, &["rotate", "acme", "--now"], "http://127.0.0.1:1", exceptions));
        rotated.failed(7, told);
    }
}

#[test]
fn what_was_in_the_way_is_forgotten_when_a_try_succeeds() {
    let world = World::new().ended();
    let right = world.sandbox.url().to_owned();
    let row = world.home.folder().join("providers.json");
    let good = std::fs::read_to_string(&row).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let document = || std::fs::read_to_string(world.home.document()).unwrap();
    // Another port of the same host would be another origin, so the server itself is out of reach.
    std::fs::write(&row, good.replace(&right, &format!("http://127.0.0.1:{port}"))).unwrap();
    world.put("acme", 0);
    world.say(&["token", "acme"]).failed(7, "127.0.0.1 takes no connection");
    assert!(document().contains("unreached"), "{}", document());
    std::fs::write(&row, good).unwrap();
    world.put("acme", 0);
    assert_eq!(world.say(&["token", "acme"]).status, 0);
    assert!(!document().contains("unreached"), "{}", document());
}
