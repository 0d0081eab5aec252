//! Where a program has no configuration yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::cases::CASES;
use crate::desk::Desk;
use crate::guide::{self, block};

#[test]
fn what_is_written_for_each_program_is_the_block_of_the_guide_and_all_of_it_goes_again() {
    for case in &CASES {
        let desk = Desk::new();
        let said = desk.setup(case.args);
        assert!(said.out.contains(case.file), "{}", said.out);
        assert_eq!(desk.text(case.file), block(case.block), "{}", case.file);
        desk.setup(&[case.program(), "--undo"]);
        assert_eq!(desk.all().keys().collect::<Vec<_>>(), Vec::<&std::path::PathBuf>::new());
    }
}

#[test]
fn the_script_that_docker_calls_is_the_block_of_the_guide_and_can_be_started() {
    let desk = Desk::new();
    let said = desk.setup(&["docker", "forge", "--registry", "registry.example", "--username", "YOU"]);
    let script = ".local/bin/docker-credential-forge";
    assert_eq!(desk.text(script), block(guide::DOCKER_SCRIPT));
    assert_eq!(fs::metadata(desk.path(script)).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(said.err.contains("isn't on it") && said.err.contains(".local/bin"), "{}", said.err);

    // A second registry is added to the same script.
    desk.setup(&["docker", "forge", "--registry", "second.example:5000"]);
    assert!(desk.text(script).contains("--host registry.example --host second.example:5000 \"$@\""));
    desk.setup(&["docker", "--undo"]);
    assert!(desk.all().is_empty());
}

#[test]
fn a_profile_and_a_place_that_were_named_are_in_what_is_written() {
    for case in &CASES {
        let desk = Desk::new();
        desk.setup(&[case.args, &["--profile", "work", "--home", "a b"]].concat());
        let text = if case.program() == "docker" {
            assert!(desk.text(case.file).contains("\"forge-work\""));
            desk.text(".local/bin/docker-credential-forge-work")
        } else {
            desk.text(case.file)
        };
        let place = desk.world.path("a b").display().to_string();
        let words: String = text.chars().filter(|c| !"\",'[]".contains(*c)).collect();
        assert!(words.contains("--profile work --home"), "{text}");
        assert!(words.contains(&place), "{text}");
        assert!(desk.say(&["doctor"]).status <= 1);
    }
}

#[test]
fn where_the_seals_key_is_that_was_named_is_in_what_is_written() {
    for case in &CASES {
        let desk = Desk::new();
        let key = desk.world.path("a.key").display().to_string();
        for (option, value, written) in [
            ("--seal-key", "a.key", key.as_str()),
            ("--seal-key-command", "pass show it", "pass show it"),
            ("--seal-key-store", "mine", "mine"),
        ] {
            desk.setup(&[case.args, &[option, value]].concat());
            let file = if case.program() == "docker" { ".local/bin/docker-credential-forge" } else { case.file };
            let text = desk.text(file);
            let words: String = text.chars().filter(|c| !"\",'[]".contains(*c)).collect();
            let words = words.replace("\n      - ", " ");
            assert!(words.contains(&format!("{option} {written}")), "{text}");
            desk.setup(&[case.program(), "--undo"]);
        }
    }
}

#[test]
fn what_was_written_opens_a_sealed_store() {
    let desk = Desk::new();
    let forgetful = |args: &[&str]| crate::helper::said(desk.command(args).env("CREDLATCH_SEAL_KEYS", ""));
    assert_eq!(forgetful(&["seal", "--seal-key", "a b.key"]).status, 0);
    desk.setup(&["claude-code", "anthropic", "--seal-key", "a b.key"]);
    let settings: serde_json::Value = serde_json::from_str(&desk.text(".claude/settings.json")).unwrap();
    let mut shell = desk.world.theirs("/bin/sh".as_ref(), &["-c", settings["apiKeyHelper"].as_str().unwrap()]);
    let said = crate::helper::said(shell.env("CREDLATCH_SEAL_KEYS", "").current_dir("/"));
    assert_eq!((said.status, said.out.as_str()), (0, "key-stored-0123456789abcdef\n"), "{}", said.err);
}

#[test]
fn a_program_that_is_not_found_by_its_name_is_named_by_its_whole_path() {
    for case in &CASES {
        let desk = Desk::new();
        let mut command = desk.command(&[&["setup"], case.args, &["--yes"]].concat());
        let said = crate::helper::said(command.env("PATH", "/usr/bin:/bin"));
        assert_eq!(said.status, 0, "{}", said.err);
        assert!(said.err.contains("not found by its name"), "{}", said.err);
        let file = if case.program() == "docker" { ".local/bin/docker-credential-forge" } else { case.file };
        assert!(desk.text(file).contains(env!("CARGO_BIN_EXE_credlatch")), "{}", desk.text(file));
    }
}

#[test]
fn claude_code_gets_the_address_of_another_provider_beside_the_helper() {
    let desk = Desk::new();
    let said = desk.setup(&["claude-code", "minimax"]);
    let settings: serde_json::Value = serde_json::from_str(&desk.text(".claude/settings.json")).unwrap();
    assert_eq!(settings["apiKeyHelper"], "credlatch helper claude minimax");
    assert_eq!(settings["env"]["ANTHROPIC_BASE_URL"], "https://api.minimax.io/anthropic");
    assert!(said.err.contains("nothing is stored for minimax") && said.err.contains("credlatch set minimax"));
    desk.setup(&["claude-code", "anthropic"]);
    let settings: serde_json::Value = serde_json::from_str(&desk.text(".claude/settings.json")).unwrap();
    assert_eq!(settings["env"]["ANTHROPIC_BASE_URL"], "https://api.anthropic.com");
    desk.setup(&["claude-code", "--undo"]);
    assert!(desk.all().is_empty());
}

#[test]
fn kubectl_is_set_up_for_the_user_of_the_current_context() {
    let desk = Desk::new();
    desk.write(
        ".kube/config",
        "apiVersion: v1\ncontexts:\n- context:\n    cluster: here\n    user: me\n  name: here\ncurrent-context: here\n",
    );
    desk.setup(&["kubectl", "forge"]);
    assert!(desk.text(".kube/config").contains("users:\n  - name: me\n    user:\n      exec:\n"));
    desk.write(".kube/config", "apiVersion: v1\n");
    desk.say(&["setup", "kubectl", "forge", "--yes"]).failed(2, "no current context");
}
