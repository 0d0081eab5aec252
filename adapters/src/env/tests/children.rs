//! Children get what was planned for them, and this process' own environment is only read.

use std::process::Command;

use super::*;
use crate::env::PlannedCommand;
use crate::testing::{passes, rerun};

const FOREIGN: [(&str, &str); 6] = [
    ("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-alien"),
    ("ANTHROPIC_API_KEY", "sk-ant-api03-alien"),
    ("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    ("OPENAI_API_KEY", "sk-proj-alien"),
    ("INNOCENT_NAME", "sk-ant-oat01-alien"),
    ("AWS_SECRET_ACCESS_KEY", "alien"),
];

/// A process that inherits foreign credentials, and runs `env` as planned.
fn env_seen_by_a_child(how: &str, shape: &str) -> String {
    let mut child = rerun("env::tests::children::runs_env_as_planned");
    child.envs(FOREIGN).env("HARMLESS", "stays").env("HOW", how).env("SHAPE", shape);
    if how == "exec" {
        let output = child.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    } else {
        passes(child)
    }
}

#[test]
fn runs_env_as_planned() {
    let (Ok(how), Ok(shape)) = (std::env::var("HOW"), std::env::var("SHAPE")) else { return };
    let before: Vec<_> = std::env::vars_os().collect();
    let plan = plan_for("minimax", "mm-key-1", shape.parse().unwrap(), before.clone());
    let mut command = PlannedCommand::new("env").apply(&plan);
    // The line that the test harness has begun would hide the first variable.
    print_out(b"\n");
    match how.as_str() {
        "exec" => panic!("{}", command.exec()),
        "status" => assert!(command.status().unwrap().success()),
        "spawn" => assert!(command.spawn().unwrap().wait().unwrap().success()),
        _ => print_out(&command.output().unwrap().stdout),
    }
    assert_eq!(std::env::vars_os().collect::<Vec<_>>(), before, "this process' environment is as it was");
}

fn print_out(text: &[u8]) {
    std::io::Write::write_all(&mut std::io::stdout(), text).unwrap();
}

#[test]
fn report_81_no_inherited_credential_reaches_a_child() {
    for how in ["output", "status", "spawn", "exec"] {
        let seen = env_seen_by_a_child(how, "own");
        assert!(seen.contains("\nMINIMAX_API_KEY=mm-key-1\n"), "{how}: {seen}");
        assert!(seen.contains("\nHARMLESS=stays\n"), "{how}: {seen}");
        assert!(!seen.contains("alien") && !seen.contains("ANTHROPIC"), "{how}: {seen}");
    }
}

#[test]
fn report_81_a_child_made_for_anthropic_gets_the_providers_own_address_and_key() {
    let seen = env_seen_by_a_child("exec", "anthropic");
    assert!(seen.contains("\nANTHROPIC_BASE_URL=https://api.minimax.io/anthropic\n"), "{seen}");
    assert!(seen.contains("\nANTHROPIC_AUTH_TOKEN=mm-key-1\n"), "{seen}");
    assert!(!seen.contains("alien") && !seen.contains("ANTHROPIC_API_KEY"), "{seen}");
}

#[test]
fn failure_14_a_command_without_a_plan_inherits_nothing() {
    let mut command = Command::new("env");
    command.env("OPENAI_API_KEY", "sk-proj-alien");
    let output = PlannedCommand::from(command).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

#[test]
fn report_3961_e_two_plans_in_one_process_do_not_mix() {
    std::thread::scope(|scope| {
        for profile in ["alice", "bob"] {
            scope.spawn(move || {
                let key = format!("mm-key-{profile}");
                for _ in 0..20 {
                    let plan = plan_for("minimax", &key, Shape::Own, vars(&[("PATH", "/usr/bin:/bin")]));
                    let output = PlannedCommand::new("env").apply(&plan).output().unwrap();
                    let seen = String::from_utf8(output.stdout).unwrap();
                    assert_eq!(seen.matches("mm-key-").count(), 1);
                    assert!(seen.contains(&key));
                }
            });
        }
    });
}

#[test]
fn report_3961_g_nothing_writes_the_process_environment() {
    fn look(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                look(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                if ["set", "remove"].iter().any(|verb| text.contains(&format!("{verb}_var"))) {
                    found.push(path);
                }
            }
        }
    }
    let adapters = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    look(&adapters, &mut found);
    look(&adapters.join("../core"), &mut found);
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn a_command_shows_its_program_and_nothing_else() {
    let plan = plan_for("minimax", "mm-key-1", Shape::Own, Vec::new());
    let command = PlannedCommand::new("agent").arg("--x=mm-key-1").apply(&plan);
    let shown = format!("{command:?}");
    assert!(shown.contains("agent") && !shown.contains("mm-key-1"), "{shown}");
}

#[test]
fn a_program_that_cannot_be_started_says_why_as_shells_do() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "x").unwrap();
    let plan = plan_for("minimax", "mm-key-1", Shape::Own, vars(&[("PATH", "/usr/bin:/bin")]));
    for (program, status) in [("no-such-program".into(), 127), (text, 126), (folder.path().to_owned(), 126)] {
        let error = PlannedCommand::new(&program).apply(&plan).status().unwrap_err();
        assert_eq!(error.exit_status, status, "{error}");
        assert!(!error.remedy().is_empty() && error.to_string().contains(program.to_str().unwrap()));
        let mut child = rerun("env::tests::children::becomes_what_it_cannot");
        child.env("PROGRAM", &program).env("STATUS", status.to_string());
        passes(child);
    }
}

#[test]
fn becomes_what_it_cannot() {
    let (Some(program), Ok(status)) = (std::env::var_os("PROGRAM"), std::env::var("STATUS")) else { return };
    let plan = plan_for("minimax", "mm-key-1", Shape::Own, vars(&[("PATH", "/usr/bin:/bin")]));
    let error = PlannedCommand::new(program).args(["x"]).apply(&plan).exec();
    assert_eq!(error.exit_status.to_string(), status);
}
