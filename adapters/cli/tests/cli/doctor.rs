//! `doctor`: what it says, to people and to programs, and how it ends. What it finds is tested with the library.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::helper::{Home, Said, said};
use super::needs::{is_root, missing};
use super::programs::copy_program;

/// The answer, whatever the exit status; that it has, though.
fn diagnosis(said: &Said, status: i32) -> Value {
    assert_eq!((said.status, said.err.as_str()), (status, ""), "{}", said.out);
    serde_json::from_str(&said.out).unwrap()
}

fn severities(diagnosis: &Value) -> Vec<&str> {
    diagnosis["findings"].as_array().unwrap().iter().map(|finding| finding["severity"].as_str().unwrap()).collect()
}

/// What the one finding with this word says.
#[track_caller]
fn finding<'a>(diagnosis: &'a Value, word: &str) -> &'a Value {
    let has = |finding: &&Value| finding["what"].as_str().unwrap().contains(word);
    let found: Vec<_> = diagnosis["findings"].as_array().unwrap().iter().filter(has).collect();
    assert_eq!(found.len(), 1, "{word:?}: {diagnosis:#}");
    found[0]
}

#[test]
fn it_has_the_promised_fields_and_ends_well_where_nothing_is_wrong() {
    let home = Home::new();
    let empty = diagnosis(&home.say(&["doctor", "--json"]), 0);
    assert_eq!((&empty["profile"], &empty["providers"]), (&json!("default"), &json!([])));
    assert!(!home.path().exists(), "it makes nothing");
    home.set("minimax", "mm-key-1");
    let one = diagnosis(&home.say(&["doctor", "--json"]), 0);
    for finding in one["findings"].as_array().unwrap() {
        for field in ["severity", "what", "remedy", "about"] {
            assert!(finding[field].is_string(), "{finding}");
        }
    }
    assert_eq!(
        one["providers"],
        json!([{
            "id": "minimax",
            "strategy": "fill_first",
            "used": "default",
            "why": "the first that may be used",
            "entries": [{
                "label": "default", "kind": "api_key", "source": "manual", "health": "ok", "used": true,
                "why": "used: the first that may be used", "expires_at": null, "rests_until": null,
                "models_rest_until": {}, "presents_at": null, "holder": null,
            }],
            "flow": null,
        }])
    );
    assert_eq!(one["generation"], 1);
    assert_eq!(one["store"]["document"], home.document().to_str().unwrap());
    let text = home.say(&["doctor"]);
    assert!(text.status == 0 && text.out.contains("Nothing is wrong."), "{}", text.out);
}

#[test]
fn it_ends_with_one_where_something_is_wrong_and_says_what_to_do() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let inherited = |json: &[&str]| {
        said(home.command(&[&["doctor"], json].concat()).env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-0123456789"))
    };
    let wrong = diagnosis(&inherited(&["--json"]), 1);
    assert_eq!(severities(&wrong).iter().filter(|severity| **severity == "warning").count(), 1);
    assert_eq!(finding(&wrong, "CLAUDE_CODE_OAUTH_TOKEN")["about"], "outside");
    let text = inherited(&[]);
    assert_eq!((text.status, text.err.as_str()), (1, ""));
    assert!(text.out.contains("warning  CLAUDE_CODE_OAUTH_TOKEN is set"), "{}", text.out);
    assert!(text.out.contains("-> `credlatch run minimax -- PROGRAM`"), "{}", text.out);
    assert!(!text.out.contains("Nothing is wrong"));
    assert!(
        text.out.find("warning ").unwrap() < text.out.find("\nok ").unwrap(),
        "what is wrong comes first: {}",
        text.out
    );
}

#[test]
fn it_works_where_nothing_else_does() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    fs::write(home.document(), "{\"version\":1,").unwrap();
    let before = fs::read(home.document()).unwrap();
    let torn = diagnosis(&home.say(&["doctor", "--json"]), 1);
    assert_eq!(finding(&torn, "can't be read as a profile")["severity"], "error");
    assert_eq!((&torn["generation"], &torn["providers"]), (&Value::Null, &json!([])));
    assert_eq!(fs::read(home.document()).unwrap(), before);
    assert!(home.say(&["doctor"]).out.contains("can't be read"));

    // A file stands where the home should be.
    let file = home.folder().join("file");
    fs::write(&file, "").unwrap();
    let said = home.say(&["--home", file.to_str().unwrap(), "doctor", "--json"]);
    assert!(severities(&diagnosis(&said, 1)).contains(&"error"));

    // The provider file can't be used: that is told, and the rest is looked over as without it.
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let said = home.say(&["doctor", "--json", "--providers", file.to_str().unwrap()]);
    let told = diagnosis(&said, 1);
    assert_eq!(finding(&told, "the provider file")["severity"], "error");
    assert_eq!(told["providers"][0]["used"], "default");
    // A call that makes no sense is still a call that makes no sense.
    home.say(&["doctor", "--profile", "No Such Name"]).failed(2, "profile");
}

