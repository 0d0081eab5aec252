//! Whoever is killed leaves the old file or the new one, and the way back.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::desk::Desk;

const BEFORE: &str = "[user]\n\tname = Ann\n";

fn killed(desk: &Desk, args: &[&str], after: Duration) {
    let mut child = desk.command(args).spawn().unwrap();
    thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_file_or_the_new_one_and_can_be_taken_back() {
    let desk = Desk::new();
    desk.write(".gitconfig", BEFORE);
    let whole = Desk::new();
    whole.write(".gitconfig", BEFORE);
    whole.setup(&["git", "forge"]);
    let after = whole.text(".gitconfig");
    let mut seen = [0, 0];
    for step in 0..60 {
        let moment = Duration::from_micros(700 * step);
        let args =
            if step % 2 == 0 { &["setup", "git", "forge", "--yes"][..] } else { &["setup", "git", "--undo", "--yes"] };
        killed(&desk, args, moment);
        let text = desk.text(".gitconfig");
        assert!(text == BEFORE || text == after, "{text}");
        seen[usize::from(text == after)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    desk.setup(&["git", "forge"]);
    assert_eq!(desk.text(".gitconfig"), after);
    desk.setup(&["git", "--undo"]);
    let left: Vec<_> = desk.all().into_keys().collect();
    assert_eq!((left, desk.text(".gitconfig")), (vec![desk.path(".gitconfig")], BEFORE.to_owned()));
}

#[test]
fn between_the_record_and_the_file_each_way_can_be_gone_on_with() {
    for args in [&["git", "forge"][..], &["git", "--undo"]] {
        let desk = Desk::new();
        desk.write(".gitconfig", BEFORE);
        desk.setup(&["git", "forge"]);
        // As if it had died before the file was put in place.
        desk.write(".gitconfig", BEFORE);
        desk.write("..gitconfig.credlatch.new", "half");
        desk.setup(args);
        desk.setup(&["git", "--undo"]);
        assert_eq!(desk.text(".gitconfig"), BEFORE);
        assert!(!desk.path(".gitconfig.before-credlatch").exists());
    }
}

#[test]
fn two_at_once_do_not_both_write() {
    let desk = Desk::new();
    let lock = fs::File::open(desk.world.home.path()).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    desk.say(&["setup", "git", "forge", "--yes"]).failed(5, "another `credlatch setup`");
    assert!(desk.all().is_empty());
    // Closed alone it would be held on by whatever another test forks at this moment.
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::Unlock).unwrap();
    desk.setup(&["git", "forge"]);
}
