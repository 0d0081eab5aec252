//! `run`: what the child sees, and how it ends.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;

use super::helper::{Home, Said, said};
use super::programs::copy_program;
use super::pty::Terminal;

const KEY: &str = "sk-cp-test-0123456789abcdef";
const INHERITED: [(&str, &str); 4] = [
    ("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-inherited-0001"),
    ("ANTHROPIC_API_KEY", "sk-ant-api03-inherited-0002"),
    ("ANTHROPIC_BASE_URL", "https://gateway.example"),
    ("OPENAI_API_KEY", "sk-proj-inherited-0003"),
];

/// Runs `env` as a child, with the inherited variables around.
fn child_env(home: &Home, args: &[&str]) -> Said {
    said(home.command(&[&["run"], args, &["--", "env"]].concat()).envs(INHERITED))
}

fn value<'a>(env: &'a str, name: &str) -> Option<&'a str> {
    env.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn report_81_an_inherited_claude_token_does_not_reach_a_child_of_minimax() {
    let home = Home::new();
    home.set("minimax", KEY);
    for provider in ["minimax", "MiniMax", " minimax "] {
        let child = child_env(&home, &[provider]);
        assert_eq!(child.status, 0, "{}", child.err);
        assert_eq!(value(&child.out, "MINIMAX_API_KEY"), Some(KEY));
        for (name, secret) in INHERITED {
            assert_eq!(value(&child.out, name), None);
            assert!(!child.out.contains(secret));
        }
    }
}

#[test]
fn report_81_the_key_goes_into_the_shape_that_the_child_reads() {
    let home = Home::new();
    home.set("minimax", KEY);
    let child = child_env(&home, &["minimax", "--as", "anthropic"]);
    assert_eq!(value(&child.out, "ANTHROPIC_BASE_URL"), Some("https://api.minimax.io/anthropic"));
    assert_eq!(value(&child.out, "ANTHROPIC_AUTH_TOKEN"), Some(KEY));
    for name in ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MINIMAX_API_KEY"] {
        assert_eq!(value(&child.out, name), None, "{name}");
    }
}

#[test]
fn report_81_a_missing_key_is_an_error_though_one_is_inherited() {
    let home = Home::new();
    let started = home.folder().join("started");
    let mut command = home.command(&["run", "openai", "--", "touch", started.to_str().unwrap()]);
    let refused = said(command.envs(INHERITED));
    refused.failed(3, "no openai credential is stored");
    assert!(refused.err.contains("`credlatch set openai`") && refused.err.contains("`credlatch import env`"));
    assert!(!started.exists());
}

#[test]
fn report_81_a_token_hidden_in_another_variable_is_found() {
    let home = Home::new();
    home.set("minimax", KEY);
    let mut command = home.command(&["run", "minimax", "--", "env"]);
    let child = said(command.env("ANTHROPIC_AUTH_TOKEN", INHERITED[0].1).env("MY_NOTE", INHERITED[0].1));
    assert!(!child.out.contains(INHERITED[0].1), "{}", child.out);
}

#[test]
fn the_childs_own_status_passes_through() {
    let home = Home::new();
    home.set("minimax", KEY);
    for status in [0, 1, 2, 3, 77] {
        let script = format!("exit {status}");
        assert_eq!(home.say(&["run", "minimax", "--", "sh", "-c", &script]).status, status);
    }
    let killed = home.command(&["run", "minimax", "--", "sh", "-c", "kill -TERM $$"]).output().unwrap();
    assert_eq!(killed.status.signal(), Some(15));
}

#[test]
fn the_child_takes_the_place_of_the_command() {
    let home = Home::new();
    home.set("minimax", KEY);
    let child = home.command(&["run", "minimax", "--", "sh", "-c", "echo $$"]).spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), pid.to_string());
}

