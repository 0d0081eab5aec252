//! `run` and what the child would inherit: four classes, what is allowed by name, and several providers at once.

use super::helper::{Home, Said, said};

const KEY: &str = "sk-cp-test-0123456789abcdef";
const OPENAI: &str = "sk-proj-test-0123456789abcdef";

/// Each is somebody else's for a child of minimax, by its class.
const OTHERS: [(&str, &str, &str); 17] = [
    ("ANTHROPIC_PROFILE", "work", "tool"),
    ("ANTHROPIC_ENVIRONMENT_KEY", "environment-key-1", "tool"),
    ("CLAUDE_CODE_USE_MANTLE", "1", "tool"),
    ("CLAUDE_CODE_USE_ANTHROPIC_AWS", "1", "tool"),
    ("CLAUDE_CODE_USE_GATEWAY", "1", "tool"),
    ("CLAUDE_CODE_USE_WHAT_COMES_NEXT", "1", "tool"),
    ("CODEX_AGENT_IDENTITY", "agent-1", "tool"),
    ("OPENCODE_AUTH_CONTENT", "{\"openai\":{\"type\":\"api\",\"key\":\"k\"}}", "tool"),
    ("OPENAI_KEY", "sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH", "provider"),
    ("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other-1", "provider"),
    ("OPENAI_API_KEY_FILE", "/run/secrets/openai", "provider"),
    ("OLD_KEY", "\"Bearer sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH\"", "provider"),
    ("MINE", "'sk-ant-api03-in-quotes'", "provider"),
    ("ELSEWHERE", "https://api.openai.com/v1", "provider"),
    ("AWS_PROFILE", "work", "cloud"),
    ("GOOGLE_OAUTH_ACCESS_TOKEN", "g-1", "cloud"),
    ("AZURE_CLIENT_SECRET", "secret-1", "cloud"),
];

