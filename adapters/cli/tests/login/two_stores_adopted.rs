//! A move that was cut off, and a person who says in which of the two stores the login lives on: in one of them at most, whatever was
//! copied, whoever says so at the same moment, and whatever the two are sealed with.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::helper::Said;
use crate::two_stores::Two;
use crate::two_stores_behind::copy;
use crate::world::fed;

impl Two {
    /// A command on the store in this directory.
    fn there(&self, store: &str, args: &[&str]) -> Said {
        let mut command = self.command(0, args);
        command.env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", store);
        Said::from(command.output().unwrap())
    }

    /// Kills a move from the first store before it is through: what is sealed doesn't show how far.
    fn cut_off_somewhere(&self) {
        for round in 0..400_u64 {
            let mut moving = self.moving(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(round * 100 % 30_000));
            moving.kill().unwrap();
            moving.wait().unwrap();
            let stage = self.say(0, &["status", "--json"]).json()["moving"]["stage"].clone();
            let there = self.say(1, &["status", "--json"]).json()["moving"]["stage"].clone();
            if ["set_aside", "handed_over"].contains(&stage.as_str().unwrap_or_default()) && there != "active" {
                return;
            }
            if stage == "gone" || there == "active" {
                assert_eq!(self.moves(0).status, 0);
                assert_eq!(self.moves(1).status, 0);
            }
        }
        panic!("no kill came in between");
    }
}

#[test]
fn a_copy_of_the_target_is_not_used_after_the_move_went_through() {
    for stages in [["set_aside", "arrived"], ["handed_over", "arrived"]] {
        let two = Two::new();
        two.cut_off_at(stages);
        let beside = two.stores[1].with_extension("beside");
        copy(&two.stores[1], &beside);
        assert_eq!(two.moves(0).status, 0);
        two.renews(&two.url(1));
        let adopted = two.there(&format!("file://{}", beside.display()), &["adopt"]);
        assert!(adopted.status == 2 && adopted.err.contains("copied or restored"), "{}", adopted.err);
        assert!(adopted.err.contains("--alone") && adopted.err.contains("clear --all"), "{}", adopted.err);
        // The same of one that is put back.
        fs::remove_dir_all(&two.stores[1]).unwrap();
        fs::rename(&beside, &two.stores[1]).unwrap();
        assert_eq!(two.say(1, &["adopt"]).status, 2);
        assert_eq!(two.world.sandbox.stats().replays, 0);
    }
}

