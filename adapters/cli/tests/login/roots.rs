//! An issuer whose certificate comes from an authority of one's own, as behind a company's proxy.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use rcgen::{CertificateParams, date_time_ymd};

use crate::helper::{Said, said};
use crate::server::{Asked, Reply, Server};
use crate::world::World;

const GRANT: &str = r#"{"access_token":"at-2","refresh_token":"rt-2","token_type":"Bearer","expires_in":3600}"#;

/// A login whose token has ended, at an issuer that speaks TLS and grants everything.
fn behind(server: &Server) -> World {
    let endpoint = format!("https://{}/token", server.place());
    World::with(|row| row.oauth.as_mut().unwrap().token_endpoint = Some(endpoint)).ended()
}

fn believing(world: &World, name: &str, what: &Path) -> Command {
    let mut command = world.command(&["token", "acme"]);
    command.env(name, what);
    command
}

/// What is the case, and the remedy.
fn told(refused: &Said, what: &str) {
    refused.failed(7, what);
    let (err, words) = (refused.err.replace('\n', " "), ["SSL_CERT_FILE", "this machine's certificates"]);
    assert!(words.iter().all(|word| err.contains(word)), "{err}");
}

#[test]
fn a_login_and_a_rotation_say_that_the_certificate_is_not_trusted() {
    let server = Server::start_tls(|_| Reply::ok(GRANT));
    let endpoint = |path: &str| Some(format!("https://{}/{path}", server.place()));
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        (oauth.token_endpoint, oauth.device_authorization_endpoint) = (endpoint("token"), endpoint("device"));
    })
    .ended();
    told(&said(&mut world.command(&["rotate", "acme"])), "is not trusted here");
    told(&said(&mut world.command(&["login", "acme"])), "is not trusted here");
    assert!(server.asked().is_empty());
}

#[test]
fn an_issuer_with_a_company_certificate_is_believed_where_its_authority_is_named() {
    let server = Server::start_tls(|_| Reply::ok(GRANT));
    let (world, authority) = (behind(&server), tempfile::tempdir().unwrap());
    let file = authority.path().join("company.pem");
    std::fs::write(&file, server.authority.as_deref().unwrap()).unwrap();

    let missing = authority.path().join("missing.pem");
    for mut command in [world.command(&["token", "acme"]), believing(&world, "SSL_CERT_FILE", &missing)] {
        for _ in 0..2 {
            let refused = said(&mut command);
            refused.failed(7, "acme");
            told(&refused, "the certificate of 127.0.0.1 is not trusted here, and nothing was sent to it");
        }
        let looked_over = said(&mut world.command(&["doctor"]));
        let told = looked_over.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("the certificate of 127.0.0.1 is not trusted here"), "{told}");
        assert!(server.asked().is_empty(), "nothing is sent to whom nobody vouches for");
        assert_eq!(world.health(), "ok", "and the refresh token is as good as before");
        // Put in anew: otherwise the next try would wait for its time.
        world.put("acme", 0);
    }
    let granted = said(&mut believing(&world, "SSL_CERT_FILE", &file));
    assert_eq!((granted.status, granted.out.as_str()), (0, "at-2\n"), "{}", granted.err);
    assert_eq!(server.asked().len(), 1);
}

/// A server that knows no TLS: it answers whatever comes as a web server answers nonsense.
fn plain() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    place
}

/// Checks what is said of an issuer at this place, and that it is kept with the entry.
fn told_of(place: &str, authority: &str, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let endpoint = |path: &str| Some(format!("https://{place}/{path}"));
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        (oauth.token_endpoint, oauth.device_authorization_endpoint) = (endpoint("token"), endpoint("device"));
    })
    .ended();
    for args in [&["token", "acme"][..], &["rotate", "acme", "--now"], &["login", "acme"]] {
        let refused = said(world.command(args).env("SSL_CERT_FILE", &file));
        refused.failed(7, what);
        assert!(refused.err.contains("127.0.0.1"), "{}", refused.err);
    }
    let status = world.say(&["status"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status.contains(what), "it is kept and shown: {status}");
}

#[test]
fn a_certificate_of_another_time_or_host_and_a_server_without_tls_are_told_apart() {
    let past = |about: &mut CertificateParams| about.not_after = date_time_ymd(2001, 1, 1);
    let future = |about: &mut CertificateParams| about.not_before = date_time_ymd(4000, 1, 1);
    let granting = |_: &Asked| Reply::ok(GRANT);
    for (server, what) in [
        (Server::start_tls_as("127.0.0.1", past, granting), "has ended, or is not valid yet"),
        (Server::start_tls_as("127.0.0.1", future, granting), "has ended, or is not valid yet"),
        (Server::start_tls_as("issuer.example", |_| {}, granting), "shows the certificate of another host"),
    ] {
        told_of(&server.place(), server.authority.as_deref().unwrap(), what);
        assert!(server.asked().is_empty(), "{what}: nothing was sent");
    }
    told_of(&plain(), "", "does not speak TLS");
}

#[test]
fn a_file_of_authorities_that_is_missing_or_broken_is_named_with_its_variable() {
    let server = Server::start_tls(|_| Reply::ok(GRANT));
    let (world, folder) = (behind(&server), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("empty")).unwrap();
    std::fs::create_dir(at("broken")).unwrap();
    std::fs::write(at("text.pem"), "no certificate\n").unwrap();
    std::fs::write(at("broken/cut.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
    for (name, path, why) in [
        ("SSL_CERT_FILE", at("missing.pem"), "can't be read (No such file"),
        ("SSL_CERT_FILE", at("empty"), "can't be read (Is a directory"),
        ("SSL_CERT_FILE", at("text.pem"), "holds no certificate"),
        ("SSL_CERT_FILE", at("broken/cut.pem"), "holds what is no certificate in PEM form"),
        ("SSL_CERT_DIR", at("missing"), "can't be read (No such file"),
        ("SSL_CERT_DIR", at("empty"), "holds no certificate"),
        ("SSL_CERT_DIR", at("broken"), "holds what is no certificate in PEM form"),
    ] {
        let refused = said(&mut believing(&world, name, &path));
        refused.failed(7, &format!("{name} names {}, which {why}", path.display()));
        let looked_over = said(world.command(&["doctor"]).env(name, &path)).out.replace('\n', " ");
        assert!(looked_over.contains(name), "{looked_over}");
        assert!(server.asked().is_empty());
        world.put("acme", 0);
    }
}

#[test]
fn a_proxy_that_cannot_be_understood_is_named_and_not_gone_past() {
    // The address is this machine's, and doesn't look like it: what isn't known to be here goes by the proxy.
    let server = Server::start_tls(|_| Reply::ok(GRANT));
    let endpoint = |path: &str| Some(format!("https://0.0.0.0:{}/{path}", server.port));
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        (oauth.token_endpoint, oauth.device_authorization_endpoint) = (endpoint("token"), endpoint("device"));
    })
    .ended();
    said(&mut world.command(&["rotate", "acme"])).failed(7, "certificate of 0.0.0.0 is not trusted");
    for name in ["ALL_PROXY", "HTTPS_PROXY", "https_proxy"] {
        for args in [&["token", "acme"][..], &["rotate", "acme", "--now"], &["login", "acme"]] {
            world.put("acme", 0);
            let refused = said(world.command(args).env(name, "gopher://user:password@proxy.example"));
            refused.failed(2, &format!("{name} is set and holds no address of a proxy, so nothing was sent"));
            assert!(!refused.err.contains("password"), "{}", refused.err);
        }
    }
    assert!(server.asked().is_empty());
}
