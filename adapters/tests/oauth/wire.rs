//! What happens below HTTP: where a request can't go, what is never sent, and how long it may take.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use credlatch::oauth::HttpIssuer;
use credlatch_core::port::Issuer;
use credlatch_core::rotation::{Exchanged, Obstacle, TurnedAway, Unreached};
use credlatch_sandbox::Sandbox;

use crate::world::{acme, issuer, row, secret};

fn issuer_at(token_endpoint: &str) -> HttpIssuer {
    let sandbox = Sandbox::start().unwrap();
    issuer(row(&sandbox, |row| {
        row.token_endpoint = Some(token_endpoint.to_owned());
        row.http_timeout_secs = 1;
    }))
}

fn refresh(issuer: &HttpIssuer) -> Exchanged {
    issuer.refresh(&acme(), &secret("rt-1"), &[])
}

/// A server that does this with its first visitor.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> (u16, thread::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).unwrap();
    assert_ne!(count, 0, "the client hung up");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

/// Reads until a request head is complete; a client may send it in pieces.
fn read_whole_head(stream: &mut TcpStream) -> String {
    let mut head = String::new();
    while !head.contains("\r\n\r\n") {
        head.push_str(&read_head(stream));
    }
    head
}

/// Reads a request to its end; who answers and hangs up with some of it unread resets the connection, and with it the
/// answer.
fn read_request(stream: &mut TcpStream) -> String {
    let mut text = read_whole_head(stream);
    let head = text.find("\r\n\r\n").unwrap() + 4;
    let length = text[..head]
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:").map(|length| length.trim().parse::<usize>().unwrap()));
    while text.len() < head + length.unwrap() {
        text.push_str(&read_head(stream));
    }
    text
}

/// Nothing is consumed, and this is what stood between.
fn unreached(obstacle: Obstacle, host: &str) -> Exchanged {
    Exchanged::Unreached(Unreached { obstacle, host: host.to_owned(), variable: None })
}

#[test]
fn where_nobody_listens_nothing_is_consumed() {
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let told = unreached(Obstacle::NoConnection, "127.0.0.1");
    assert_eq!(refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token"))), told);
}

#[test]
fn a_name_that_nobody_has_consumes_nothing() {
    let told = unreached(Obstacle::NoAddress, "credlatch.invalid");
    assert_eq!(refresh(&issuer_at("https://credlatch.invalid/token")), told);
}

#[test]
fn a_server_that_does_not_speak_tls_gets_nothing() {
    let (port, server) = server(|mut stream| {
        let hello = read_head(&mut stream);
        assert!(!hello.contains("refresh_token"));
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let told = unreached(Obstacle::NoTls, "127.0.0.1");
    assert_eq!(refresh(&issuer_at(&format!("https://127.0.0.1:{port}/token"))), told);
    server.join().unwrap();
}

#[test]
fn a_connection_that_breaks_after_the_request_is_unknown() {
    let (port, server) = server(|mut stream| drop(read_head(&mut stream)));
    assert_eq!(refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token"))), Exchanged::Unknown);
    server.join().unwrap();
}

#[test]
fn a_retry_after_date_counts_in_every_form_and_for_a_day_at_most() {
    const DAY_MS: u64 = 86_400_000;
    for (at, ms) in [
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120_000),
        ("Thursday, 01-Jan-26 00:02:00 GMT", 120_000),
        ("Thu Jan  1 00:02:00 2026", 120_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_MS),
        ("99999999999999999999", DAY_MS),
    ] {
        let (port, server) = server(move |mut stream| {
            read_request(&mut stream);
            let head = "HTTP/1.1 429 Too Many Requests\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 0";
            write!(stream, "{head}\r\nRetry-After: {at}\r\n\r\n").unwrap();
        });
        let told = refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token")));
        let answer = TurnedAway { status: 429, code: None, description: None };
        assert_eq!(told, Exchanged::TurnedAway { answer, retry_after_ms: Some(ms) }, "{at}");
        server.join().unwrap();
    }
}

#[test]
fn an_answer_that_drips_is_cut_off_by_the_time_out() {
    let (port, server) = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
        for _ in 0..40 {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(b" ").is_err() {
                return;
            }
        }
    });
    let began = Instant::now();
    assert_eq!(refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token"))), Exchanged::Unknown);
    assert!(began.elapsed() < Duration::from_millis(1_900));
    server.join().unwrap();
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [302, 303, 307, 308] {
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let to = elsewhere.local_addr().unwrap();
        let (port, server) = server(move |mut stream| {
            read_request(&mut stream);
            let answer = format!("HTTP/1.1 {status} \r\nLocation: http://{to}/\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        assert_eq!(refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token"))), Exchanged::Unknown);
        server.join().unwrap();
        assert!(elsewhere.accept().is_err(), "{status}: nobody was sent elsewhere");
    }
}

#[test]
fn the_request_is_a_form_post_that_asks_for_json_and_names_no_person() {
    let (port, server) = server(|mut stream| {
        let text = read_request(&mut stream);
        let lower = text.to_ascii_lowercase();
        assert!(text.starts_with("POST /token HTTP/1.1\r\n"), "{text}");
        for header in
            ["content-type: application/x-www-form-urlencoded", "accept: application/json", "user-agent: credlatch/"]
        {
            assert!(lower.contains(header), "{text}");
        }
        assert!(text.ends_with("grant_type=refresh_token&refresh_token=rt-1&client_id=credlatch-sandbox"), "{text}");
    });
    let _ = refresh(&issuer_at(&format!("http://127.0.0.1:{port}/token")));
    server.join().unwrap();
}

/// Runs one test of this program again, in an environment that names a proxy.
fn with_proxy(test: &str, proxy: u16) {
    let proxy = format!("http://user:password@127.0.0.1:{proxy}");
    let names = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"];
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .envs(names.map(|name| (name, &proxy)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains("password"), "{said}");
}

#[test]
fn a_proxy_sees_no_request_to_this_machine() {
    let (proxy, _proxy) = server(|_| panic!("the proxy was asked"));
    with_proxy("wire::inner_loopback_past_the_proxy", proxy);
}

#[test]
fn inner_loopback_past_the_proxy() {
    let sandbox = Sandbox::start().unwrap();
    let (_, token) = sandbox.grant();
    let issuer = issuer(sandbox.provider_row("acme"));
    assert!(matches!(issuer.refresh(&acme(), &secret(&token), &[]), Exchanged::Granted(_)));
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_its_refusal_consumes_nothing() {
    let (proxy, server) = server(|mut stream| {
        let asked = read_whole_head(&mut stream);
        assert!(asked.starts_with("CONNECT credlatch.example:443 "), "{asked}");
        assert!(!asked.contains("rt-1"));
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    with_proxy("wire::inner_nothing_gets_past_the_proxy", proxy);
    server.join().unwrap();
}

#[test]
fn a_tunnel_to_something_that_is_not_the_issuer_carries_nothing() {
    let (proxy, server) = server(|mut stream| {
        read_whole_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        assert!(!read_head(&mut stream).contains("refresh_token"));
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    with_proxy("wire::inner_nothing_gets_past_the_proxy", proxy);
    server.join().unwrap();
}

#[test]
fn inner_nothing_gets_past_the_proxy() {
    // Where this test runs by itself no proxy is named, and nobody has the name.
    let refused = refresh(&issuer_at("https://credlatch.example/token"));
    let Exchanged::Unreached(told) = &refused else { panic!("{refused:?}") };
    assert_eq!(told.variable.is_some(), std::env::var_os("ALL_PROXY").is_some(), "{told:?}");
}
