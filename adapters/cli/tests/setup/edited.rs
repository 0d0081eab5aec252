//! Where a program has a configuration of its own: it stays, and comes back.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::cases::CASES;
use crate::desk::Desk;

#[test]
fn what_a_file_held_stays_in_its_order_and_comes_back_byte_for_byte() {
    for case in CASES.iter().filter(|case| !case.filled.is_empty()) {
        let desk = Desk::new();
        desk.write(case.file, case.filled);
        fs::set_permissions(desk.path(case.file), fs::Permissions::from_mode(0o640)).unwrap();
        let before = desk.all();
        let shown = desk.say(&[&["setup"], case.args, &["--dry-run"]].concat());
        assert!(shown.status == 0 && shown.out.contains("\n+"), "{}{}", shown.out, shown.err);
        assert_eq!(desk.all(), before, "--dry-run wrote something");

        desk.setup(case.args);
        let text = desk.text(case.file);
        let mut rest = text.as_str();
        for line in case.filled.lines().map(|line| line.trim_end_matches(',')) {
            rest = rest.split_once(line).unwrap_or_else(|| panic!("{line:?} is not in order in:\n{text}")).1;
        }
        assert_eq!(fs::metadata(desk.path(case.file)).unwrap().mode() & 0o777, 0o640);
        let backup = format!("{}.before-credlatch", case.file);
        assert_eq!((desk.text(&backup).as_str(), before[&desk.path(case.file)].0), (case.filled, 0o100_640));

        let after = desk.all();
        let again = desk.say(&[&["setup"], case.args].concat());
        assert!(again.status == 0 && again.out.contains("nothing is to be done"), "{}{}", again.out, again.err);
        assert_eq!(desk.all(), after, "the second time");

        desk.setup(&[case.program(), "--undo"]);
        assert_eq!(desk.all(), before);
        let again = desk.say(&["setup", case.program(), "--undo"]);
        assert!(again.status == 0 && again.out.contains("is left to take back"), "{}", again.out);
    }
}

#[test]
fn another_helper_is_shown_as_replaced_and_comes_back() {
    for case in CASES.iter().filter(|case| !case.filled.is_empty()) {
        let desk = Desk::new();
        desk.write(case.file, case.foreign);
        let before = desk.all();
        let shown = desk.say(&[&["setup"], case.args, &["--dry-run"]].concat());
        let removed = |line: &str| line.starts_with('-') && !line.starts_with("---") && line.contains(case.gone);
        assert!(shown.out.lines().any(removed), "{}", shown.out);
        desk.setup(case.args);
        assert!(!desk.text(case.file).contains(case.gone));
        desk.setup(&[case.program(), "--undo"]);
        assert_eq!(desk.all(), before);
    }
}

#[test]
fn after_a_change_elsewhere_in_the_file_only_what_was_written_goes() {
    // JSON has no place for a line that means nothing.
    for case in CASES.iter().filter(|case| !case.filled.is_empty() && !case.filled.starts_with('{')) {
        let mine = "# later\n";
        let desk = Desk::new();
        desk.write(case.file, case.filled);
        desk.setup(case.args);
        desk.write(case.file, &format!("{mine}{}", desk.text(case.file)));
        // Setting up once more, for something else, keeps the way back.
        desk.setup(&[case.args, &["--profile", "work"]].concat());
        desk.setup(&[case.program(), "--undo"]);
        assert_eq!(desk.text(case.file), format!("{mine}{}", case.filled), "{}", case.file);
        assert!(!desk.path(&format!("{}.before-credlatch", case.file)).exists());
    }
}

#[test]
fn what_was_written_and_then_changed_is_left_to_the_person() {
    let desk = Desk::new();
    desk.write(".claude/settings.json", "{\n  \"model\": \"opus\"\n}\n");
    desk.setup(&["claude-code", "anthropic"]);
    let changed =
        desk.text(".claude/settings.json").replace("helper claude anthropic", "helper claude anthropic # mine");
    desk.write(".claude/settings.json", &changed);
    let before = desk.all();
    let refused = desk.say(&["setup", "claude-code", "--undo", "--yes"]);
    refused.failed(1, "was changed since");
    assert!(
        refused.err.contains("settings.json.before-credlatch") && refused.err.contains("by hand"),
        "{}",
        refused.err
    );
    assert_eq!(desk.all(), before);

    // Once credlatch is out of it, nothing is changed any more, and the backup is named.
    desk.write(".claude/settings.json", "{\"model\": \"haiku\"}\n");
    let done = desk.setup(&["claude-code", "--undo"]);
    assert!(done.err.contains("settings.json.before-credlatch"), "{}", done.err);
    assert_eq!(desk.text(".claude/settings.json"), "{\"model\": \"haiku\"}\n");
    assert!(desk.path(".claude/settings.json.before-credlatch").exists());
}

#[test]
fn a_second_setup_of_the_same_program_is_taken_back_together_with_the_first() {
    let desk = Desk::new();
    desk.write(".gitconfig", "[user]\n\tname = Ann\n");
    let before = desk.all();
    desk.setup(&["git", "forge", "--host", "one.example"]);
    desk.setup(&["git", "forge", "--host", "two.example"]);
    assert!(desk.text(".gitconfig").contains("one.example") && desk.text(".gitconfig").contains("two.example"));
    desk.setup(&["git", "--undo"]);
    assert_eq!(desk.all(), before);
}

#[test]
fn a_symbolic_link_is_followed_and_stays() {
    let desk = Desk::new();
    desk.write("dotfiles/gitconfig", "[user]\n\tname = Ann\n");
    symlink("dotfiles/gitconfig", desk.path(".gitconfig")).unwrap();
    let before = desk.all();
    desk.setup(&["git", "forge"]);
    assert!(fs::symlink_metadata(desk.path(".gitconfig")).unwrap().is_symlink());
    assert!(desk.text("dotfiles/gitconfig").contains("forge.example"));
    desk.setup(&["git", "--undo"]);
    assert_eq!(desk.all(), before);
}

#[test]
fn each_programs_own_variable_names_the_file() {
    for (case, (variable, value, file)) in CASES.iter().zip([
        ("GIT_CONFIG_GLOBAL", "moved/config", "moved/config"),
        ("DOCKER_CONFIG", "moved", "moved/config.json"),
        ("CARGO_HOME", "moved", "moved/config.toml"),
        ("AWS_CONFIG_FILE", "moved/config", "moved/config"),
        ("KUBECONFIG", "none:moved/config", "moved/config"),
        ("CLAUDE_CONFIG_DIR", "moved", "moved/settings.json"),
        ("CODEX_HOME", "moved", "moved/config.toml"),
    ]) {
        let desk = Desk::new();
        let at_home: Vec<_> = value.split(':').map(|part| desk.path(part).display().to_string()).collect();
        desk.write(file, case.filled);
        let mut command = desk.command(&[&["setup"], case.args, &["--yes"]].concat());
        let said = crate::helper::said(command.env(variable, at_home.join(":")));
        assert_eq!(said.status, 0, "{}", said.err);
        assert!(desk.text(file).contains(case.args[1]) && !desk.path(case.file).exists(), "{variable}");
    }
}
