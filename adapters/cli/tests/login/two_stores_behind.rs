//! A move that was cut off after the other store had been put to use, and what happened to either store meanwhile, of which whoever goes
//! on is told nothing: neither login dies of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::helper::Said;
use crate::needs::found;
use crate::two_stores::Two;
use crate::world::{fed, signal, stop};

impl Two {
    /// Kills a move from the first store so that it leaves these stages in both.
    pub(crate) fn cut_off_at(&self, stages: [&str; 2]) {
        let mut moving = self.held_at(stages);
        moving.kill().unwrap();
        moving.wait().unwrap();
        assert_eq!(self.stages(), stages);
    }

    /// A move from the first store that is stopped where it has left these stages in both.
    fn held_at(&self, stages: [&str; 2]) -> Child {
        for _ in 0..500 {
            let mut moving = self.moving(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while self.stages() != stages && moving.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(100));
            }
            if moving.try_wait().unwrap().is_none() {
                stop(moving.id());
            }
            if self.stages() == stages {
                return moving;
            }
            moving.kill().unwrap();
            moving.wait().unwrap();
            // Back home, for another try.
            assert_eq!(self.moves(0).status, 0);
            assert_eq!(self.moves(1).status, 0);
        }
        panic!("no move was at {stages:?}");
    }

    fn stages(&self) -> [String; 2] {
        [0, 1].map(|at| self.stage(at).unwrap_or_default())
    }

    fn third(&self) -> String {
        format!("file://{}", self.world.home.folder().join("third").display())
    }

    pub(crate) fn renews(&self, url: &str) {
        let mut command = self.command(0, &["rotate", "acme", "--now", "--store", url]);
        command.env_remove("CREDLATCH_HOME");
        let said = Said::from(command.output().unwrap());
        assert_eq!(said.status, 0, "{}", said.err);
    }

    /// The same move again says why it doesn't go on, and no login has died.
    fn stops(&self, says: &str) {
        let again = self.moves(0);
        assert_eq!(again.status, 6, "{}", again.err);
        assert!(again.err.contains(says), "{}", again.err);
        assert_eq!(self.world.sandbox.stats().replays, 0);
    }
}

/// A copy of a directory with everything in it, as `cp -a` makes it.
pub(crate) fn copy(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_source_that_is_not_mounted_is_not_taken_for_one_in_which_nothing_is() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "active"]);
    let away = two.stores[0].with_extension("away");
    fs::rename(&two.stores[0], &away).unwrap();
    let moved = two.moves(0);
    assert!(moved.status == 3 && moved.err.contains("waits for the rest of a move from there"), "{}", moved.err);
    let _ = fs::remove_dir_all(&two.stores[0]);
    fs::rename(&away, &two.stores[0]).unwrap();
    assert_eq!(two.moves(0).status, 0);
    two.renews(&two.url(1));
}

#[test]
fn another_store_at_the_source_s_address_costs_nobody_what_had_arrived() {
    for stages in [["set_aside", "arrived"], ["handed_over", "arrived"]] {
        let two = Two::new();
        two.cut_off_at(stages);
        let away = two.stores[0].with_extension("away");
        fs::rename(&two.stores[0], &away).unwrap();
        assert_eq!(fed(two.command(0, &["set", "deepseek"]), "sk-new").status, 0);
        let moved = two.moves(0);
        assert!(moved.status == 5 && moved.err.contains("all there is of it"), "{}", moved.err);
        assert_eq!(two.stage(1).as_deref(), Some("arrived"));
        // It goes on from where it was, or a person is certain.
        if stages[0] == "set_aside" {
            fs::remove_dir_all(&two.stores[0]).unwrap();
            fs::rename(&away, &two.stores[0]).unwrap();
            assert_eq!(two.moves(0).status, 0);
        } else {
            assert_eq!(two.say(1, &["adopt", "--alone"]).status, 0);
        }
        two.renews(&two.url(1));
        assert_eq!(two.world.sandbox.stats().replays, 0);
    }
}

/// A command waits for a mover that somebody stopped, and says for whom.
#[test]
fn who_waits_for_a_stopped_mover_is_told_of_it() {
    let two = Two::new();
    let mut moving = two.held_at(["set_aside", "arrived"]);
    for mut command in [two.command(0, &["adopt"]), two.moving(0)] {
        let mut waiting = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut said).unwrap();
        // Whose a lock is root alone sees: no process of ours shows what it has to others of its user.
        let whom = if rustix::process::geteuid().is_root() {
            format!("process {}", moving.id())
        } else {
            "another process".to_owned()
        };
        assert!(said.contains(&format!("waiting for {whom}")), "{said}");
        waiting.kill().unwrap();
        waiting.wait().unwrap();
    }
    signal("CONT", &moving);
    assert!(moving.wait().unwrap().success());
    two.renews(&two.url(1));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_target_that_moved_on_gets_nothing_again_and_what_is_left_is_forgotten_without_a_revocation() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "active"]);
    assert_eq!(two.say(1, &["adopt"]).status, 0);
    let on = two.say(0, &["move", "--from", &two.url(1), "--to", &two.third()]);
    assert_eq!(on.status, 0, "{}", on.err);
    two.renews(&two.third());
    two.stops("doesn't say what became of it");
    let adopted = two.say(0, &["adopt"]);
    assert!(adopted.status == 2 && adopted.err.contains("`credlatch clear --all`"), "{}", adopted.err);
    let cleared = two.say(0, &["clear", "--all"]);
    assert_eq!(cleared.status, 0, "{}", cleared.err);
    assert_eq!(two.world.sandbox.stats().revocations, 0);
    two.renews(&two.third());
    // What came to nothing leaves nothing in the way.
    assert_eq!(two.say(0, &["doctor"]).status, 0);
}

