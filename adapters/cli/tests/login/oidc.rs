//! Against npm oidc-provider, which forgives nothing: it revokes a login whose refresh token is used twice.
//!
//! The usual run is small. `CREDLATCH_LONG=1` makes it the whole one: 100 processes with 10 threads each, 1,000 rotations.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, SystemTime};

use credlatch::fingerprint;

use crate::peer::Peer;
use crate::world::{LoggingIn, World, fed, until};
use crate::{helper::Said, many};

/// Short, because a doubt rests for twice as long.
const HTTP_TIMEOUT_SECS: u64 = 2;

fn is_long() -> bool {
    std::env::var_os("CREDLATCH_LONG").is_some_and(|value| value == "1")
}

/// A world whose provider is served by the peer.
pub(crate) fn served_by(peer: &Peer, http_timeout_secs: u64) -> World {
    World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        peer.serve(oauth);
        oauth.http_timeout_secs = http_timeout_secs;
    })
}

/// Signs in by the command.
pub(crate) fn sign_in(world: &World, peer: &Peer) {
    let login = world.log_in();
    peer.approve(login.code());
    assert_eq!(login.end(), ("succeeded".to_owned(), 0));
}

/// Stores the same login again, with a made-up access token that has ended. Returns a digest of the one before.
pub(crate) fn end_token(world: &World) -> String {
    let status = world.latch().status().unwrap();
    let grant = status.state.entry("acme", "default").unwrap().grant().unwrap();
    let refresh = grant.refresh.as_ref().unwrap().expose_secret();
    let ended = format!("ended-{}", status.state.generation);
    let login = serde_json::json!({"access_token": ended, "refresh_token": refresh, "expires_in": 0});
    assert_eq!(fed(world.command(&["set", "acme", "--kind", "oauth"]), &login.to_string()).status, 0);
    fingerprint(&grant.access).to_string()
}

#[test]
fn oidc_provider_all_processes_and_threads_at_expiry_make_one_request() {
    let Some(peer) = Peer::oidc() else { return };
    let (processes, threads) = if is_long() { (100, 10) } else { (20, 4) };
    let world = served_by(&peer, 15);
    sign_in(&world, &peer);
    let old = end_token(&world);
    let all = many::start(&world, "token", processes, threads);
    let tokens = many::end(&world, all);
    assert_eq!(tokens.len(), processes * threads);
    let different: BTreeSet<_> = tokens.iter().collect();
    assert!(different.len() == 1 && !different.contains(&old), "{different:?}");
    assert_eq!((peer.refreshes(None), peer.refreshes(Some("invalid_grant"))), (1, 0));
    println!("{processes} processes with {threads} threads each at expiry: 1 token request, 1 new token for all");
}

#[test]
fn oidc_provider_all_processes_and_threads_that_sign_in_share_one_request() {
    let Some(peer) = Peer::oidc() else { return };
    let (processes, threads) = (32, 4);
    let world = served_by(&peer, 15);
    let all = many::start(&world, "login", processes, threads);
    let shown = || world.say(&["flows", "--json"]).json()["flows"][0]["user_code"].as_str().map(str::to_owned);
    until("a code is shown", || shown().is_some());
    peer.approve(&shown().unwrap());
    let flows = many::end(&world, all);
    assert_eq!(flows.len(), processes * threads);
    // Whoever comes after the login has succeeded begins another; nobody did within the polling interval.
    assert_eq!(flows.iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(peer.device_requests(), 1);
    println!("{processes} processes with {threads} threads each sign in: 1 device request, 1 flow");
}

/// What a long row of rotations came to.
#[derive(Debug, Default)]
struct Tally {
    rotations: usize,
    kills: usize,
    unknown: usize,
    lost: usize,
}

#[test]
fn oidc_provider_rotations_with_kills_present_one_spent_token_at_most_for_each_lost_login() {
    let Some(peer) = Peer::oidc() else { return };
    let world = served_by(&peer, HTTP_TIMEOUT_SECS);
    let rounds = if is_long() { 1000 } else { 30 };
    let mut dice = Dice::new();
    let mut tally = Tally::default();
    sign_in(&world, &peer);
    world.latch().set("minimax", credlatch::Secret::try_from("sk-cp-neighbour-1").unwrap()).unwrap();
    for round in 0..rounds {
        end_token(&world);
        let mut all: Vec<_> = (0..3).map(|_| world.start(&["token", "acme"])).collect();
        if round % 5 == 0 {
            thread::sleep(Duration::from_millis(dice.below(30)));
            // Whoever holds the claim, if somebody does by now; else one at random.
            let status = world.latch().status().unwrap();
            let holder = status.state.claims().map(|claim| claim.actor.pid).next();
            let at = all.iter().position(|one| Some(one.id()) == holder);
            let at = at.unwrap_or_else(|| usize::try_from(dice.below(3)).unwrap());
            all[at].kill().unwrap();
            tally.kills += 1;
        }
        let ends: Vec<_> = all.into_iter().map(|one| one.wait_with_output().unwrap()).collect();
        if ends.iter().any(|end| end.status.code() == Some(5)) {
            tally.unknown += 1;
            thread::sleep(Duration::from_secs(2 * HTTP_TIMEOUT_SECS + 5));
        }
        let next = world.say(&["token", "acme"]);
        match next.status {
            0 => tally.rotations += 1,
            4 => {
                tally.lost += 1;
                lost_is_lost(&world, &peer);
                sign_in(&world, &peer);
            }
            _ => panic!("round {round}, dice {}: {}", dice.seed, next.err),
        }
    }
    let replays = peer.refreshes(Some("invalid_grant"));
    let Tally { rotations, kills, unknown, lost } = tally;
    println!("rotations {rotations}, kills {kills}, unknown outcomes {unknown}, lost logins {lost}, replays {replays}");
    assert!(replays <= lost, "dice {}", dice.seed);
    assert_eq!(world.say(&["token", "minimax"]).out, "sk-cp-neighbour-1\n", "nothing else is harmed");
    let status = world.latch().status().unwrap();
    let grant = status.state.entry("acme", "default").unwrap().grant().unwrap();
    assert!(!peer.said().contains(grant.access.expose_secret()), "the server's log has no token");
}

/// No post at all until somebody signs in again.
fn lost_is_lost(world: &World, peer: &Peer) {
    let before = peer.refreshes(Some("invalid_grant"));
    let all: Vec<_> = (0..3).map(|_| world.start(&["token", "acme"])).collect();
    for one in all {
        Said::from(one.wait_with_output().unwrap()).failed(4, "acme");
    }
    assert_eq!(peer.refreshes(Some("invalid_grant")), before);
    assert_eq!(world.health(), "lost");
}

#[test]
fn oidc_provider_a_login_by_command_is_cleared_and_revoked() {
    let Some(peer) = Peer::oidc() else { return };
    let world = served_by(&peer, 15);
    let login = LoggingIn::new(world.start(&["login", "acme", "--json"]));
    peer.approve(login.code());
    assert_eq!(login.end(), ("succeeded".to_owned(), 0));
    assert_eq!(world.say(&["rotate", "acme"]).status, 0);
    assert_eq!(world.say(&["clear", "acme", "--json"]).json()["revoked"], "yes");
    assert!(peer.said().contains("revoked"));
    world.say(&["token", "acme"]).failed(3, "acme");
}

/// Random numbers whose seed is told, so that a failure can be looked at again.
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = u64::from(now.subsec_nanos()) | 1;
        Self { seed, state: seed }
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % most
    }
}
