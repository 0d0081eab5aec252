//! Report 3972 over HTTP: one flow, one code, one poller, whoever asks, disconnects or restarts.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::thread;

use axum::Router;
use credlatch::web::Onboarding;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::world::{Client, Server, World, onboarding, until};

fn start_at_once(client: &Client, count: usize) -> Vec<Value> {
    let together = Barrier::new(count);
    thread::scope(|scope| {
        let start = || {
            together.wait();
            client.start()
        };
        let all: Vec<_> = (0..count).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn report_3972_a_starts_at_once_over_http_share_one_request_one_poller_and_one_code() {
    for count in [2, 32] {
        let world = World::new();
        let server = Server::start(onboarding(&world.profiles()));
        let client = server.client("alice");
        let flows = start_at_once(&client, count);
        assert!(flows.iter().all(|flow| *flow == flows[0] && flow["user_code"].is_string()), "{flows:?}");
        world.approve();
        assert_eq!(client.wait(&flows[0]), "success");
        let stats = world.sandbox.stats();
        assert_eq!((stats.device_requests, stats.pollers, stats.logins, stats.late_polls), (1, 1, 1, 0));
    }
}

#[test]
fn report_3972_j_two_servers_on_one_home_share_a_flow() {
    let world = World::new();
    let servers = [(); 2].map(|()| Server::start(onboarding(&world.profiles())));
    let together = Barrier::new(2);
    let flows: Vec<Value> = thread::scope(|scope| {
        let start = |server: &Server| {
            together.wait();
            server.client("alice").start()
        };
        let all = servers.each_ref().map(|server| scope.spawn(move || start(server)));
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(flows[0], flows[1]);
    assert_eq!(world.sandbox.stats().device_requests, 1);
    assert_eq!(servers[0].client("alice").cancel(&flows[0])["status"], "cancelled");
    assert_eq!(servers[1].client("alice").poll(&flows[1])["status"], "cancelled");
}

#[test]
fn report_3972_e_what_is_agreed_to_after_a_cancel_is_not_stored() {
    let world = World::new();
    let server = Server::start(onboarding(&world.profiles()));
    let client = server.client("alice");
    let flow = client.start();
    assert_eq!(client.cancel(&flow)["status"], "cancelled");
    world.approve();
    thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(client.poll(&flow)["status"], "cancelled");
    assert!(world.profiles().profile("alice").unwrap().current("acme").is_err());
    assert_eq!(world.sandbox.stats().logins, 0);
}

#[test]
fn report_3972_k_the_profile_is_the_one_at_the_start_whatever_is_active_when_the_token_arrives() {
    let world = World::new();
    let profiles = world.profiles();
    let active = Arc::new(Mutex::new("alice"));
    let (of_active, chosen) = (profiles.clone(), Arc::clone(&active));
    let routes = Onboarding::new(move |_| of_active.profile(*chosen.lock()));
    let server = Server::start(Router::new().nest("/onboarding", routes.router()));
    let client = server.client("");
    let flow = client.start();
    *active.lock() = "bob";
    let (status, _) = client.get(&format!("poll/{}", flow["flow_id"].as_str().unwrap()));
    assert_eq!(status, 404, "a flow of alice's is nothing to bob");
    world.approve();
    let alice = profiles.profile("alice").unwrap();
    until("alice's token", || alice.current("acme").ok());
    assert!(profiles.profile("bob").unwrap().current("acme").is_err());
}

/// Sends a request and goes away without waiting for its answer.
fn start_and_hang_up(server: &Server, profile: &str) {
    let body = json!({"provider": "acme"}).to_string();
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "POST /onboarding/start?profile={profile} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    )
    .unwrap();
    // The server has the request; nobody has the answer.
    until("a device request", || (!world_is_idle(server, profile)).then_some(()));
}

fn world_is_idle(server: &Server, profile: &str) -> bool {
    let (_, body) = server.client(profile).get("status");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["providers"].as_array().unwrap().iter().all(|one| one["flow"].is_null())
}

#[test]
fn a_client_that_goes_away_does_not_take_the_login_with_it() {
    let world = World::new();
    let server = Server::start(onboarding(&world.profiles()));
    start_and_hang_up(&server, "alice");
    let flow = server.client("alice").start();
    assert_eq!(world.sandbox.stats().device_requests, 1);
    world.approve();
    assert_eq!(server.client("alice").wait(&flow), "success");
}

#[test]
fn a_server_that_opens_a_latch_for_each_request_keeps_the_one_that_polls() {
    let world = World::new();
    let builder = world.builder();
    let routes = Onboarding::new(move |_| builder.clone().open());
    let server = Server::start(Router::new().nest("/onboarding", routes.router()));
    start_and_hang_up(&server, "");
    let flow = server.client("").start();
    world.approve();
    assert_eq!(server.client("").wait(&flow), "success");
    let stats = world.sandbox.stats();
    assert_eq!((stats.device_requests, stats.pollers), (1, 1));
}

#[test]
fn a_server_that_restarts_goes_on_with_the_code_that_was_shown() {
    let world = World::new();
    let first = Server::start(onboarding(&world.profiles()));
    let flow = first.client("alice").start();
    drop(first);
    let second = Server::start(onboarding(&world.profiles()));
    assert_eq!(second.client("alice").poll(&flow)["status"], "pending");
    world.approve();
    assert_eq!(second.client("alice").wait(&flow), "success");
    assert_eq!(world.sandbox.stats().device_requests, 1);
}

/// Every text of eight characters or more that stands under one of these names.
fn secrets(document: &str, found: &mut Vec<String>) {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if ["access", "refresh", "device_code"].contains(&name.as_str()) => {
                            found.push(text.to_owned());
                        }
                        _ => walk(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    walk(&serde_json::from_str(document).unwrap_or_default(), found);
}

#[test]
fn no_answer_of_a_whole_login_holds_a_secret_or_a_path() {
    let world = World::new();
    let server = Server::start(onboarding(&world.profiles()));
    let client = server.client("alice");
    let mut answers = Vec::new();
    let mut hidden = Vec::new();
    let flow = client.start();
    answers.push(flow.to_string());
    let poll = format!("poll/{}", flow["flow_id"].as_str().unwrap());
    answers.extend([client.get(&poll).1, client.get("status").1]);
    secrets(&world.document("alice"), &mut hidden);
    assert_eq!(hidden.len(), 1, "a device code");
    world.approve();
    client.wait(&flow);
    secrets(&world.document("alice"), &mut hidden);
    assert_eq!(hidden.len(), 3, "and the two tokens");
    answers.extend([client.get(&poll).1, client.get("status").1, client.get("sign-in").1]);
    answers.push(client.post("start", &json!({"provider": "nobody"})).1);
    // A store that can't be read is an error whose own words name its path.
    std::fs::write(world.home().join("profiles/alice.json"), "{").unwrap();
    thread::sleep(std::time::Duration::from_millis(1100));
    for (status, body) in
        [client.get("status"), client.get(&poll), client.post(&poll.replace("poll", "cancel"), &json!({}))]
    {
        assert_eq!(status, 500, "{body}");
        answers.push(body);
    }
    hidden.extend([world.place.path().to_string_lossy().into_owned(), "_API_KEY".to_owned()]);
    for answer in &answers {
        assert!(hidden.iter().all(|text| !answer.contains(text.as_str())), "{answer}");
    }
}
