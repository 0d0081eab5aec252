//! A grant's identity is its refresh token: whatever stores it again, and under whatever label, the strict server sees it
//! presented once.

use std::process::Command;
use std::time::Duration;

use crate::helper::Said;
use crate::world::{World, fed};

/// The tokens of a grant, as somebody who kept a copy has them.
struct Kept {
    access: String,
    refresh: String,
}

impl Kept {
    fn new(world: &World) -> Self {
        let (access, refresh) = world.sandbox.grant();
        Self { access, refresh }
    }

    fn lasting(&self, seconds: u64) -> String {
        let Self { access, refresh } = self;
        format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":{seconds}}}"#)
    }
}

fn set(world: &World, label: &str, more: &[&str]) -> Command {
    let mut args = vec!["set", "acme", "--kind", "oauth", "--label", label];
    args.extend(more);
    world.command(&args)
}

fn set_well(world: &World, label: &str, tokens: &str) -> Said {
    let said = fed(set(world, label, &[]), tokens);
    assert_eq!(said.status, 0, "{}", said.err);
    said
}

#[test]
fn a_login_stored_again_while_it_is_renewed_is_presented_once_under_every_label() {
    for label in ["default", "second"] {
        let world = World::new();
        let kept = Kept::new(&world);
        set_well(&world, "default", &kept.lasting(0));
        world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(800));
        let first = world.start(&["token", "acme"]);
        world.exchange_begins(1);
        let said = set_well(&world, label, &kept.lasting(0));
        assert!(said.out.contains("is being presented right now"), "{}", said.out);
        let second = world.say(&["rotate", "acme", "--label", label]);
        assert_eq!(second.status, 0, "{}", second.err);
        let first = Said::from(first.wait_with_output().unwrap());
        assert_eq!(first.status, 0, "{}", first.err);
        // Whoever rotates after the answer rotates the successor: each token was presented once.
        assert_eq!(world.sandbox.stats().replays, 0, "label {label}");
    }
}

#[test]
fn one_login_under_two_labels_is_renewed_for_both_at_once() {
    let world = World::new();
    let kept = Kept::new(&world);
    for label in ["one", "two"] {
        set_well(&world, label, &kept.lasting(3_600));
    }
    for label in ["one", "two", "one"] {
        assert_eq!(world.say(&["rotate", "acme", "--label", label]).status, 0);
    }
    let stats = world.sandbox.stats();
    assert_eq!((stats.exchanges, stats.replays), (3, 0));
}

#[test]
fn a_login_in_doubt_stays_so_when_it_is_stored_again() {
    let world = World::new();
    let kept = Kept::new(&world);
    set_well(&world, "default", &kept.lasting(3_600));
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(20));
    let mut killed = world.start(&["rotate", "acme"]);
    world.exchange_begins(1);
    world.kill_both(&mut killed);
    for label in ["default", "second"] {
        let said = set_well(&world, label, &kept.lasting(3_600));
        assert!(said.out.contains("isn't known"), "{}", said.out);
        assert_ne!(world.say(&["rotate", "acme", "--label", label]).status, 0);
    }
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn a_login_that_was_cleared_while_it_was_renewed_is_not_free_when_it_comes_back() {
    let world = World::new();
    let kept = Kept::new(&world);
    set_well(&world, "default", &kept.lasting(3_600));
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(800));
    let rotating = world.start(&["rotate", "acme"]);
    world.exchange_begins(1);
    assert_eq!(world.say(&["remove", "acme", "--label", "default"]).status, 0);
    set_well(&world, "default", &kept.lasting(3_600));
    let _ = world.say(&["rotate", "acme"]);
    rotating.wait_with_output().unwrap();
    assert_eq!(world.sandbox.stats().replays, 0);
}

#[test]
fn a_spent_refresh_token_is_refused_with_the_reason_unless_a_person_insists() {
    let world = World::new();
    let kept = Kept::new(&world);
    set_well(&world, "default", &kept.lasting(3_600));
    assert_eq!(world.say(&["rotate", "acme"]).status, 0);
    let refused = fed(set(&world, "second", &[]), &kept.lasting(3_600));
    assert_eq!(refused.status, 4, "{}", refused.err);
    assert!(refused.err.contains("was spent") && refused.err.contains("--again"), "{}", refused.err);
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
    assert_eq!(fed(set(&world, "second", &["--again"]), &kept.lasting(3_600)).status, 0);
}

#[test]
fn known_tokens_with_another_end_are_told_and_end_then() {
    let world = World::new();
    let kept = Kept::new(&world);
    set_well(&world, "default", &kept.lasting(3_600));
    let said = set_well(&world, "default", &kept.lasting(0));
    assert!(said.out.contains("stored the new end"), "{}", said.out);
    // It has ended, so it is renewed before it is handed out.
    let token = world.say(&["token", "acme"]);
    assert_eq!(token.status, 0, "{}", token.err);
    assert_ne!(token.out.trim(), kept.access);
    assert_eq!(world.sandbox.stats().exchanges, 1);
}

#[test]
fn a_login_that_another_profile_holds_too_is_told() {
    let world = World::new();
    let kept = Kept::new(&world);
    set_well(&world, "default", &kept.lasting(3_600));
    let mut other = set(&world, "mine", &[]);
    other.env("CREDLATCH_PROFILE", "other");
    assert_eq!(fed(other, &kept.lasting(3_600)).status, 0);
    let doctor = world.say(&["doctor"]);
    assert_eq!(doctor.status, 1, "{}", doctor.out);
    let told = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("login mine of the profile other too"), "{told}");
    assert!(!told.contains(&kept.refresh));
}
