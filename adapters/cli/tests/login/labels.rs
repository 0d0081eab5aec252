//! What is said of labels: which there are.

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
