//! Files and paths that decide where a credential goes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use credlatch::core::provider::{Provider, TableFile};
use credlatch_sandbox::Sandbox;

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
    assert!(doctor.out.contains("close it: chmod"), "{}", doctor.out);
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
        ("CREDLATCH_CLAIMS", "claims"),
        ("CREDLATCH_FINGERPRINT_KEY", "./key"),
    ] {
        relative(name, value).failed(2, &format!("{name} is not an absolute path"));
    }
    for (name, value) in [
        ("CREDLATCH_HOME", "~/store"),
        ("CREDLATCH_HOME", "~"),
        ("CREDLATCH_PROVIDERS", "~/providers.json"),
        ("CREDLATCH_STORE", "hermes:~/auth.json"),
        ("CREDLATCH_CLAIMS", "~/claims"),
        ("CREDLATCH_FINGERPRINT_KEY", "~/key"),
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

/// A provider file with this row.
fn write_row(home: &Home, row: &Provider) {
    let text = serde_json::to_string(&TableFile { providers: vec![row.clone()] }).unwrap();
    fs::write(home.folder().join("providers.json"), text).unwrap();
}

fn with_rows(home: &Home, args: &[&str]) -> Said {
    said(&mut with_file(home, args))
}

/// What doctor says in JSON, whether anything is wrong or not.
fn told(doctor: &Said) -> serde_json::Value {
    serde_json::from_str(&doctor.out).unwrap()
}

/// Stores a login of the sandbox that has ended, and may be renewed.
fn set_login(home: &Home, provider: &str, sandbox: &Sandbox) {
    let (access, refresh) = sandbox.grant();
    let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":1}}"#);
    let file = home.folder().join("providers.json");
    let args = ["set", provider, "--kind", "oauth", "--providers", file.to_str().unwrap()];
    assert_eq!(home.feed(&args, login).status, 0);
    std::thread::sleep(Duration::from_millis(1100));
}

#[test]
fn a_refresh_token_is_not_sent_to_another_host_until_a_person_says_so() {
    let (home, first, other) = (Home::new(), Sandbox::start().unwrap(), Sandbox::start().unwrap());
    write_row(&home, &first.provider_row("acme"));
    set_login(&home, "acme", &first);
    write_row(&home, &other.provider_row("acme"));

    let refused = with_rows(&home, &["token", "acme"]);
    refused.failed(2, first.url());
    for told in [other.url(), "`credlatch providers --accept acme`"] {
        assert!(refused.err.contains(told), "{}", refused.err);
    }
    with_rows(&home, &["rotate", "acme"]).failed(2, "was not sent there");
    let doctor = with_rows(&home, &["doctor", "--json"]);
    assert_eq!(doctor.status, 1);
    let findings = told(&doctor)["findings"].to_string();
    assert!(findings.contains("was not sent there") && findings.contains(other.url()), "{findings}");
    assert_eq!(other.stats().refresh_requests, 0);

    // With its row as it was it is renewed as if nothing had been.
    write_row(&home, &first.provider_row("acme"));
    assert_eq!(with_rows(&home, &["rotate", "acme"]).status, 0);
    write_row(&home, &other.provider_row("acme"));
    let accepted = with_rows(&home, &["providers", "--accept", "acme", "--json"]).json();
    assert_eq!(accepted, serde_json::json!({"accepted": "acme", "hosts": [other.url()]}));
    with_rows(&home, &["rotate", "acme"]).failed(4, "acme");
    assert_eq!(other.stats().refresh_requests, 1, "it was sent, and the other server knows nothing of it");

    // What was agreed to is these hosts and no others.
    let third = Sandbox::start().unwrap();
    set_login(&home, "acme", &other);
    write_row(&home, &third.provider_row("acme"));
    with_rows(&home, &["token", "acme"]).failed(2, third.url());
}

#[test]
fn a_cleared_login_is_not_named_to_the_revocation_endpoint_of_another_host() {
    let (home, first, other) = (Home::new(), Sandbox::start().unwrap(), Sandbox::start().unwrap());
    write_row(&home, &first.provider_row("acme"));
    set_login(&home, "acme", &first);
    let mut moved = first.provider_row("acme");
    moved.oauth.as_mut().unwrap().revocation_endpoint = other.provider_row("acme").oauth.unwrap().revocation_endpoint;
    write_row(&home, &moved);
    assert_eq!(with_rows(&home, &["clear", "acme", "--json"]).json()["revoked"], "no");
    // People read where it would have gone, and how to agree to that.
    for taking in [&["clear", "acme"][..], &["remove", "acme", "--label", "default"]] {
        write_row(&home, &first.provider_row("acme"));
        set_login(&home, "acme", &first);
        write_row(&home, &moved);
        let cleared = with_rows(&home, taking);
        assert_eq!(cleared.status, 0, "{}", cleared.err);
        for told in ["was not revoked", first.url(), other.url(), "`credlatch providers --accept acme`"] {
            assert!(cleared.out.contains(told), "{told}: {}", cleared.out);
        }
    }
    assert_eq!((first.stats().revocations, other.stats().revocations), (0, 0));
}

#[test]
fn a_login_of_an_older_store_is_bound_by_its_next_commit_and_nobody_is_asked_to_sign_in() {
    let (home, first, other) = (Home::new(), Sandbox::start().unwrap(), Sandbox::start().unwrap());
    write_row(&home, &first.provider_row("acme"));
    set_login(&home, "acme", &first);
    let text = fs::read_to_string(home.document()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let grant = &mut document["profile"]["providers"]["acme"]["entries"][0]["material"]["oauth"];
    assert_eq!(grant["origins"]["token"], first.url());
    grant.as_object_mut().unwrap().remove("origins");
    fs::write(home.document(), document.to_string()).unwrap();

    assert_eq!(with_rows(&home, &["rotate", "acme"]).status, 0);
    write_row(&home, &other.provider_row("acme"));
    with_rows(&home, &["rotate", "acme"]).failed(2, "was not sent there");
}

#[test]
fn a_row_that_moves_a_shipped_provider_is_loud_until_a_person_agreed_and_stops_no_other() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    home.set("openai", "oa-key-1");
    let row = |base: &str| {
        let row = format!(
            r#"{{"id":"minimax","env":{{"api_key":["MINIMAX_API_KEY"]}},"base_urls":{{"anthropic":"{base}"}}}}"#
        );
        write_row(&home, &serde_json::from_str(&row).unwrap());
    };
    row("https://evil.example/v1");
    for args in [&["token", "minimax"][..], &["env", "minimax", "--as", "anthropic"], &["helper", "aws", "minimax"]] {
        let refused = with_rows(&home, args);
        refused.failed(2, "https://evil.example");
        for told in
            ["row of minimax", "providers.json", "https://api.minimax.io", "`credlatch providers --accept minimax`"]
        {
            assert!(refused.err.contains(told), "{told}: {}", refused.err);
        }
    }
    with_rows(&home, &["run", "minimax", "--as", "anthropic", "--", "env"]).failed(125, "https://evil.example");
    assert_eq!(with_rows(&home, &["token", "openai"]).out, "oa-key-1\n", "the others are as they were");
    assert_eq!(with_rows(&home, &["status"]).status, 0);
    let doctor = with_rows(&home, &["doctor", "--json"]);
    assert_eq!(doctor.status, 1);
    let loud = told(&doctor)["findings"].as_array().unwrap().iter().any(|finding| {
        finding["severity"] == "error"
            && finding["provider"] == "minimax"
            && finding["what"].to_string().contains("evil")
    });
    assert!(loud, "{}", doctor.out);

    assert_eq!(with_rows(&home, &["providers", "--accept", "minimax"]).status, 0);
    assert_eq!(with_rows(&home, &["token", "minimax"]).out, "mm-key-1\n");
    let doctor = with_rows(&home, &["doctor", "--json"]);
    assert_eq!(doctor.status, 0);
    assert!(doctor.out.contains("https://evil.example") && doctor.out.contains("the row that ships"), "{}", doctor.out);

    row("https://worse.example/v1");
    with_rows(&home, &["token", "minimax"]).failed(2, "https://worse.example");
    let cleared = with_rows(&home, &["clear", "minimax", "--json"]);
    assert_eq!(cleared.json()["cleared"][0]["id"], "minimax", "taking away sends nothing anywhere");
}

#[test]
fn doctor_names_each_row_that_a_file_replaces() {
    let home = Home::new();
    fs::write(home.folder().join("providers.json"), r#"{"providers":[{"id":"mistral"},{"id":"acme"}]}"#).unwrap();
    let doctor = with_rows(&home, &["doctor", "--json"]);
    assert_eq!(doctor.status, 0, "{}", doctor.out);
    let findings = told(&doctor)["findings"].as_array().unwrap().clone();
    let of = |id: &str| findings.iter().filter(|finding| finding["provider"] == id).count();
    assert_eq!((of("mistral"), of("acme")), (1, 0), "{findings:?}");
}

#[test]
fn a_row_that_names_what_every_program_reads_is_refused_with_file_row_and_field() {
    let home = Home::new();
    let file = home.folder().join("providers.json");
    for (fields, told) in [
        (
            r#""env":{"api_key":["LD_PRELOAD"]}"#,
            "`env.api_key[0]`: LD_PRELOAD can't be a provider's: the system's loader",
        ),
        (r#""env":{"base_url":["A_URL","PATH"]}"#, "`env.base_url[1]`: PATH can't be a provider's: shells"),
        (r#""env":{"either":["ANTHROPIC_CONFIG_DIR"]}"#, "`env.either[0]`: ANTHROPIC_CONFIG_DIR can't be"),
        (r#""token_prefixes":{"api_key":["/usr"]}"#, "`token_prefixes.api_key[0]`: a token prefix has"),
        (r#""native_hosts":"acme.example""#, "`native_hosts`: that is not what belongs there (line 1, column"),
    ] {
        fs::write(&file, format!(r#"{{"providers":[{{"id":"acme",{fields}}}]}}"#)).unwrap();
        let refused = said(&mut with_file(&home, &["status"]));
        refused.failed(2, &format!("providers.json can't be used: `acme`: {told}"));
    }
}
