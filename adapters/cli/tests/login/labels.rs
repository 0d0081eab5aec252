//! What is said of labels: which there are, and who else holds what was taken away.

use crate::helper::Said;
use crate::world::{World, fed};

fn set(world: &World, label: &str, login: &str) {
    let set = world.command(&["set", "acme", "--kind", "oauth", "--label", label]);
    assert_eq!(fed(set, login).status, 0);
}

fn login(world: &World) -> String {
    let (access, refresh) = world.sandbox.grant();
    format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600}}"#)
}

#[test]
fn a_label_that_is_not_there_is_told_with_those_that_are() {
    let world = World::new();
    let nothing = world.say(&["rotate", "acme"]);
    nothing.failed(3, "no acme credential is stored");
    set(&world, "work", &login(&world));
    set(&world, "home", &login(&world));
    for (args, missing) in [
        (&["rotate", "acme"][..], "default"),
        (&["rotate", "acme", "--label", "nope"], "nope"),
        (&["remove", "acme", "--label", "nope"], "nope"),
    ] {
        let said = world.say(args);
        said.failed(3, &format!("acme has no entry labelled {missing:?}; it has work, home"));
        assert!(said.err.contains("--label"), "{}", said.err);
    }
    // Whatever the label is, a request gets what there is.
    assert_eq!(world.say(&["token", "acme"]).status, 0);
    for number in 0..9 {
        set(&world, &format!("more-{number}"), &login(&world));
    }
    world.say(&["rotate", "acme"]).failed(3, "more-5, others");
}

/// What is said of a login whose entry went while another holds it.
fn is_held(said: &Said, by: &str) {
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("was not revoked") && said.out.contains(by), "{}", said.out);
    assert!(!said.out.contains("delete it"), "whoever follows that ends the other: {}", said.out);
}

#[test]
fn what_another_entry_still_holds_is_not_to_be_deleted_at_its_provider() {
    let world = World::new();
    let same = login(&world);
    for label in ["one", "two", "three"] {
        set(&world, label, &same);
    }
    is_held(&world.say(&["remove", "acme", "--label", "one"]), "still stored: acme, label two; acme, label three");
    let json = world.say(&["remove", "acme", "--label", "two", "--json"]).json();
    assert_eq!(json["revoked"], "held");
    assert_eq!(json["held_by"], serde_json::json!([{"provider": "acme", "label": "three"}]));
    assert_eq!(world.sandbox.stats().revocations, 0);
    let json = world.say(&["remove", "acme", "--label", "three", "--json"]).json();
    assert_eq!((&json["revoked"], &json["held_by"]), (&"yes".into(), &serde_json::json!([])));

    // A key has no issuer to revoke it, and whoever deletes it on the provider's site ends it everywhere as well.
    for (provider, label) in [("acme", "one"), ("acme", "two"), ("openai", "three")] {
        let set = world.command(&["set", provider, "--label", label]);
        assert_eq!(fed(set, "key-0123456789").status, 0);
    }
    is_held(&world.say(&["remove", "acme", "--label", "one"]), "still stored: acme, label two; openai, label three");
    is_held(&world.say(&["clear", "acme"]), "still stored: openai, label three");
    let last = world.say(&["clear", "openai"]);
    assert!(last.status == 0 && last.out.contains("delete it"), "{}{}", last.out, last.err);
}
