//! Against PyPI Authlib, an independent server: one that returns no new refresh token, and one with a grace period.

use std::time::Duration;

use crate::oidc::{end_token, served_by, sign_in};
use crate::peer::Peer;
use crate::world::{World, until};

#[test]
fn authlib_without_a_new_refresh_token_the_old_one_is_kept() {
    let Some(peer) = Peer::authlib("keep") else { return };
    let world = served_by(&peer, 15);
    sign_in(&world, &peer);
    for _ in 0..3 {
        let old = end_token(&world);
        let all: Vec<_> = (0..8).map(|_| world.start(&["token", "acme"])).collect();
        let tokens: Vec<_> = all.into_iter().map(|one| one.wait_with_output().unwrap()).collect();
        assert!(tokens.iter().all(|token| token.status.success() && token.stdout == tokens[0].stdout));
        assert_ne!(end_token(&world), old);
    }
    assert_eq!((peer.refreshes(None), peer.refreshes(Some("invalid_grant"))), (3, 0));
    assert_eq!(world.say(&["clear", "acme", "--json"]).json()["revoked"], "yes");
}

#[test]
fn authlib_within_its_grace_period_a_killed_rotation_costs_nothing() {
    let Some(peer) = Peer::authlib("grace") else { return };
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        peer.serve(oauth);
        oauth.grace_secs = 60;
    });
    sign_in(&world, &peer);
    let mut hits = 0;
    for round in 0..10 {
        end_token(&world);
        let before = peer.refreshes(None);
        let mut at_work = world.start(&["token", "acme"]);
        let latch = world.latch();
        let is_at_work = || latch.status().unwrap().state.claims().next().is_some();
        until("somebody is at work or done", || is_at_work() || at_work.try_wait().unwrap().is_some());
        std::thread::sleep(Duration::from_millis(round));
        at_work.kill().unwrap();
        at_work.wait().unwrap();
        let next = world.say(&["token", "acme"]);
        assert_eq!(next.status, 0, "round {round}: {}", next.err);
        hits += usize::from(peer.refreshes(None) > before + 1);
    }
    println!("10 rotations killed, {hits} of them after the server had granted: no login lost");
    assert_eq!(peer.refreshes(Some("invalid_grant")), 0);
}