#[test]
fn a_target_that_is_not_mounted_gets_nothing_and_the_move_goes_on_when_it_is_back() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "active"]);
    two.renews(&two.url(1));
    let away = two.stores[1].with_extension("away");
    fs::rename(&two.stores[1], &away).unwrap();
    two.stops("isn't the store that it was");
    let adopted = two.say(0, &["adopt"]);
    assert!(adopted.status == 2 && adopted.err.contains("can't say whether it uses"), "{}", adopted.err);
    let _ = fs::remove_dir_all(&two.stores[1]);
    fs::rename(&away, &two.stores[1]).unwrap();
    assert_eq!(two.moves(0).status, 0);
    two.renews(&two.url(1));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_target_that_is_put_back_from_a_copy_is_not_put_to_use_before_a_person_says_so() {
    let two = Two::new();
    let backup = two.stores[1].with_extension("backup");
    two.cut_off_at(["set_aside", "arrived"]);
    copy(&two.stores[1], &backup);
    // On from there, and cut off once more.
    loop {
        let mut moving = two.moving(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while two.stage(1).as_deref() == Some("arrived") {
            std::thread::sleep(Duration::from_micros(200));
        }
        moving.kill().unwrap();
        moving.wait().unwrap();
        if two.stage(1).as_deref() != Some("arrived") {
            break;
        }
    }
    two.renews(&two.url(1));
    fs::remove_dir_all(&two.stores[1]).unwrap();
    fs::rename(&backup, &two.stores[1]).unwrap();
    let again = two.moves(0);
    assert_eq!(again.status, 6, "{}", again.err);
    assert!(again.err.contains("since the move began") || again.err.contains("from a backup"), "{}", again.err);
    assert_eq!(two.presenting(), [0; 0]);
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_copy_of_the_source_moves_nothing() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "active"]);
    let copied = two.stores[0].with_extension("copy");
    copy(&two.stores[0], &copied);
    assert_eq!(two.moves(0).status, 0);
    let on = two.say(0, &["move", "--from", &two.url(1), "--to", &two.third()]);
    assert_eq!(on.status, 0, "{}", on.err);
    let from = format!("file://{}", copied.display());
    let again = two.say(0, &["move", "--from", &from, "--to", &two.url(1)]);
    assert_eq!(again.status, 6, "{}", again.err);
    two.renews(&two.third());
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn what_was_sent_to_a_directory_that_is_back_now_is_not_what_was_sent_to_the_one_in_its_place() {
    let two = Two::new();
    two.cut_off_at(["set_aside", "arrived"]);
    let [real, below] = ["real", "below"].map(|name| two.stores[1].with_extension(name));
    fs::rename(&two.stores[1], &real).unwrap();
    assert_eq!(two.moves(0).status, 0, "nothing was used yet");
    two.renews(&two.url(1));
    fs::rename(&two.stores[1], &below).unwrap();
    fs::rename(&real, &two.stores[1]).unwrap();
    let adopted = two.say(1, &["adopt"]);
    assert!(adopted.status == 2 && adopted.err.contains("can't say whether it uses"), "{}", adopted.err);
    assert_eq!(two.moves(0).status, 3);
    assert_eq!(two.presenting(), [0; 0]);
    two.renews(&format!("file://{}", below.display()));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_copy_is_not_believed_when_it_says_that_it_uses_nothing() {
    let two = Two::new();
    two.cut_off_at(["handed_over", "arrived"]);
    let backup = two.stores[1].with_extension("backup");
    copy(&two.stores[1], &backup);
    assert_eq!(two.say(1, &["adopt"]).status, 0);
    two.renews(&two.url(1));
    fs::remove_dir_all(&two.stores[1]).unwrap();
    fs::rename(&backup, &two.stores[1]).unwrap();
    let adopted = two.say(0, &["adopt"]);
    assert!(adopted.status == 2 && adopted.err.contains("was copied or restored"), "{}", adopted.err);
    two.stops("since the move began");
    let doctor = two.say(1, &["doctor"]);
    let told = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("in the middle of a move"), "{told}");
}

#[test]
fn another_login_in_the_target_is_not_taken_for_the_one_that_was_on_its_way() {
    let two = Two::new();
    two.cut_off_at(["set_aside", "arrived"]);
    assert_eq!(two.say(1, &["clear", "--all"]).status, 0);
    let (access, refresh) = two.world.sandbox.grant();
    let other = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":0}}"#);
    assert_eq!(fed(two.command(1, &["set", "acme", "--kind", "oauth"]), &other).status, 0);
    let moved = two.moves(0);
    assert!(moved.status == 2 && moved.err.contains("`credlatch adopt` in the first store"), "{}", moved.err);
    assert_eq!(two.say(0, &["adopt"]).status, 0);
    two.renews(&two.url(0));
    two.renews(&two.url(1));
}

#[test]
fn an_older_version_presents_nothing_of_what_was_handed_over() {
    let earlier = std::env::var_os("CREDLATCH_BEFORE_NOTES");
    let earlier = found(earlier, "CREDLATCH_BEFORE_NOTES, the program of before").filter(|program| program != "none");
    let Some(earlier) = earlier else { return };
    let two = Two::new();
    two.cut_off_at(["handed_over", "active"]);
    let inner = two.command(0, &[]);
    for args in [["rotate", "acme"], ["token", "acme"]] {
        let mut command = std::process::Command::new(&earlier);
        command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        assert!(!command.output().unwrap().status.success(), "{args:?}");
    }
    assert_eq!(two.world.sandbox.stats().refresh_requests, 0);
    assert_eq!(two.moves(0).status, 0);
    two.renews(&two.url(1));
}
