//! A person is asked.

use crate::desk::Desk;
use crate::pty::Terminal;

/// What appeared, and how it ended, after this was typed.
fn answered(desk: &Desk, args: &[&str], keys: &str) -> Option<(Option<i32>, String)> {
    let terminal = Terminal::start(desk.command(args).env("TERM", "xterm"), 80)?;
    terminal.shows("[y/N] ", 1);
    terminal.types(keys);
    Some(terminal.end())
}

#[test]
fn a_person_sees_the_difference_and_only_a_yes_changes_anything() {
    let desk = Desk::new();
    desk.write(".gitconfig", "[user]\n\tname = Ann\n");
    let before = desk.all();
    for no in ["n\n", "\n", "maybe\n"] {
        let Some((status, shown)) = answered(&desk, &["setup", "git", "forge"], no) else { return };
        assert!(
            shown.contains("+[credential \"https://forge.example\"]") && shown.contains("nothing was changed"),
            "{shown}"
        );
        assert_eq!((status, desk.all()), (Some(1), before.clone()));
    }
    let (status, shown) = answered(&desk, &["setup", "git", "forge"], "y\n").unwrap();
    assert!(status == Some(0) && shown.contains(".gitconfig.before-credlatch"), "{shown}");
    assert!(desk.text(".gitconfig").contains("helper git forge"));
    let (status, shown) = answered(&desk, &["setup", "git", "--undo"], "yes\n").unwrap();
    assert!(status == Some(0) && shown.contains("-[credential \"https://forge.example\"]"), "{shown}");
    assert_eq!(desk.all(), before);
}
