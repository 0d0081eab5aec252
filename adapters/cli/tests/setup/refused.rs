//! What is not done, and what is said instead.

use std::fs;

use crate::cases::CASES;
use crate::desk::Desk;
use crate::helper::said;

#[test]
fn what_is_not_understood_is_left_as_it_is_and_none_of_it_is_repeated() {
    for case in &CASES {
        for odd in case.odd {
            let desk = Desk::new();
            desk.write(case.file, odd);
            let before = desk.all();
            for how in ["--yes", "--dry-run"] {
                let refused = desk.say(&[&["setup"], case.args, &[how]].concat());
                refused.failed(1, case.file);
                assert!(
                    refused.err.contains("nothing was changed") && !refused.err.contains("hush"),
                    "{}",
                    refused.err
                );
            }
            assert_eq!(desk.all(), before, "{odd}");
        }
    }
}

#[test]
fn where_nobody_can_be_asked_nothing_is_written() {
    for case in &CASES {
        let desk = Desk::new();
        if !case.filled.is_empty() {
            desk.write(case.file, case.filled);
        }
        let before = desk.all();
        for json in [&[][..], &["--json"]] {
            let refused = desk.say(&[&["setup"], case.args, json].concat());
            assert_eq!(refused.status, 2);
            assert!(refused.err.contains("--yes") && refused.err.contains("--dry-run"), "{}", refused.err);
        }
        assert_eq!(desk.all(), before);
        desk.setup(case.args);
        let written = desk.all();
        desk.say(&["setup", case.program(), "--undo"]).failed(2, "nobody can be asked");
        assert_eq!(desk.all(), written);
    }
}

#[test]
fn no_secret_of_a_file_is_shown() {
    for case in CASES.iter().filter(|case| case.filled.contains("hush")) {
        let desk = Desk::new();
        desk.write(case.file, case.filled);
        for json in [&[][..], &["--json"]] {
            let shown = desk.say(&[&["setup"], case.args, &["--dry-run"], json].concat());
            assert!(shown.out.contains('…'), "{}", shown.out);
            assert!(!shown.out.contains("hush"), "{}", shown.out);
        }
        desk.setup(case.args);
        let shown = desk.say(&["setup", case.program(), "--undo", "--dry-run"]);
        assert!(shown.out.contains("\n-") && !shown.out.contains("hush"), "{}", shown.out);
        let remembered = fs::read_to_string(desk.world.home.path().join("setups.json")).unwrap();
        assert!(!remembered.contains("hush"), "{remembered}");
    }
}

#[test]
fn a_file_that_could_not_be_put_back_as_it_was_is_left_alone() {
    let desk = Desk::new();
    desk.write(".gitconfig", "[user]\n");
    fs::hard_link(desk.path(".gitconfig"), desk.path("second")).unwrap();
    desk.say(&["setup", "git", "forge", "--yes"]).failed(1, "hard links");
    fs::remove_file(desk.path("second")).unwrap();
    fs::remove_file(desk.path(".gitconfig")).unwrap();
    std::os::unix::fs::symlink("nowhere", desk.path(".gitconfig")).unwrap();
    desk.say(&["setup", "git", "forge", "--yes"]).failed(1, "leads to nothing");
    fs::remove_file(desk.path(".gitconfig")).unwrap();
    fs::create_dir(desk.path(".gitconfig")).unwrap();
    desk.say(&["setup", "git", "forge", "--yes"]).failed(1, "is a folder");
}

#[test]
fn a_backup_that_nobody_remembers_is_not_overwritten() {
    let desk = Desk::new();
    desk.write(".gitconfig", "[user]\n");
    desk.write(".gitconfig.before-credlatch", "[older]\n");
    let before = desk.all();
    desk.say(&["setup", "git", "forge", "--yes"]).failed(1, ".gitconfig.before-credlatch is there already");
    assert_eq!(desk.all(), before);
}

#[test]
fn what_does_not_fit_a_program_is_a_usage_error() {
    let desk = Desk::new();
    for (args, word) in [
        (&["claude-code", "openai"][..], "doesn't speak Anthropic's dialect"),
        (&["git", "nobody"], "no provider is called"),
        (&["git"], "something is missing"),
        (&["git", "forge", "--undo"], "don't go together"),
        (&["git", "anthropic", "--host", "a/b"], "--host"),
        (&["docker", "forge"], "something is missing"),
        (&["aws", "forge", "--aws-profile", "a]b"], "the AWS profile"),
        (&["kubectl", "forge", "--user", "a b"], "the user's name"),
    ] {
        let refused = desk.say(&[&["setup"], args, &["--yes"]].concat());
        refused.failed(2, word);
    }
    assert!(desk.all().is_empty());
    let mut command = desk.command(&["setup", "kubectl", "forge", "--user", "me", "--yes"]);
    said(command.env("KUBECONFIG", "/nowhere/at/all")).failed(2, "KUBECONFIG names no file");
}

#[test]
fn keys_in_awss_own_file_which_clients_take_first_are_told() {
    let desk = Desk::new();
    desk.write(".aws/credentials", "[default]\naws_secret_access_key = hush\n");
    let refused = desk.say(&["setup", "aws", "forge", "--yes"]);
    refused.failed(1, ".aws/credentials has keys for default");
    assert!(!refused.err.contains("hush"));
    desk.setup(&["aws", "forge", "--aws-profile", "other"]);
}
