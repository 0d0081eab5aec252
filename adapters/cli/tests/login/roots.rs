//! An issuer whose certificate comes from an authority of one's own, as behind a company's proxy.

use std::path::Path;
use std::process::Command;

use crate::helper::{Said, said};
use crate::server::{Reply, Server};
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
        let refused = said(&mut command);
        refused.failed(7, "acme");
        told(&refused, "the certificate of 127.0.0.1 is not trusted here, and nothing was sent to it");
        let again = said(&mut command);
        told(&again, "is not trusted here");
        let looked_over = said(&mut world.command(&["doctor"]));
        assert!(looked_over.out.contains("certificate of its issuer is not trusted"), "{}", looked_over.out);
        assert!(server.asked().is_empty(), "nothing is sent to whom nobody vouches for");
        assert_eq!(world.health(), "ok", "and the refresh token is as good as before");
        // Put in anew: otherwise the next try would wait for its time.
        world.put("acme", 0);
    }
    let granted = said(&mut believing(&world, "SSL_CERT_FILE", &file));
    assert_eq!((granted.status, granted.out.as_str()), (0, "at-2\n"), "{}", granted.err);
    assert_eq!(server.asked().len(), 1);
}
