//! Report 81: a token that was lying around wins over the provider that was configured, and the wrong account pays.

use super::*;

const CLAUDE: &str = "CLAUDE_CODE_OAUTH_TOKEN";
const OAUTH: &str = "sk-ant-oat01-claude";

fn normalised(pairs: &[(&str, &str)], configured: &str) -> Normalised {
    normalise(env(pairs), &built_in(), configured).unwrap()
}

/// Those pairs of the result that are set, as `NAME=value`, sorted.
fn left(result: &Normalised) -> Vec<String> {
    let text = |s: &OsString| s.to_str().unwrap().to_owned();
    let mut left: Vec<_> = result.env.iter().map(|(name, value)| text(name) + "=" + &text(value)).collect();
    left.sort();
    left
}

fn moves(result: &Normalised) -> Vec<(&str, &str)> {
    result.moved.iter().map(|moved| (moved.from.as_str(), moved.to.as_str())).collect()
}

#[test]
fn report_81_an_empty_environment_needs_nothing_done() {
    let result = normalised(&[], "minimax");
    assert!(!result.is_changed());
    assert!(result.env.is_empty());
}

#[test]
fn report_81_an_inherited_claude_token_is_dropped_for_another_provider() {
    for (configured, own) in
        [("minimax", "MINIMAX_API_KEY"), ("MiniMax", "MINIMAX_API_KEY"), ("openai", "OPENAI_API_KEY")]
    {
        let result = normalised(&[(CLAUDE, OAUTH), (own, "k-1")], configured);
        assert_eq!(result.dropped, [CLAUDE], "{configured}");
        assert_eq!(left(&result), [format!("{own}=k-1")], "{configured}");
        assert_eq!(result.missing, None);
    }
}

#[test]
fn report_81_a_claude_token_is_kept_for_anthropic_by_any_name() {
    for configured in ["anthropic", "claude", "Claude-Code", " CLAUDE "] {
        let result = normalised(&[(CLAUDE, OAUTH)], configured);
        assert_eq!(result.kept, [CLAUDE], "{configured}");
        assert!(!result.is_changed());
    }
}

#[test]
fn report_81_a_missing_key_is_a_loud_error_and_there_is_no_plan() {
    let result = normalised(&[(CLAUDE, OAUTH)], "minimax");
    let missing = result.missing.expect("a Claude token is no substitute");
    assert!(missing.to_string().contains("MINIMAX_API_KEY"), "{missing}");
    assert!(missing.remedy().contains("credlatch set minimax"), "{missing}");

    let table = built_in();
    let targets = &[Target { provider: table.resolve("minimax").unwrap(), credential: None, shape: Shape::Own }];
    let parent = env(&[(CLAUDE, OAUTH), ("MINIMAX_API_KEY", "inherited")]);
    let inheritance = &Inheritance::default();
    let got = plan(parent, &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None });
    assert_eq!(got, Err(PlanError::Missing(missing)));
}

#[test]
fn report_81_a_second_application_changes_nothing() {
    let messy = [
        (CLAUDE, " sk-ant-api03-swapped "),
        ("ANTHROPIC_API_KEY", "sk-ant-oat01-swapped"),
        ("ANTHROPIC_BASE_URL", "https://evil.example"),
        ("OPENAI_API_KEY", "k"),
    ];
    let once = normalised(&messy, "claude");
    let twice = normalise(once.env.clone(), &built_in(), "claude").unwrap();
    assert!(once.is_changed() && !twice.is_changed());
    assert_eq!(twice.env, once.env);
}

#[test]
fn report_81_white_space_is_stripped() {
    let result = normalised(&[("MINIMAX_API_KEY", " k-1\n"), ("PATH", " a ")], "minimax");
    assert_eq!(left(&result), ["MINIMAX_API_KEY=k-1", "PATH= a "]);
    assert_eq!(result.trimmed, ["MINIMAX_API_KEY"]);
}

#[test]
fn report_81_a_hijacked_base_url_is_refused() {
    for url in [
        "https://proxy.anthropic.com.evil.example/",
        "https://api.anthropic.com@evil.example/",
        "http://api.anthropic.com",
        "https://api.minimax.io/anthropic",
        "evil",
    ] {
        let result = normalised(&[(CLAUDE, OAUTH), ("ANTHROPIC_BASE_URL", url)], "anthropic");
        assert_eq!(result.refused, ["ANTHROPIC_BASE_URL"], "{url}");
        assert_eq!(left(&result), [format!("{CLAUDE}={OAUTH}")], "{url}");
    }
    let native = normalised(&[(CLAUDE, OAUTH), ("ANTHROPIC_BASE_URL", "https://api.anthropic.com")], "anthropic");
    assert!(!native.is_changed());
}