#[test]
fn of_two_who_say_at_one_time_that_the_login_lives_on_in_either_store_one_is_right() {
    for stages in [["set_aside", "arrived"], ["handed_over", "arrived"]] {
        for _ in 0..8 {
            let two = Two::new();
            two.cut_off_at(stages);
            let adopting =
                [0, 1].map(|at| two.command(at, &["adopt"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn());
            let ended = adopting.map(|adopting| adopting.unwrap().wait().unwrap().success());
            assert!(ended != [true, true] || two.presenting().len() == 1, "{ended:?}");
            assert_eq!(two.presenting().len(), 1, "{ended:?}");
            let at = two.presenting()[0];
            assert!(ended[at], "who is told that it lives on has it");
            two.renews(&two.url(at));
            assert_eq!(two.world.sandbox.stats().replays, 0);
        }
    }
}

#[test]
fn what_was_handed_over_is_taken_back_only_once_the_target_has_forgotten_it() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "arrived"]);
    let adopted = two.say(0, &["adopt"]);
    assert_eq!(adopted.status, 0, "{}", adopted.err);
    assert_eq!((two.presenting(), two.stage(1).as_deref()), (vec![0], Some("withdrawn")));
    two.renews(&two.url(0));
    assert_eq!(two.moves(0).status, 0, "it can be moved again");
    two.renews(&two.url(1));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn what_was_not_handed_over_is_taken_back_from_a_target_that_is_not_there_and_is_used_there_by_nobody_later() {
    let two = Two::new();
    two.cut_off_at(["set_aside", "arrived"]);
    let away = two.stores[1].with_extension("away");
    fs::rename(&two.stores[1], &away).unwrap();
    let adopted = two.say(0, &["adopt"]);
    assert_eq!(adopted.status, 0, "{}", adopted.err);
    assert!(!two.stores[1].exists(), "a directory that isn't mounted stays as it is");
    two.renews(&two.url(0));
    fs::rename(&away, &two.stores[1]).unwrap();
    let there = two.say(1, &["adopt"]);
    assert!(there.status == 2 && there.err.contains("is used in"), "{}", there.err);
    assert_eq!(two.moves(0).status, 0);
    two.renews(&two.url(1));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_source_that_is_put_back_from_a_copy_names_a_way_that_goes_on() {
    let two = Two::new();
    two.cut_off_at(["set_aside", "arrived"]);
    let backup = two.stores[0].with_extension("backup");
    copy(&two.stores[0], &backup);
    fs::remove_dir_all(&two.stores[0]).unwrap();
    fs::rename(&backup, &two.stores[0]).unwrap();
    let adopted = two.say(0, &["adopt"]);
    assert!(adopted.status == 2 && adopted.err.contains("copied or restored"), "{}", adopted.err);
    assert!(!adopted.err.contains("`credlatch move`"), "that is refused here: {}", adopted.err);
    assert_eq!(two.say(0, &["adopt", "--alone"]).status, 0);
    two.renews(&two.url(0));
}

#[test]
fn stores_that_are_sealed_with_different_keys_are_asked_each_with_its_own() {
    let two = Two::new();
    let keys = [0, 1].map(|at| two.world.home.folder().join(format!("key-{at}")));
    for (at, key) in keys.iter().enumerate() {
        fs::write(key, format!("{:064x}", at + 1)).unwrap();
        assert!(std::process::Command::new("chmod").arg("600").arg(key).status().unwrap().success());
        let sealed = two.say(at, &["seal", "--seal-key", key.to_str().unwrap()]);
        assert_eq!(sealed.status, 0, "{}", sealed.err);
    }
    let key = |at: usize| keys[at].to_str().unwrap();
    let own = ["--seal-key", key(0)];
    for other in [&[][..], &["--other-seal-key", key(1)]] {
        two.cut_off_somewhere();
        let mut command = two.command(0, &[&["adopt"], &own[..], other].concat());
        // A machine that remembers no keys.
        let keys = two.world.home.folder().join("no-keys");
        let command = if other.is_empty() { &mut command } else { command.env("CREDLATCH_SEAL_KEYS", keys) };
        let adopted = Said::from(command.output().unwrap());
        assert_eq!(adopted.status, 0, "{}", adopted.err);
        two.renews(&two.url(0));
    }
}

#[test]
fn a_store_that_holds_nothing_is_not_said_to_have_logins() {
    let two = Two::new();
    let nothing = two.stores[0].with_extension("nothing");
    let empty = two.there(&format!("file://{}", nothing.display()), &["adopt"]);
    assert!(!empty.out.contains("are rotated here"), "{}", empty.out);
    assert!(!nothing.exists(), "adopt makes no store");
    assert_eq!(two.moves(0).status, 0);
    let gone = two.say(0, &["adopt"]);
    assert!(gone.status == 0 && gone.out.contains(&format!("was moved to {}", two.url(1))), "{}", gone.out);
}

#[test]
fn who_looks_at_one_profile_hears_of_another_one_whose_move_was_cut_off() {
    let two = Two::new();
    two.cut_off_at(["set_aside", "arrived"]);
    assert_eq!(fed(two.command(0, &["set", "minimax", "--profile", "work"]), "mm-2").status, 0);
    let doctor = two.say(0, &["doctor", "--profile", "work"]);
    let told = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("profile default is in a move that isn't through"), "{told}");
    assert!(told.contains("`credlatch adopt --profile default`"), "{told}");
}