#[test]
fn no_line_is_wider_than_eighty_columns_but_for_what_must_stay_whole() {
    let home = Home::new();
    let label = "a very long label, as a person might choose who wants to remember where the key came from";
    assert_eq!(home.feed(&["set", "minimax", "--label", label], "mm-key-1").status, 0);
    let token = r#"{"access_token":"at-1","expires_in":1}"#;
    assert_eq!(home.feed(&["set", "openai-codex", "--kind", "oauth", "--label", label], token).status, 0);
    fs::copy(home.document(), home.path().join("profiles/default.json.bak")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let said = said(home.command(&["doctor"]).env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-0123456789"));
    assert_eq!(said.status, 1);
    for line in said.out.lines() {
        // A path and a quoted command stay whole.
        let is_whole = !line.trim_start().contains(' ') || line.contains('`') || line.contains("'/");
        assert!(line.chars().count() <= 80 || is_whole, "{line}");
        assert_eq!(line, line.trim_end());
    }
    assert!(said.out.lines().count() > 15, "{}", said.out);
}

/// A place with a file system of its own, in a mount namespace that ends with the command.
fn in_a_mount(home: &Home, options: &str, then: &str) -> Option<Said> {
    let place = home.folder().join("mounted");
    fs::create_dir(&place).unwrap();
    let exe = env!("CARGO_BIN_EXE_credlatch");
    let script = format!(
        "mount -t tmpfs -o mode=0700,{options} none '{place}' && export CREDLATCH_HOME='{place}'/store \
         && {{ printf mm-key-1 | {exe} set minimax >/dev/null; {then} {exe} doctor --json; }}",
        place = place.display(),
    );
    let args = if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-r", "-m"] };
    let can_mount = Command::new("unshare").args(args).args(["mount", "-t", "tmpfs", "none", "/tmp"]).output();
    if !can_mount.is_ok_and(|tried| tried.status.success()) {
        missing("`unshare -m` that can mount a file system");
        return None;
    }
    let mut command = home.command(&[]);
    let vars: Vec<_> = command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    command = Command::new("unshare");
    command.args(args).args(["sh", "-c", &script]).env_clear().envs(vars).current_dir(home.folder());
    Some(said(&mut command))
}

#[test]
fn a_full_disk_a_read_only_one_and_one_in_memory_are_told() {
    for (options, then, word, severity) in [
        ("size=4m", "", "is gone when the machine restarts", "note"),
        ("size=1m", "head -c 1048576 /dev/zero >\"$CREDLATCH_HOME\"/filler 2>/dev/null;", "bytes are free", "warning"),
        ("size=4m", "mount -o remount,bind,ro \"${CREDLATCH_HOME%/store}\" &&", "mounted read-only", "warning"),
    ] {
        let home = Home::new();
        let Some(said) = in_a_mount(&home, options, then) else { return };
        let told = diagnosis(&said, i32::from(severity == "warning"));
        assert_eq!(finding(&told, word)["severity"], severity, "{told:#}");
        assert_eq!(told["store"]["file_system"], "tmpfs");
        assert_eq!(told["providers"][0]["used"], "default", "{word}: what is there is read");
    }
}

#[test]
fn failure_31_a_store_of_another_user_is_told_by_whoever_looks() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    if !is_root("can give files away") {
        return;
    }
    // As after `docker exec`: root wrote what another user is to read.
    let exe = home.folder().join("credlatch");
    copy_program(Path::new(env!("CARGO_BIN_EXE_credlatch")), &exe);
    for folder in [home.folder(), &home.path()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(&exe);
    command.args(["doctor", "--json"]).env_clear().env("CREDLATCH_HOME", home.path()).current_dir(Path::new("/"));
    let told = diagnosis(&said(command.uid(65_534).gid(65_534)), 1);
    let finding = finding(&told, "root made it");
    assert_eq!(finding["severity"], "error");
    assert!(finding["remedy"].as_str().unwrap().contains("sudo chown -R 65534"), "{finding}");
}