#[test]
fn report_81_a_strangers_base_url_is_dropped() {
    let pairs =
        [("MINIMAX_API_KEY", "k-1"), ("ANTHROPIC_BASE_URL", "https://api.anthropic.com"), ("X", "https://api.x.ai")];
    let result = normalised(&pairs, "minimax");
    assert_eq!(result.dropped, ["ANTHROPIC_BASE_URL", "X"]);
    assert_eq!(left(&result), ["MINIMAX_API_KEY=k-1"]);
}

#[test]
fn report_81_a_token_in_the_bearer_variable_is_moved_by_what_it_is() {
    let result = normalised(&[("ANTHROPIC_AUTH_TOKEN", OAUTH)], "anthropic");
    assert_eq!(moves(&result), [("ANTHROPIC_AUTH_TOKEN", CLAUDE)]);
    assert_eq!(left(&result), [format!("{CLAUDE}={OAUTH}")]);

    let result = normalised(&[("ANTHROPIC_AUTH_TOKEN", "sk-ant-api03-k")], "anthropic");
    assert_eq!(moves(&result), [("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")]);

    // What is in its place already is not overwritten.
    let result = normalised(&[("ANTHROPIC_AUTH_TOKEN", OAUTH), (CLAUDE, "sk-ant-oat01-first")], "anthropic");
    assert_eq!(
        (left(&result), result.dropped),
        (vec![format!("{CLAUDE}=sk-ant-oat01-first")], vec!["ANTHROPIC_AUTH_TOKEN".to_owned()])
    );
}

#[test]
fn report_81_an_unknown_bearer_token_is_warned_of_and_never_follows_a_refused_address() {
    let result = normalised(&[("ANTHROPIC_AUTH_TOKEN", "unknown")], "anthropic");
    assert_eq!(result.warned, ["ANTHROPIC_AUTH_TOKEN"]);
    assert_eq!(left(&result), ["ANTHROPIC_AUTH_TOKEN=unknown"]);

    let with_proxy = [("ANTHROPIC_AUTH_TOKEN", "unknown"), ("ANTHROPIC_BASE_URL", "https://proxy.example")];
    let result = normalised(&with_proxy, "anthropic");
    assert!(left(&result).is_empty() && result.missing.is_some());
}

#[test]
fn report_81_a_proxy_token_needs_its_base_url() {
    let alone = normalised(&[("ANTHROPIC_AUTH_TOKEN", "sk-cp-1")], "minimax");
    assert_eq!(
        (alone.dropped, alone.needs),
        (vec!["ANTHROPIC_AUTH_TOKEN".to_owned()], vec!["ANTHROPIC_BASE_URL".to_owned()])
    );
    assert!(alone.missing.is_some());

    let url = ("ANTHROPIC_BASE_URL", "https://api.minimax.io/anthropic");
    let whole = normalised(&[("ANTHROPIC_AUTH_TOKEN", "sk-cp-1"), url], "minimax");
    assert!(!whole.is_changed() && whole.missing.is_none());
    assert_eq!(whole.env.len(), 2);
}

#[test]
fn report_81_a_claude_token_in_the_bearer_variable_does_not_reach_minimax() {
    let url = ("ANTHROPIC_BASE_URL", "https://api.minimax.io/anthropic");
    for pairs in [&[("ANTHROPIC_AUTH_TOKEN", OAUTH), url][..], &[("ANTHROPIC_AUTH_TOKEN", OAUTH)][..]] {
        let result = normalised(pairs, "minimax");
        assert_eq!(result.dropped, ["ANTHROPIC_AUTH_TOKEN"]);
        assert!(result.missing.is_some());
    }
}

#[test]
fn report_81_an_inherited_anthropic_key_does_not_reach_minimax() {
    for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_TOKEN", "anthropic_api_key", "MINIMAX_API_KEY", "ANYTHING"] {
        let result = normalised(&[(name, "sk-ant-api03-k")], "minimax");
        assert_eq!(result.dropped, [name]);
        assert!(left(&result).is_empty() && result.missing.is_some(), "{name}");
    }
}

#[test]
fn report_81_what_cannot_be_a_credential_is_dropped_as_missing() {
    for value in ["", "  ", "***", "a\nb"] {
        let result = normalised(&[("MINIMAX_API_KEY", value)], "minimax");
        assert!(left(&result).is_empty() && result.missing.is_some(), "{value:?}");
    }
    assert!(normalise(Env::new(), &built_in(), "nobody").is_err());
}