#[test]
fn what_cannot_be_started_has_statuses_of_its_own() {
    let home = Home::new();
    home.set("minimax", KEY);
    let (written, file) = (home.folder().join("written"), home.folder().join("script"));
    std::fs::write(&written, "#!/no/such/interpreter\n").unwrap();
    copy_program(&written, &file);
    let file = file.to_str().unwrap();
    home.say(&["run", "minimax", "--", "no-such-program"]).failed(127, "`no-such-program`");
    home.say(&["run", "minimax", "--", file]).failed(126, "could not be started");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    home.say(&["run", "minimax", "--", file]).failed(127, "interpreter");
    home.say(&["run", "minimax", "--", "/"]).failed(126, "could not be started");
    home.say(&["run", "minmax", "--", "env"]).failed(125, "did you mean `minimax`?");
    home.say(&["run", "minimax"]).failed(125, "<COMMAND>");
    home.say(&["run", "minimax", "env"]).failed(125, "comes after `--`");
    let secret = home.say(&["run", "minimax", "--", "sk-ant-api03-lost-its-way-0123456789"]);
    secret.failed(127, "what stands after `--`");
}

#[test]
fn programs_that_would_use_their_own_login_are_refused_with_the_remedy() {
    let home = Home::new();
    home.set("minimax", KEY);
    home.say(&["run", "minimax", "--", "claude"]).failed(125, "add `--as anthropic`");
    home.say(&["run", "minimax", "--", "/opt/bin/codex"]).failed(125, "add `--as openai`");
    home.say(&["run", "minimax", "--as", "anthropic", "--", "opencode"]).failed(125, "leave out `--as anthropic`");
    home.say(&["run", "minimax", "--", "opencode"]).failed(127, "`opencode`");
    // With what they need they are started, or would be if they were here.
    home.say(&["run", "minimax", "--as", "anthropic", "--", "claude"]).failed(127, "`claude`");

    let codex = home.folder().join("codex");
    std::fs::create_dir(&codex).unwrap();
    let args = ["run", "minimax", "--as", "openai", "--", "codex", "exec", "hi"];
    let refused = said(home.command(&args).env("CODEX_HOME", &codex));
    assert!(refused.status == 125 && refused.err.contains("put these lines into config.toml"), "{}", refused.err);
    let recipe: String =
        refused.err.lines().take_while(|line| !line.starts_with("credlatch: ")).collect::<Vec<_>>().join("\n");
    std::fs::write(codex.join("config.toml"), recipe).unwrap();
    said(home.command(&args).env("CODEX_HOME", &codex)).failed(127, "`codex`");
}

#[test]
fn what_merely_looks_like_a_credential_is_passed_on_and_named() {
    let home = Home::new();
    home.set("minimax", KEY);
    let run = |options: &[&str]| {
        let args = [&["run", "minimax"], options, &["--", "env"]].concat();
        said(home.command(&args).env("ACME_API_KEY", "acme-1").env("EDITOR", "vi"))
    };
    let child = run(&[]);
    assert_eq!(value(&child.out, "ACME_API_KEY"), Some("acme-1"));
    assert!(child.err.contains("ACME_API_KEY") && !child.err.contains("acme-1"), "{}", child.err);

    assert_eq!(run(&["--allow", "ACME_API_KEY"]).err, "", "what is allowed by name is meant");

    let strict = run(&["--strict"]);
    assert_eq!(value(&strict.out, "ACME_API_KEY"), None);
    assert_eq!(value(&strict.out, "EDITOR"), Some("vi"));
    assert!(strict.err.contains("not passed on: ACME_API_KEY\n") && !strict.err.contains("acme-1"), "{}", strict.err);

    assert_eq!(value(&run(&["--strict", "--allow", "ACME_API_KEY"]).out, "ACME_API_KEY"), Some("acme-1"));
}

#[test]
fn a_token_that_would_not_last_is_not_given_to_a_child() {
    let home = Home::new();
    let token = r#"{"access_token":"sk-ant-oat01-test-0123456789","expires_in":600}"#;
    assert_eq!(home.feed(&["set", "anthropic", "--kind", "oauth"], token).status, 0);
    assert_eq!(home.say(&["run", "anthropic", "--min-ttl", "300", "--", "true"]).status, 0);
    home.say(&["run", "anthropic", "--min-ttl", "3600", "--", "true"]).failed(125, "sooner than asked for");
}

