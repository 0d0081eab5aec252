//! Report 3961 (a): many requests on two profiles through one server, while both profiles' keys change.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use credlatch::{Profiles, Secret};
use http::StatusCode;

use crate::world::{Server, World};

const CLIENTS: u32 = 16;
const REQUESTS: u32 = 250;

/// What an agent's server does: the profile's key, in the request and in a child task that goes on for itself.
async fn ask(State(profiles): State<Profiles>, Path(profile): Path<String>) -> Result<String, StatusCode> {
    let scope = profiles.scope(&profile);
    let detached = tokio::spawn({
        let scope = scope.clone();
        async move {
            tokio::task::yield_now().await;
            scope.token_async("minimax").await.map(|key| key.expose_secret().to_owned())
        }
    });
    let key = scope.token_async("minimax").await.map_err(|_| StatusCode::UNAUTHORIZED)?;
    let expanded = scope.expand("${MINIMAX_API_KEY}").map_err(|_| StatusCode::UNAUTHORIZED)?;
    let detached = detached.await.unwrap().map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok(format!("{} {} {detached}", key.expose_secret(), expanded.expose_secret()))
}

#[test]
fn report_3961_a_thousands_of_concurrent_requests_never_see_another_profiles_key() {
    let world = World::new();
    let profiles = world.profiles();
    let key = |profile: &str, turn: u32| Secret::try_from(format!("mm-{profile}-{turn}")).unwrap();
    for profile in ["alice", "bob"] {
        profiles.profile(profile).unwrap().set("minimax", key(profile, 0)).unwrap();
    }
    let server = Server::start(Router::new().route("/ask/{profile}", get(ask)).with_state(profiles));
    let (is_over, changes) = (AtomicBool::new(false), AtomicU32::new(0));
    let other_process = world.profiles();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let turn = changes.fetch_add(1, Ordering::Relaxed) + 1;
                for profile in ["alice", "bob"] {
                    other_process.profile(profile).unwrap().set("minimax", key(profile, turn)).unwrap();
                }
            }
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let url = server.url(if number % 2 == 0 { "/ask/alice" } else { "/ask/bob" });
                let own = if number % 2 == 0 { "mm-alice-" } else { "mm-bob-" };
                let changes = &changes;
                scope.spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    // However long a change takes here, some are made while clients ask.
                    let is_enough = |asked| asked >= REQUESTS && changes.load(Ordering::Relaxed) > 2;
                    for _ in (0..100 * REQUESTS).take_while(|asked| !is_enough(*asked)) {
                        let body = agent.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
                        let keys: Vec<_> = body.split(' ').collect();
                        assert!(keys.len() == 3 && keys.iter().all(|key| key.starts_with(own)), "{body}");
                    }
                })
            })
            .collect();
        let ends: Vec<_> = clients.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Relaxed);
        for end in ends {
            end.unwrap();
        }
    });
    assert!(changes.into_inner() > 1, "keys changed meanwhile");
    // A profile of nobody's gets an error, and neither's key.
    let status = ureq::get(server.url("/ask/carol")).call().unwrap_err();
    assert!(matches!(status, ureq::Error::StatusCode(401)), "{status}");
}
