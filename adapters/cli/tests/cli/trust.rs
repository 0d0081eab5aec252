//! Files and paths that decide where a credential goes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use super::helper::{Home, Said, said};

const ROW: &str = r#"{"providers":[{"id":"acme","env":{"api_key":["ACME_API_KEY"]}}]}"#;

fn with_file(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("CREDLATCH_PROVIDERS", home.folder().join("providers.json"));
    command
}

#[test]
fn a_provider_file_that_others_may_write_is_not_used_and_the_error_says_how_to_close_it() {
    let home = Home::new();
    let file = home.folder().join("providers.json");
    fs::write(&file, ROW).unwrap();
    assert_eq!(said(&mut with_file(&home, &["providers"])).status, 0);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = said(&mut with_file(&home, &["status"]));
    refused.failed(2, "may be written to by every user");
    assert!(refused.err.contains("-w '"), "{}", refused.err);
    assert!(refused.err.contains("0666") && refused.err.contains(file.to_str().unwrap()), "{}", refused.err);
    let doctor = said(&mut with_file(&home, &["doctor"]));
    assert_eq!(doctor.status, 1);
    assert!(doctor.out.contains("chmod o-w"), "{}", doctor.out);
}

#[test]
fn a_provider_file_that_is_a_pipe_or_has_no_end_holds_no_command_up() {
    let home = Home::new();
    let file = home.folder().join("providers.json");
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let began = Instant::now();
    said(&mut with_file(&home, &["status"])).failed(2, "is not a plain file");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert_eq!(said(&mut with_file(&home, &["status"])).status, 2);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_path_from_the_environment_means_the_same_in_every_directory() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    fs::write(home.folder().join("providers.json"), ROW).unwrap();
    let relative = |name: &str, value: &str| -> Said {
        let mut command = home.command(&["status"]);
        if name == "CREDLATCH_STORE" {
            command.env_remove("CREDLATCH_HOME");
        }
        said(command.env(name, value))
    };
    for (name, value) in [
        ("CREDLATCH_HOME", "store"),
        ("CREDLATCH_HOME", "./store"),
        ("CREDLATCH_PROVIDERS", "providers.json"),
        ("CREDLATCH_STORE", "hermes:auth.json"),
    ] {
        relative(name, value).failed(2, &format!("{name} is not an absolute path"));
    }
    for (name, value) in [
        ("CREDLATCH_HOME", "~/store"),
        ("CREDLATCH_HOME", "~"),
        ("CREDLATCH_PROVIDERS", "~/providers.json"),
        ("CREDLATCH_STORE", "hermes:~/auth.json"),
    ] {
        relative(name, value).failed(2, "no shell has replaced");
    }
    assert!(!home.folder().join("~").exists());
    // What was typed means what it says where it was typed, before the command and after it.
    let typed = |args: &[&str]| said(home.command(args).env("CREDLATCH_HOME", "inherited"));
    assert_eq!(typed(&["token", "minimax", "--home", "./store"]).out, "mm-key-1\n");
    assert_eq!(typed(&["--home", "store", "token", "minimax"]).out, "mm-key-1\n");
    assert_eq!(home.say(&["providers", "--providers", "./providers.json"]).status, 0);
    home.say(&["status", "--home", "~/store"]).failed(2, "no shell has replaced");
    home.say(&["status", "--providers", "~/providers.json"]).failed(2, "no shell has replaced");
    said(home.command(&["status"]).env_remove("CREDLATCH_HOME").env("HOME", "nobody")).failed(2, "mend HOME");
}
