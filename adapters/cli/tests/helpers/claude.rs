//! Claude Code's `apiKeyHelper`: what the helper hands out in the environment that Claude Code would give it.

use crate::helper::{Home, Said, said};

const KEY: &str = "sk-ant-api03-stored-0123456789";

fn asked(home: &Home, provider: &str, vars: &[(&str, &str)]) -> Said {
    said(home.command(&["helper", "claude", provider]).envs(vars.iter().copied()))
}

fn home() -> Home {
    let home = Home::new();
    home.set("anthropic", KEY);
    home.set("minimax", "sk-cp-stored-0123456789");
    home
}

#[test]
fn claude_code_gets_the_key_where_it_asks_the_provider() {
    let home = home();
    for vars in [&[][..], &[("ANTHROPIC_BASE_URL", "https://api.anthropic.com")], &[("ANTHROPIC_BASE_URL", "")]] {
        assert_eq!(asked(&home, "anthropic", vars).out, format!("{KEY}\n"), "{vars:?}");
    }
    let minimax = asked(&home, "minimax", &[("ANTHROPIC_BASE_URL", "https://api.minimax.io/anthropic")]);
    assert_eq!(minimax.out, "sk-cp-stored-0123456789\n");
}

/// Two recipes of the guide together: each by itself is right.
#[test]
fn failure_47_the_helpers_key_does_not_go_to_another_provider() {
    let home = home();
    let elsewhere = asked(&home, "anthropic", &[("ANTHROPIC_BASE_URL", "https://api.minimax.io/anthropic")]);
    assert!(elsewhere.status != 0 && elsewhere.out.is_empty(), "{}", elsewhere.out);
    assert!(elsewhere.err.contains("api.minimax.io is not a host of anthropic"), "{}", elsewhere.err);
    let unnamed = asked(&home, "minimax", &[]);
    assert!(unnamed.status != 0 && unnamed.out.is_empty(), "Claude Code would ask Anthropic: {}", unnamed.out);

    let mut command = home.command(&["run", "minimax", "--as", "anthropic", "--", env!("CARGO_BIN_EXE_credlatch")]);
    let planned = said(command.args(["helper", "claude", "anthropic"]));
    assert!(planned.status != 0 && planned.out.is_empty(), "{}", planned.out);
    assert!(planned.err.contains("ANTHROPIC_AUTH_TOKEN"), "{}", planned.err);
}

#[test]
fn failure_47_nothing_is_handed_out_beside_another_credential_or_for_a_cloud() {
    let home = home();
    for name in [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_WHAT_COMES_NEXT",
        "CLAUDE_CODE_API_BASE_URL",
        "ANTHROPIC_UNIX_SOCKET",
        "ANTHROPIC_CUSTOM_HEADERS",
    ] {
        let refused = asked(&home, "anthropic", &[(name, "1")]);
        assert!(refused.status != 0 && refused.out.is_empty(), "{name}: {}", refused.out);
        assert!(refused.err.contains(name), "{}", refused.err);
    }
}

#[test]
fn what_stands_in_for_a_key_is_not_handed_out() {
    let home = Home::new();
    let none = asked(&home, "ollama", &[("ANTHROPIC_BASE_URL", "http://127.0.0.1:11434/v1")]);
    assert!(none.status != 0 && none.out.is_empty(), "{}", none.out);
}

#[test]
fn a_login_is_not_given_as_a_key() {
    let home = Home::new();
    let login = r#"{"access_token":"sk-ant-oat01-stored-0123456789","expires_in":3600}"#;
    assert_eq!(home.feed(&["set", "anthropic", "--kind", "oauth"], login).status, 0);
    let refused = asked(&home, "anthropic", &[]);
    assert!(refused.status != 0 && refused.out.is_empty(), "{}", refused.out);
    assert!(refused.err.contains("`credlatch run anthropic -- claude`"), "{}", refused.err);
}

#[test]
fn failure_47_in_a_run_for_another_provider_nothing_is_handed_out() {
    let home = home();
    for args in [&["run", "minimax"][..], &["run", "minimax", "--as", "openai"]] {
        let ours = env!("CARGO_BIN_EXE_credlatch");
        let refused = said(&mut home.command(&[args, &["--", ours, "helper", "claude", "anthropic"]].concat()));
        assert!(refused.status != 0 && refused.out.is_empty(), "{}", refused.out);
        assert!(refused.err.contains("was started for minimax"), "{}", refused.err);
    }
}