const SUSPECTS: [(&str, &str); 6] = [
    ("GITHUB_TOKEN", "ghp_0123456789"),
    ("DATABASE_URL", "postgres://me:pw@db/x"),
    ("DEPLOY", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"),
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("DOCKER_AUTH_CONFIG", "{}"),
    ("npm_config__authToken", "npm-1"),
];

const HARMLESS: [(&str, &str); 12] = [
    ("ANTHROPIC_MODEL", "m"),
    ("ANTHROPIC_LOG", "debug"),
    ("OPENAI_LOG", "debug"),
    ("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "1000"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_USE_POWERSHELL_TOOL", "1"),
    ("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "1000"),
    ("CODEX_HOME", "/tmp/codex"),
    ("HF_HOME", "/tmp/hf"),
    ("AWS_REGION", "eu-1"),
    ("SSH_AUTH_SOCK", "/run/ssh"),
    ("MAX_TOKENS", "12"),
];

fn home() -> Home {
    let home = Home::new();
    home.set("minimax", KEY);
    home.set("openai", OPENAI);
    home
}

fn run(home: &Home, args: &[&str], program: &[&str]) -> Said {
    let mut command = home.command(&[&["run"], args, &["--"], program].concat());
    command.envs(OTHERS.map(|(name, value, _)| (name, value))).envs(SUSPECTS).envs(HARMLESS);
    said(&mut command)
}

fn value<'a>(env: &'a str, name: &str) -> Option<&'a str> {
    env.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn report_81_nobody_elses_credential_switch_or_login_reaches_a_child() {
    let home = home();
    for args in [&["minimax"][..], &["openai"], &["minimax", "--as", "openai"], &["minimax", "--as", "anthropic"]] {
        let child = run(&home, args, &["env"]);
        assert_eq!(child.status, 0, "{}", child.err);
        for (name, text, _) in OTHERS {
            let is_own = name == "ELSEWHERE" && args == ["openai"];
            assert!(value(&child.out, name) != Some(text) || is_own, "{name} reached the child of {args:?}");
        }
        for (name, _) in SUSPECTS {
            assert!(value(&child.out, name).is_some(), "{name} is lost");
        }
        for (name, text) in HARMLESS {
            assert_eq!(value(&child.out, name), Some(text));
        }
    }
}

#[test]
fn one_line_names_what_is_dropped_and_one_what_looks_like_a_credential() {
    let home = home();
    let child = run(&home, &["minimax"], &["true"]);
    let lines: Vec<&str> = child.err.lines().filter(|line| line.starts_with("credlatch: ")).collect();
    let [dropped, warned] = lines[..] else { panic!("{}", child.err) };
    assert!(OTHERS.iter().all(|(name, ..)| dropped.contains(name)), "{dropped}");
    assert!(SUSPECTS.iter().all(|(name, _)| warned.contains(name)), "{warned}");
    assert!(HARMLESS.iter().all(|(name, _)| !child.err.contains(name)), "{}", child.err);
    assert_eq!(run(&home, &["minimax", "-q"], &["true"]).err, "");
}

#[test]
fn what_is_allowed_by_name_passes_and_is_told() {
    let home = home();
    for (name, text, _) in OTHERS.iter().filter(|(name, ..)| !name.starts_with("OPENAI")) {
        let child = run(&home, &["minimax", "--allow", name], &["env"]);
        assert_eq!(value(&child.out, name), Some(*text), "{}", child.err);
        let told = child.err.lines().find(|line| line.contains("because it is allowed")).unwrap_or_default();
        assert!(told.contains(name) && !told.contains(text), "{}", child.err);
        // Nothing else passes with it.
        let others = OTHERS.iter().filter(|(other, ..)| other != name);
        assert!(others.clone().all(|(other, text, _)| value(&child.out, other) != Some(text)), "{}", child.out);
    }
}

#[test]
fn what_is_allowed_and_is_not_there_is_told() {
    let home = home();
    let child = run(&home, &["minimax", "--allow", "aws_profile", "--allow", "anthropic"], &["env"]);
    assert_eq!(value(&child.out, "AWS_PROFILE"), None, "{}", child.err);
    assert!(child.err.contains("nothing is called aws_profile here"), "{}", child.err);
    assert!(child.err.contains("did you mean `--allow AWS_PROFILE`?"), "{}", child.err);
    assert!(child.err.contains("nothing is called anthropic here"), "{}", child.err);
    let quiet = run(&home, &["minimax", "-q", "--allow", "aws_profile"], &["true"]);
    assert_eq!(quiet.err, "");
}

#[test]
fn report_81_what_is_stored_for_another_provider_reaches_no_child_under_any_name() {
    let home = home();
    home.set("mistral", "0123456789abcdefghijklmnopqrstuv");
    let mut command = home.command(&["run", "minimax", "--", "env"]);
    let child = said(command.env("QUUX", "0123456789abcdefghijklmnopqrstuv").env("OTHER", "0123456789"));
    assert_eq!((value(&child.out, "QUUX"), value(&child.out, "OTHER")), (None, Some("0123456789")), "{}", child.err);
    assert!(child.err.contains("not passed on: QUUX"), "{}", child.err);
    let mut command = home.command(&["run", "minimax", "--with", "mistral", "--", "env"]);
    let child = said(command.env("QUUX", "0123456789abcdefghijklmnopqrstuv"));
    assert!(value(&child.out, "QUUX").is_some(), "it is no stranger's here: {}", child.err);
}

#[test]
fn a_profile_holds_a_list_of_what_is_meant_and_nothing_is_said_of_that() {
    let home = home();
    let listed = said(&mut home.command(&["allow", "AWS_PROFILE", "GITHUB_TOKEN", "OPENAI_BASE_URL", "--json"])).json();
    assert_eq!(listed["allowed"], serde_json::json!(["AWS_PROFILE", "GITHUB_TOKEN", "OPENAI_BASE_URL"]));
    let child = run(&home, &["minimax"], &["env"]);
    assert_eq!(value(&child.out, "AWS_PROFILE"), Some("work"));
    assert!(!child.err.contains("AWS_PROFILE") && !child.err.contains("GITHUB_TOKEN"), "{}", child.err);
    // It decides where this child's key goes, so the list has no say there.
    let mut command = home.command(&["run", "openai", "--", "env"]);
    let child = said(command.env("OPENAI_BASE_URL", "https://elsewhere.example"));
    assert_eq!(value(&child.out, "OPENAI_BASE_URL"), None, "{}", child.err);
    assert!(child.err.contains("not passed on: OPENAI_BASE_URL"), "{}", child.err);

    assert_eq!(home.say(&["allow", "AWS_PROFILE", "--remove"]).status, 0);
    assert_eq!(value(&run(&home, &["minimax"], &["env"]).out, "AWS_PROFILE"), None);
    home.say(&["allow", "A=B"]).failed(2, "no `=` or space");
    let pasted = home.say(&["allow", "sk-ant-api03-pasted-0123456789"]);
    pasted.failed(2, "begins like a credential");
    assert!(!pasted.err.contains("pasted"), "{}", pasted.err);
    let other = said(home.command(&["run", "--profile", "other", "minimax", "--", "env"]).env("GITHUB_TOKEN", "x"));
    other.failed(3, "no minimax credential is stored");
}

#[test]
fn what_decides_whose_credential_is_used_cannot_be_allowed() {
    let home = home();
    for (args, name) in [
        (&["openai"][..], "OPENAI_BASE_URL"),
        (&["openai"], "OPENAI_API_KEY"),
        (&["minimax", "--as", "anthropic"], "ANTHROPIC_AUTH_TOKEN"),
        (&["minimax", "--as", "anthropic"], "ANTHROPIC_API_KEY"),
        (&["minimax", "--as", "openai"], "OPENAI_ORG_ID"),
        (&["minimax", "--as", "openai"], "CODEX_ACCESS_TOKEN"),
        (&["minimax", "--as", "anthropic"], "ANTHROPIC_PROFILE"),
        (&["minimax", "--as", "anthropic"], "CLAUDE_CODE_USE_MANTLE"),
        (&["minimax", "--as", "anthropic"], "ANTHROPIC_CONFIG_DIR"),
        (&["minimax"], "CREDLATCH_PROFILE"),
    ] {
        let refused = run(&home, &[args, &["--allow", name]].concat(), &["true"]);
        refused.failed(125, &format!("{name} can't be allowed here"));
    }
    let other = run(&home, &["minimax", "--allow", "ANTHROPIC_BASE_URL"], &["true"]);
    assert_eq!(other.status, 0, "{}", other.err);
}

#[test]
fn each_provider_that_is_named_gets_its_own_variables_and_nobody_elses() {
    let home = home();
    home.set("groq", "gsk_test0123456789abcdef");
    let child = run(&home, &["minimax", "--with", "openai", "--with", "openai"], &["env"]);
    assert_eq!(value(&child.out, "MINIMAX_API_KEY"), Some(KEY));
    assert_eq!(value(&child.out, "OPENAI_API_KEY"), Some(OPENAI));
    assert_eq!(value(&child.out, "GROQ_API_KEY"), None);
    assert_eq!(value(&child.out, "ELSEWHERE"), Some("https://api.openai.com/v1"), "openai is no stranger here");
    let json = said(&mut home.command(&["env", "minimax", "--with", "openai", "--json"])).json();
    assert_eq!((&json["provider"], &json["with"]), (&"minimax".into(), &serde_json::json!(["openai"])));

    run(&home, &["minimax", "--with", "gemini"], &["true"]).failed(3, "no gemini credential is stored");
    run(&home, &["minimax", "--with", "gemnii"], &["true"]).failed(125, "did you mean `gemini`?");
    let clash = run(&home, &["minimax", "--as", "openai", "--with", "openai"], &["true"]);
    clash.failed(125, "minimax and openai can't be used by one program");
}

#[test]
fn env_shows_the_class_and_the_verdict_of_each_name() {
    let home = home();
    let mut command = home.command(&["env", "minimax", "--json", "--allow", "AWS_PROFILE"]);
    command.envs(OTHERS.map(|(name, value, _)| (name, value))).envs(SUSPECTS).envs(HARMLESS);
    let json = said(&mut command).json();
    let of = |name: &str| {
        let all = json["inherited"].as_array().unwrap();
        all.iter()
            .find(|judged| judged["name"] == name)
            .map(|judged| (judged["class"].clone(), judged["verdict"].clone()))
    };
    for (name, _, class) in OTHERS {
        let verdict = if name == "AWS_PROFILE" { "allowed" } else { "dropped" };
        assert_eq!(of(name), Some((class.into(), verdict.into())), "{name}");
    }
    for (name, _) in SUSPECTS {
        assert_eq!(of(name), Some(("suspect".into(), "passed".into())), "{name}");
    }
    assert!(HARMLESS.iter().all(|(name, _)| of(name).is_none()));
}

#[test]
fn report_81_a_profile_on_disk_is_out_of_sight() {
    let home = home();
    let child = run(
        &home,
        &["openai"],
        &["sh", "-c", "ls -A \"$ANTHROPIC_CONFIG_DIR\" | wc -l; touch \"$ANTHROPIC_CONFIG_DIR/x\""],
    );
    assert_eq!(child.out.trim(), "0", "{}", child.err);
    // Whoever may write anywhere has put something there: the next child is not given that.
    let folder = home.path().join("empty");
    if folder.join("x").exists() {
        run(&home, &["openai"], &["true"]).failed(125, "has something in it");
    }
}

#[test]
fn report_81_a_childs_own_calls_mean_the_store_and_the_profile_of_the_run_around_it() {
    let (home, other) = (home(), Home::new());
    let ours = env!("CARGO_BIN_EXE_credlatch");
    assert_eq!(home.feed(&["set", "openai", "--profile", "work"], "sk-proj-of-work-0123456789").status, 0);
    other.set("openai", "sk-proj-of-the-other-store-0123456789");
    let path = home.path().to_str().unwrap().to_owned();
    let store = format!("file://{path}");
    for named in [["--home", path.as_str()], ["--store", store.as_str()]] {
        for options in [&[][..], &["--strict"]] {
            let args = [&["run", "minimax"], &named[..], options, &["--", ours, "token", "openai"]].concat();
            let mut command = other.command(&args);
            if named[0] == "--store" {
                command.env_remove("CREDLATCH_HOME");
            }
            let told = said(command.env("CREDLATCH_PROFILE", "default"));
            assert_eq!(told.out.trim(), OPENAI, "{named:?} {options:?} {}", told.err);
        }
    }
    // A store that is named goes before those that `run` hands on, in a child and anywhere.
    let (path, away) = (other.path().display().to_string(), format!("file://{}", home.path().display()));
    for named in [["--home", path.as_str()], ["--store", &format!("file://{path}")]] {
        for inherited in [&[("CREDLATCH_STORE", away.as_str())][..], &[("CREDLATCH_HOME", &away[7..])]] {
            let mut command = home.command(&[&named[..], &["token", "openai"]].concat());
            let told = said(command.env_remove("CREDLATCH_HOME").envs(inherited.iter().copied()));
            assert_eq!(
                told.out.trim(),
                "sk-proj-of-the-other-store-0123456789",
                "{named:?} {inherited:?} {}",
                told.err
            );
        }
    }
    assert_eq!(home.feed(&["set", "minimax", "--profile", "work"], KEY).status, 0);
    assert_eq!(home.say(&["allow", "--profile", "work", "CREDLATCH_PROFILE"]).status, 0);
    let args = ["run", "minimax", "--profile", "work", "--", ours, "token", "openai"];
    let told = said(home.command(&args).env("CREDLATCH_PROFILE", "default"));
    assert_eq!(told.out.trim(), "sk-proj-of-work-0123456789", "{}", told.err);
}