#[test]
fn env_shows_names_and_no_values() {
    let home = Home::new();
    home.set("minimax", KEY);
    let mut command = home.command(&["env", "minimax"]);
    let Some(terminal) = Terminal::start(command.envs(INHERITED).env("ACME_TOKEN", "acme-1"), 80) else { return };
    let (_, text) = terminal.end();
    assert!(text.contains("MINIMAX_API_KEY") && text.contains("CLAUDE_CODE_OAUTH_TOKEN"), "{text}");
    let json = said(home.command(&["env", "minimax", "--json"]).envs(INHERITED).env("ACME_TOKEN", "acme-1")).json();
    assert_eq!(json["provider"], "minimax");
    assert_eq!(json["set"], serde_json::json!(["MINIMAX_API_KEY"]));
    let names = INHERITED.map(|(name, _)| name);
    let dropped: Vec<_> = json["dropped"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.iter().all(|name| dropped.contains(name)), "{dropped:?}");
    assert_eq!(json["warned"], serde_json::json!(["ACME_TOKEN"]));
}

#[test]
fn a_shell_gets_nothing_of_env_to_evaluate() {
    let home = Home::new();
    home.set("minimax", KEY);
    let refused = home.say(&["env", "minimax"]);
    refused.failed(2, "names of variables");
    assert!(refused.err.contains("`credlatch run minimax -- PROGRAM`"), "{}", refused.err);
}

#[test]
fn a_min_ttl_of_any_number_is_an_answer_and_never_a_panic() {
    let home = Home::new();
    home.set("minimax", KEY);
    let far = u64::MAX.to_string();
    assert_eq!(home.say(&["run", "minimax", "--min-ttl", &far, "--", "true"]).status, 0, "a key has no end");
    for lifetime in ["600", &far, "1e300", "-1", "\"18446744073709551615\""] {
        let token = format!(r#"{{"access_token":"sk-ant-oat01-test-0123456789","expires_in":{lifetime}}}"#);
        if home.feed(&["set", "anthropic", "--kind", "oauth"], &token).status != 0 {
            continue;
        }
        for ttl in ["0", "1", "9223372036854775807", "9223372036854775808", &far] {
            let run = home.say(&["run", "anthropic", "--min-ttl", ttl, "--", "true"]);
            assert!([0, 125].contains(&run.status), "{lifetime} {ttl}: {}", run.err);
        }
        for args in [&["token", "anthropic"][..], &["token", "anthropic", "--json"], &["status"], &["doctor"]] {
            let said = home.say(args);
            assert!(said.status < 10 && !said.err.contains("panicked"), "{lifetime} {args:?}: {}", said.err);
        }
    }
}

#[test]
fn what_strict_leaves_out_is_named_in_one_line() {
    let home = Home::new();
    home.set("minimax", KEY);
    let strict = |more: &[&str]| {
        let mut command = home.command(&[&["run", "minimax", "--strict"], more, &["--", "env"]].concat());
        let vars = [("HTTPS_PROXY", "http://me:pw@proxy.example:3128"), ("HTTP_PROXY", "http://proxy.example:3128")];
        said(command.envs(vars).env("MY_SETTING", "1").env("DB_PASSWORD", "hush").envs(INHERITED))
    };
    let told = strict(&[]);
    let lines: Vec<&str> = told.err.lines().filter(|line| line.contains("not passed on: ")).collect();
    let [line] = lines[..] else { panic!("{}", told.err) };
    for name in ["HTTPS_PROXY", "MY_SETTING", "DB_PASSWORD", "ANTHROPIC_API_KEY"] {
        assert_eq!((line.contains(name), value(&told.out, name)), (true, None), "{name} {line}");
    }
    for kept in ["HTTP_PROXY,", "PATH", "CREDLATCH"] {
        assert!(!line.contains(kept), "{kept} {line}");
    }
    assert!(value(&told.out, "HTTP_PROXY").is_some());
    assert!(!told.err.contains("pw@") && !told.err.contains("hush"), "{}", told.err);
    assert_eq!(strict(&["-q"]).err, "");
    let allowed = strict(&["--allow", "HTTPS_PROXY"]);
    assert!(value(&allowed.out, "HTTPS_PROXY").is_some() && !allowed.err.contains("not passed on: HTTPS_PROXY"));
}
